import type { Machine } from './machines.ts';
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
const weightings = quarters();

/**
 * Whatever the weights of its three resources are, what fits on the machine is worth no more than the densest
 * items that fill the weighted sum, the last in part (the surrogate relaxation of a knapsack).
 */
export function prepareKnapsack(options: {
  readonly rules: PatternRules;
  readonly machine: Machine;
  readonly allowed: readonly number[];
  readonly prices: Prices;
  /** Only the best is wanted: what is worth nothing, and excuses nothing, may be left out. */
  readonly onlyBetter: boolean;
}): Knapsack {
  const { rules, machine, allowed, prices, onlyBetter } = options;
  const everywhere = new Map(rules.everywhere.map((one) => [one.block, one]));
  const excusing = new Set(
    [...rules.everywhere, ...rules.everywhereIfDeployed].flatMap(({ block, unless }) => [
      block,
      ...unless,
    ]),
  );
  const items = allowed.flatMap((block): KnapsackItem[] => {
    const needs = rules.blocks[block];
    if (needs === undefined) return [];
    const worth = needs.components.reduce((sum, one) => sum + prices.worth(one), 0);
    if (onlyBetter && worth <= 0 && !excusing.has(block)) return [];
    const fits =
      needs.cores <= machine.cores + least &&
      needs.memoryMb <= machine.memoryMb &&
      needs.storageGb <= machine.storageGb;
    const isMandatory = everywhere.has(block);
    if (!fits && !isMandatory) return [];
    const isAlwaysThere = everywhere.get(block)?.unless.size === 0;
    return [{ block, needs, worth, isMandatory, isAlwaysThere }];
  });
  const shares = items.map(({ needs }) => [
    needs.cores / machine.cores,
    needs.memoryMb / machine.memoryMb,
    needs.storageGb / Math.max(1, machine.storageGb),
  ]);

  let best: { order: number[]; weights: number[]; room: number; bound: number } | undefined;
  for (const weighting of weightings) {
    const weights = shares.map((share) =>
      share.reduce((sum, part, resource) => sum + part * (weighting[resource] ?? 0), least),
    );
    const room = 1 + least * items.length;
    const order = items
      .map((_, index) => index)
      .sort((a, b) => {
        const [one, other] = [items[a], items[b]];
        if (one === undefined || other === undefined) return 0;
        return (
          Number(other.isMandatory) - Number(one.isMandatory) ||
          other.worth / (weights[b] ?? 1) - one.worth / (weights[a] ?? 1) ||
          one.block - other.block
        );
      });
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
    if (best === undefined || bound < best.bound - least) best = { order, weights, room, bound };
  }
  const { order = [], weights = [], room = 0, bound = 0 } = best ?? {};
  return {
    items: order.flatMap((index) => items[index] ?? []),
    weights: order.map((index) => weights[index] ?? 0),
    room,
    bound,
  };
}

/** Every way to share out a whole among three in quarters. */
function quarters(): number[][] {
  const all: number[][] = [];
  for (let cores = 0; cores <= 4; cores += 1) {
    for (let memory = 0; memory <= 4 - cores; memory += 1) {
      all.push([cores / 4, memory / 4, (4 - cores - memory) / 4]);
    }
  }
  return all;
}
