import { lacks, type Block, type Pattern, type PatternRules } from './pattern-rules.ts';
import { holds, type Machine } from './machines.ts';
import type { Site } from './sites.ts';
import type { Deadline } from './solver.ts';

/** What the relaxed program says that a pattern is worth. */
export interface Prices {
  /** Of one more instance of a component (by index) in this datacentre. */
  readonly worth: (component: number) => number;
  /** Of a machine (by index), with what its scarcity adds. */
  readonly machine: (machine: number) => number;
  /** What is added where the full deployment of that index lacks its component; never negative. */
  readonly lacking: (everywhereIfDeployed: number) => number;
}

export interface PricedPattern extends Pattern {
  /** What a machine with this pattern costs more than what is on it is worth. */
  readonly reducedCost: number;
}

interface Item {
  readonly block: number;
  readonly needs: Block;
  readonly worth: number;
  readonly mandatory: boolean;
  /** Share of the machine that it takes up, by the weights of its three resources. */
  readonly weight: number;
}

/** Between two looks at the clock. */
const nodesPerLook = 1_024;
const epsilon = 1e-9;

/**
 * The patterns of one datacentre with a reduced cost below `below`, by branch and bound on each machine. With
 * `onlyBetter` each is better than all before it, and the last the best of all; without, all of them are
 * found, each on every machine that enumeratePatterns would name.
 *
 * @returns undefined when there are more than `most`, or the deadline came.
 */
export function pricePatterns(options: {
  readonly rules: PatternRules;
  readonly site: Site;
  readonly prices: Prices;
  readonly below: number;
  readonly onlyBetter: boolean;
  readonly most: number;
  readonly deadline: Deadline;
}): PricedPattern[] | undefined {
  const { rules, prices, onlyBetter, most, deadline } = options;
  const { machines, allowed, scarce } = options.site;
  const found: PricedPattern[] = [];
  let { below } = options;
  let nodes = 0;

  for (const [position, [index, machine]] of machines.entries()) {
    const price = prices.machine(index);
    const cheaper = machines.slice(0, position).filter(([other]) => !scarce.has(other));
    const items = sortItems(rules, machine, allowed, prices);
    const chosen = new Set<number>();
    const used = { cores: 0, memoryMb: 0, storageGb: 0 };

    const record = (worth: number): void => {
      if (chosen.size === 0 || rules.everywhere.some((one) => lacks(one, chosen))) return;
      // It is found on that machine, and no better here.
      if (cheaper.some(([, one]) => holds(one, used))) return;
      const surcharge = rules.everywhereIfDeployed.reduce(
        (sum, one, which) => sum + (lacks(one, chosen) ? prices.lacking(which) : 0),
        0,
      );
      const reducedCost = price + surcharge - worth;
      if (reducedCost >= below) return;
      const components = [...chosen].flatMap((block) => rules.blocks[block]?.components ?? []);
      found.push({
        machine: index,
        components: components.sort((a, b) => a - b),
        reducedCost,
      });
      if (onlyBetter) below = reducedCost;
    };
    /** Most that the items from here on can be worth in this room: the densest first, the last in part. */
    const mostWorth = (from: number, left: number): number => {
      let worth = 0;
      let space = left;
      for (let at = from; at < items.list.length; at += 1) {
        const item = items.list[at];
        if (item === undefined || item.worth <= 0) continue;
        if (item.mandatory || item.weight <= space) {
          worth += item.worth;
          // Mandatory items are not sorted by density: they count wholly, and take no room from others.
          if (!item.mandatory) space -= item.weight;
        } else {
          return worth + (item.worth * Math.max(0, space)) / item.weight;
        }
      }
      return worth;
    };
    const visit = (at: number, worth: number, left: number): boolean => {
      nodes += 1;
      if (nodes % nodesPerLook === 0 && deadline.isOver()) return false;
      if (found.length > most) return false;
      if (price - worth - mostWorth(at, left) >= below) return true;
      const item = items.list[at];
      if (item === undefined) {
        record(worth);
        return true;
      }
      const { block, needs } = item;
      used.cores += needs.cores;
      used.memoryMb += needs.memoryMb;
      used.storageGb += needs.storageGb;
      let within = true;
      if (
        (rules.shared || chosen.size === 0) &&
        holds(machine, used) &&
        ![...chosen].some((other) => rules.conflicts[block]?.has(other) === true)
      ) {
        chosen.add(block);
        within = visit(at + 1, worth + item.worth, left - item.weight);
        chosen.delete(block);
      }
      used.cores -= needs.cores;
      used.memoryMb -= needs.memoryMb;
      used.storageGb -= needs.storageGb;
      const mayLack =
        !item.mandatory ||
        rules.everywhere.some((one) => one.block === block && one.unless.size > 0);
      return within && (!mayLack || visit(at + 1, worth, left));
    };
    if (!visit(0, 0, items.room)) return undefined;
  }
  return found;
}

/** By worth for the room that it takes, under the weights of the resources that bound the worth best. */
function sortItems(
  rules: PatternRules,
  machine: Machine,
  allowed: readonly number[],
  prices: Prices,
): { list: Item[]; room: number } {
  const sizes = [machine.cores, machine.memoryMb, Math.max(1, machine.storageGb)] as const;
  const candidates = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 1, 1],
  ] as const;
  let best: { list: Item[]; room: number; bound: number } | undefined;
  for (const [cores, memory, storage] of candidates) {
    const list = allowed
      .flatMap((block): Item[] => {
        const needs = rules.blocks[block];
        if (needs === undefined) return [];
        return [
          {
            block,
            needs,
            worth: needs.components.reduce((sum, one) => sum + prices.worth(one), 0),
            mandatory: rules.everywhere.some((one) => one.block === block),
            weight:
              (cores * needs.cores) / sizes[0] +
              (memory * needs.memoryMb) / sizes[1] +
              (storage * needs.storageGb) / sizes[2] +
              epsilon,
          },
        ];
      })
      .sort(
        (a, b) =>
          Number(b.mandatory) - Number(a.mandatory) ||
          b.worth / b.weight - a.worth / a.weight ||
          a.block - b.block,
      );
    const room = cores + memory + storage + epsilon * list.length;
    let bound = 0;
    let left = room;
    for (const item of list) {
      if (item.worth <= 0 || left <= 0) continue;
      bound += item.worth * Math.min(1, left / item.weight);
      left -= item.weight;
    }
    if (best === undefined || bound < best.bound) best = { list, room, bound };
  }
  return best ?? { list: [], room: 0 };
}
