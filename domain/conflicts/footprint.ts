import { numberKnownDisturbances } from '../impact/engine/assess.ts';
import type { Company } from '../impact/engine/company.ts';
import { nodeKinds } from '../impact/engine/dependency-graph.ts';
import { stateCodes, type Spread, type Spreader } from '../impact/engine/spread.ts';
import type { Disturbance } from '../impact/impact.ts';
import { placesOf, setOf, type NumberSet } from './number-set.ts';

/** What an intervention reaches, by the numbers of one company in memory. */
export interface Footprint {
  /** Items it works on, and those of them that it takes down; rising. */
  readonly items: Int32Array;
  readonly takenDown: Int32Array;
  readonly down: NumberSet;
  readonly degraded: NumberSet;
  /** Both, and the nodes at risk. */
  readonly reach: NumberSet;
  /** Counted groups that stand although they lost members, rising, and how many each lost. */
  readonly wounded: Int32Array;
  readonly losses: Int32Array;
  /** Customers with a service down or degraded. */
  readonly customers: NumberSet;
  /** Solutions with a service down or degraded, and datacentres of the items worked on. */
  readonly solutions: ReadonlySet<number>;
  readonly datacentres: ReadonlySet<number>;
  readonly byteLength: number;
}

/** Items that are not in the inventory (any more) reach nothing. */
export function footprintOf(
  company: Company,
  spreader: Spreader,
  disturbances: readonly Disturbance[],
): Footprint {
  const { graph } = company;
  const numbered = numberKnownDisturbances(company, disturbances);
  const spread = spreader.spread(numbered);
  const { found, downEnd, degradedEnd } = spread;
  const order = Int32Array.from(spread.wounded.keys()).sort(
    (a, b) => (spread.wounded[a] as number) - (spread.wounded[b] as number),
  );
  const takenDown = sorted(numbered.down);
  const items = sorted([...new Set([...numbered.down, ...numbered.degraded])]);
  const customers = new Set<number>();
  const solutions = new Set<number>();
  for (let i = 0; i < degradedEnd; i += 1) {
    const node = found[i] as number;
    if (graph.kind[node] !== nodeKinds.service) continue;
    customers.add(graph.customer[node] as number);
    solutions.add(graph.place[node] as number);
  }
  const sets = {
    down: nodesIn(spread, 0, downEnd, stateCodes.down, graph.nodeCount),
    degraded: nodesIn(spread, downEnd, degradedEnd, stateCodes.degraded, graph.nodeCount),
    reach: nodesIn(spread, 0, found.length, undefined, graph.nodeCount),
    customers: setOf(Int32Array.from(customers)),
    wounded: order.map((i) => spread.wounded[i] as number),
    losses: order.map((i) => spread.losses[i] as number),
    items,
    takenDown,
  };
  return {
    ...sets,
    solutions,
    datacentres: new Set([...items].map((item) => graph.place[item] as number)),
    byteLength: Object.values(sets).reduce((sum, { byteLength }) => sum + byteLength, 0),
  };
}

const sorted = (numbers: readonly number[] | Int32Array): Int32Array =>
  Int32Array.from(numbers).sort();

/** A part of what was found: sorted if it is little, else read off the states in one pass. */
function nodesIn(
  { found, state }: Spread,
  from: number,
  to: number,
  code: number | undefined,
  nodeCount: number,
): NumberSet {
  return to - from < nodeCount / 64
    ? setOf(found.slice(from, to))
    : placesOf(state, code, nodeCount);
}
