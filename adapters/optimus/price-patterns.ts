import {
  prepareKnapsack,
  pricedItems,
  type Knapsack,
  type KnapsackItem,
} from './knapsack-items.ts';
import { holds, runs, type Demand, type Machine } from './machines.ts';
import { lacks, type Pattern, type PatternRules } from './pattern-rules.ts';
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

export interface PricingOptions {
  readonly rules: PatternRules;
  readonly site: Site;
  readonly prices: Prices;
  readonly below: number;
  /** Each is to be better than all before it; the last is the best of all. */
  readonly onlyBetter: boolean;
  /** Patterns after which the search is given up. */
  readonly most: number;
  /** Nodes of the search after which it is given up. */
  readonly mostNodes?: number;
  readonly deadline: Deadline;
}

/** Between two looks at the clock. */
const nodesPerLook = 4_096;

/**
 * The patterns of one datacentre with a reduced cost below `below`, by branch and bound on each machine: all
 * of them, each on every machine that enumeratePatterns would name, or with `onlyBetter` ever better ones.
 *
 * @returns `isComplete`: the search was not given up, so that there are no others.
 */
export function pricePatterns(options: PricingOptions): {
  readonly found: PricedPattern[];
  readonly isComplete: boolean;
} {
  const { rules, site, prices, onlyBetter, most, deadline } = options;
  const mostNodes = options.mostNodes ?? Number.POSITIVE_INFINITY;
  const found: PricedPattern[] = [];
  let { below } = options;
  let nodes = 0;

  const items = pricedItems({ rules, allowed: site.allowed, prices, onlyBetter });
  const knapsacks = site.machines
    .map(([index, machine], position) => {
      const price = prices.machine(index);
      const knapsack = prepareKnapsack(machine, items, price - below);
      return { index, machine, position, price, knapsack };
    })
    .filter(({ price, knapsack }) => price - knapsack.bound < below)
    // The most promising first: what is found there shuts out most of the others.
    .sort(
      (a, b) =>
        a.price - a.knapsack.bound - (b.price - b.knapsack.bound) || a.position - b.position,
    );

  for (const { index, machine, position, price, knapsack } of knapsacks) {
    if (price - knapsack.bound >= below) continue;
    const cheaper = site.machines
      .slice(0, position)
      .filter(([other]) => !site.scarce.has(other))
      .map(([, one]) => one);
    const isOver = !search(knapsack, machine, price, (blocks, used, worth) => {
      if (rules.everywhere.some((one) => lacks(one, blocks))) return;
      // It is found on that machine, and no better here.
      if (cheaper.some((one) => holds(one, used))) return;
      const surcharge = rules.everywhereIfDeployed.reduce(
        (sum, one, which) => sum + (lacks(one, blocks) ? prices.lacking(which) : 0),
        0,
      );
      const reducedCost = price + surcharge - worth;
      if (reducedCost >= below) return;
      const components = [...blocks].flatMap((block) => rules.blocks[block]?.components ?? []);
      found.push({ machine: index, components: components.sort((a, b) => a - b), reducedCost });
      if (onlyBetter) below = reducedCost;
    });
    if (isOver) return { found, isComplete: false };
  }
  return { found, isComplete: true };

  /** Depth first, what is densest in worth first; false when the search is given up. */
  function search(
    { items, weights, room }: Knapsack,
    machine: Machine,
    price: number,
    record: (blocks: ReadonlySet<number>, used: Demand, worth: number) => void,
  ): boolean {
    const chosen = new Set<number>();
    const used = {
      cores: 0,
      memoryMb: 0,
      storageGb: 0,
      gpus: 0,
      os: undefined as string | undefined,
    };
    /** By block: how many of those chosen it shares no machine with. */
    const blocked = new Int32Array(rules.blocks.length);

    const mayJoin = ({ block, needs }: KnapsackItem): boolean =>
      blocked[block] === 0 &&
      used.cores + needs.cores <= machine.cores + 1e-9 &&
      used.memoryMb + needs.memoryMb <= machine.memoryMb &&
      used.storageGb + needs.storageGb <= machine.storageGb &&
      used.gpus + needs.gpus <= machine.gpus &&
      runs(machine, needs.os);

    /** Most that the items from here on can add: the densest first, the last in part. */
    const mostWorth = (from: number, left: number): number => {
      let worth = 0;
      let space = left;
      for (let at = from; at < items.length; at += 1) {
        const item = items[at];
        if (item === undefined || item.worth <= 0 || !mayJoin(item)) continue;
        const weight = weights[at] ?? 0;
        // Those that are mandatory are not sorted by density: they count wholly and take no room.
        if (item.isMandatory) worth += item.worth;
        else if (weight <= space) {
          worth += item.worth;
          space -= weight;
        } else return worth + (item.worth * Math.max(0, space)) / weight;
      }
      return worth;
    };

    const visit = (at: number, worth: number, left: number): boolean => {
      nodes += 1;
      if (nodes > mostNodes || found.length > most) return false;
      if (nodes % nodesPerLook === 0 && deadline.isOver()) return false;
      if (price - worth - mostWorth(at, left) >= below) return true;
      const item = items[at];
      if (item === undefined) {
        if (chosen.size > 0) record(chosen, used, worth);
        return true;
      }
      if (mayJoin(item) && (rules.shared || chosen.size === 0)) {
        const { block, needs } = item;
        const conflicts = rules.conflicts[block] ?? [];
        const before = { ...used };
        chosen.add(block);
        for (const other of conflicts) blocked[other] = (blocked[other] ?? 0) + 1;
        used.cores += needs.cores;
        used.memoryMb += needs.memoryMb;
        used.storageGb += needs.storageGb;
        used.gpus += needs.gpus;
        used.os ??= needs.os;
        const isWithin = visit(at + 1, worth + item.worth, left - (weights[at] ?? 0));
        chosen.delete(block);
        for (const other of conflicts) blocked[other] = (blocked[other] ?? 0) - 1;
        Object.assign(used, before);
        if (!isWithin) return false;
      }
      return item.isAlwaysThere || visit(at + 1, worth, left);
    };
    return visit(0, 0, room);
  }
}
