import { latencyBetween } from '../../domain/placement/latency-between.ts';
import { measured } from '../../domain/placement/predict-nfrs.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { infinity, type Clause, type ProgramRows, type Terms } from './program-rows.ts';

/** Just above a whole number the right-hand side gains most by being rounded up. */
const roundings = [1.001, 2.001];

/**
 * No application is more available than one of its components, and none of those more than that one of
 * its datacentres is up, which in logarithms is linear. It holds for every placement that meets the
 * requirement; the exact availability is left to clauses.
 */
export function addAvailability(
  { problem, deployed, pairsOf, addRow, reaches }: ProgramRows,
  componentPercent: number | undefined,
): void {
  const { input, without, sites, pairs, components } = problem;
  const { minPercent } = input.application.nfrs.availability;
  const share = (componentPercent ?? minPercent) / 100 - 1e-11;
  if (without.has('availability') || share <= 0) return;
  const needed = -Math.log1p(-share);
  components.forEach((name, component) => {
    const gains = new Map<number, number>();
    for (const pair of pairsOf[component] ?? []) {
      const { site, most } = pairs[pair] ?? { site: -1, most: 0 };
      const id = sites[site] ?? '';
      const up = upPercent(input, id);
      const own = most > 1 ? 100 : (measured(input, name, id)?.availabilityPercent ?? 100);
      const gain = -Math.log1p(-(up / 100) * (own / 100));
      gains.set(reaches(pair, 1), Math.min(1, gain / needed));
    }
    const require = (terms: Map<number, number>, least: number): void => {
      const choice = deployed[component];
      if (choice === undefined) addRow(least, terms, infinity);
      else addRow(0, terms.set(choice, -least), infinity);
    };
    require(new Map(gains), 1 - 1e-9);
    // Whole numbers of datacentres: multiplied and rounded up the row holds still (Chvátal and Gomory),
    // and the relaxed program no longer takes half a datacentre for what needs a second.
    for (const times of roundings) {
      require(new Map(
        [...gains].map(([pair, gain]) => [pair, Math.ceil(gain * times - 1e-9)]),
      ), Math.ceil(times * (1 - 1e-9)));
    }
  });
}

/** Share of time that a datacentre is up with all that it has in common with others, in per cent. */
function upPercent({ datacentres, failureDomains = [] }: SimulationInput, id: string): number {
  return failureDomains
    .filter((domain) => domain.datacentres.includes(id))
    .reduce(
      (percent, domain) => (percent * domain.availabilityPercent) / 100,
      datacentres.find((one) => one.id === id)?.availabilityPercent ?? 0,
    );
}

/**
 * Links: no two replicas too far from each other, and what leaves a datacentre is paid for. Returns what that
 * costs, by variable.
 */
export function addLinks({
  problem,
  deployed,
  pairsOf,
  addVariable,
  addRow,
  reaches,
}: ProgramRows): Terms {
  const { input, components, sites, pairs } = problem;
  const paid = new Map<number, number>();
  const latencyMs = latencyBetween(input.latencies);
  const egress = new Map(
    input.datacentres.map(({ id, egressPricePerGb = 0 }) => [id, egressPricePerGb]),
  );
  for (const { from, to, maxLatencyMs, gbPerMonth = 0 } of input.application.links ?? []) {
    const [senders = [], receivers = []] = [from, to].map(
      (name) => pairsOf[components.indexOf(name)],
    );
    const siteOf = (pair: number): string => sites[pairs[pair]?.site ?? -1] ?? '';
    for (const sender of senders) {
      const here = siteOf(sender);
      const price = (gbPerMonth * (egress.get(here) ?? 0)) / problem.unit;
      if (price > 0) {
        // It is 1 where the sender is, the receiver is deployed, and none of it is there.
        const cost = problem.isWhole ? Math.round(price) : price;
        const leaves = addVariable(1, cost);
        paid.set(leaves, cost);
        const beside = receivers.find((receiver) => siteOf(receiver) === here);
        const terms = new Map([
          [reaches(sender, 1), 1],
          [leaves, -1],
        ]);
        if (beside !== undefined) terms.set(reaches(beside, 1), -1);
        const choice = deployed[components.indexOf(to)];
        if (choice !== undefined) terms.set(choice, 1);
        addRow(-infinity, terms, choice === undefined ? 0 : 1);
      }
      if (maxLatencyMs === undefined) continue;
      for (const receiver of receivers) {
        if (latencyMs(here, siteOf(receiver)) <= maxLatencyMs) continue;
        addRow(
          -infinity,
          new Map([
            [reaches(sender, 1), 1],
            [reaches(receiver, 1), 1],
          ]),
          1,
        );
      }
    }
  }
  return paid;
}

/** Every instance that is started where there is none now counts. */
export function addMoves({ problem, addVariable, addRow }: ProgramRows): void {
  const { pairs, standing, startWeight, unit, isWhole } = problem;
  if (startWeight === undefined) return;
  const weight = startWeight / unit;
  pairs.forEach(({ most }, pair) => {
    const now = standing[pair] ?? 0;
    if (now >= most) return;
    const starts = addVariable(most - now, isWhole ? Math.round(weight) : weight);
    addRow(
      -infinity,
      new Map([
        [pair, 1],
        [starts, -1],
      ]),
      now,
    );
  });
}

export function addClause({ problem, addRow, reaches }: ProgramRows, clause: Clause): void {
  const terms = new Map<number, number>();
  let constant = 0;
  const add = (variable: number, factor: number): void => {
    terms.set(variable, (terms.get(variable) ?? 0) + factor);
  };
  for (const literal of clause) {
    const most = problem.pairs[literal.pair]?.most ?? 0;
    if ('atLeast' in literal) {
      if (literal.atLeast <= most) add(reaches(literal.pair, literal.atLeast), 1);
    } else if (literal.atMost >= 0) {
      constant += 1;
      if (literal.atMost < most) add(reaches(literal.pair, literal.atMost + 1), -1);
    }
  }
  addRow(1 - constant, terms, infinity);
}
