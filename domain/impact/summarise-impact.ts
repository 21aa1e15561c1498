import { impactStates, type IdsByState, type Impact, type ImpactState } from './assess-impact.ts';

/** Ids of the affected services, each in one state. */
export type AffectedServices = IdsByState;

/** Whose a service is and what it belongs to. */
export interface ServiceFacts {
  readonly solution: string;
  /** The department that answers for the solution. */
  readonly department: string;
  readonly customer: string;
  readonly contractLevel: string;
  readonly country: string;
}

/** A customer counts once, in the worst state of its services (within the line, if there is one). */
export interface AffectedCounts {
  readonly services: Readonly<Record<ImpactState, number>>;
  readonly customers: Readonly<Record<ImpactState, number>>;
}

export interface SummaryLine extends AffectedCounts {
  /** The solution, contract level, country or department. */
  readonly key: string;
}

export interface ImpactSummary {
  readonly total: AffectedCounts;
  /** Lines by key. */
  readonly bySolution: readonly SummaryLine[];
  readonly byContractLevel: readonly SummaryLine[];
  readonly byCountry: readonly SummaryLine[];
  readonly byDepartment: readonly SummaryLine[];
}

/** Counts what an impact means for customers. `factsOf` knows every affected service. */
export function summariseImpact(
  impact: Pick<Impact, 'services'>,
  factsOf: (service: string) => ServiceFacts,
): ImpactSummary {
  const total = createTally();
  const lines = {
    solution: new Map<string, Tally>(),
    contractLevel: new Map<string, Tally>(),
    country: new Map<string, Tally>(),
    department: new Map<string, Tally>(),
  };
  const dimensions = Object.keys(lines) as (keyof typeof lines)[];
  // From the worst state on: a customer that was seen before was seen in a state at least as bad.
  for (const state of impactStates) {
    for (const service of impact.services[state]) {
      const facts = factsOf(service);
      total.add(state, facts.customer);
      for (const dimension of dimensions) {
        const tallies = lines[dimension];
        let tally = tallies.get(facts[dimension]);
        if (tally === undefined) {
          tally = createTally();
          tallies.set(facts[dimension], tally);
        }
        tally.add(state, facts.customer);
      }
    }
  }
  const inOrder = (tallies: Map<string, Tally>): SummaryLine[] =>
    [...tallies]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, tally]) => ({ key, ...tally.counts }));
  return {
    total: total.counts,
    bySolution: inOrder(lines.solution),
    byContractLevel: inOrder(lines.contractLevel),
    byCountry: inOrder(lines.country),
    byDepartment: inOrder(lines.department),
  };
}

interface Tally {
  readonly counts: AffectedCounts;
  add(state: ImpactState, customer: string): void;
}

function createTally(): Tally {
  const services = { down: 0, degraded: 0, atRisk: 0 };
  const customers = { down: 0, degraded: 0, atRisk: 0 };
  const seen = new Set<string>();
  return {
    counts: { services, customers },
    add(state, customer) {
      services[state] += 1;
      if (seen.has(customer)) return;
      seen.add(customer);
      customers[state] += 1;
    },
  };
}
