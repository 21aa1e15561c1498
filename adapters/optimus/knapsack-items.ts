import { holds, type Machine } from './machines.ts';
import type { Block, PatternRules } from './pattern-rules.ts';
import type { Prices } from './price-patterns.ts';

/** What may stand on a machine, in the order in which it is tried. */
export interface Knapsack {
  readonly items: readonly KnapsackItem[];
  /** By item: share of the machine that it takes up, its three resources weighted. */
  readonly weights: readonly number[];
  /** The weighted size of the machine. */
  readonly room: number;
  /** Nothing that fits on the machine is worth more. */
  readonly bound: number;
}

export interface KnapsackItem {
  readonly block: number;
  readonly needs: Block;
  readonly worth: number;
  /** Of a full deployment. */
  readonly isMandatory: boolean;
  /** Nothing excuses a machine without it. */
  readonly isAlwaysThere: boolean;
}

/** So that nothing has no weight. */
const least = 1e-9;
/** Weights of cores, memory and storage. Each set gives a bound; the best one is taken. */
const weightings = [[1, 0, 0], [0, 1, 0], [0, 0, 1], ...quarters()];

/** What may stand in a datacentre, and what it is worth there. */
export function pricedItems(options: {
  readonly rules: PatternRules;
  readonly allowed: readonly number[];
  readonly prices: Prices;
  /** Only the best is wanted: what is worth nothing, and excuses nothing, may be left out. */
  readonly onlyBetter: boolean;
}): KnapsackItem[] {
  const { rules, allowed, prices, onlyBetter } = options;
  const everywhere = new Map(rules.everywhere.map((one) => [one.block, one]));
  const excusing = new Set(
    [...rules.everywhere, ...rules.everywhereIfDeployed].flatMap(({ block, unless }) => [
      block,
      ...unless,
    ]),
  );
  return allowed.flatMap((block): KnapsackItem[] => {
    const needs = rules.blocks[block];
    if (needs === undefined) return [];
    const worth = needs.components.reduce((sum, one) => sum + prices.worth(one), 0);
    if (onlyBetter && worth <= 0 && !excusing.has(block)) return [];
    const isAlwaysThere = everywhere.get(block)?.unless.size === 0;
    return [{ block, needs, worth, isMandatory: everywhere.has(block), isAlwaysThere }];
  });
}

/**
 * Whatever the weights of its three resources are, what fits on the machine is worth no more than the densest
 * items that fill the weighted sum, the last in part (the surrogate relaxation of a knapsack).
 *
 * @param enough no better bound is looked for below this.
 */
export function prepareKnapsack(
  machine: Machine,
  candidates: readonly KnapsackItem[],
  enough: number,
): Knapsack {
  const items = candidates.filter(({ needs, isMandatory }) => isMandatory || holds(machine, needs));
  const room = 1 + least * items.length;
  let best = {
    order: items.map((_, index) => index),
    weights: items.map(() => least),
    bound: items.reduce((sum, { worth }) => sum + Math.max(0, worth), 0),
  };
  for (const [cores = 0, memory = 0, storage = 0] of weightings) {
    if (best.bound <= enough) break;
    const weights = items.map(
      ({ needs }) =>
        least +
        (cores * needs.cores) / machine.cores +
        (memory * needs.memoryMb) / machine.memoryMb +
        (storage * needs.storageGb) / Math.max(1, machine.storageGb),
    );
    const densities = items.map(({ worth, isMandatory }, index) =>
      isMandatory ? Number.MAX_VALUE : worth / (weights[index] ?? 1),
    );
    const order = items
      .map((_, index) => index)
      .sort((a, b) => (densities[b] ?? 0) - (densities[a] ?? 0) || a - b);
    let bound = 0;
    let left = room;
    for (const index of order) {
      const { worth = 0, isMandatory = false } = items[index] ?? {};
      const weight = weights[index] ?? 1;
      if (worth <= 0) continue;
      if (isMandatory) bound += worth;
      else if (left > 0) {
        bound += worth * Math.min(1, left / weight);
        left -= weight;
      }
    }
    if (bound < best.bound - least) best = { order, weights, bound };
  }
  return {
    items: best.order.flatMap((index) => items[index] ?? []),
    weights: best.order.map((index) => best.weights[index] ?? 0),
    room,
    bound: best.bound,
  };
}

/** Every way to share out a whole among three or two in quarters. */
function quarters(): number[][] {
  const all: number[][] = [];
  for (let cores = 0; cores <= 4; cores += 1) {
    for (let memory = 0; memory <= 4 - cores; memory += 1) {
      const parts = [cores / 4, memory / 4, (4 - cores - memory) / 4];
      if (!parts.includes(1)) all.push(parts);
    }
  }
  return all;
}
