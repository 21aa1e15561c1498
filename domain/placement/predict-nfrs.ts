import { optionalComponents } from '../application/restrictions.ts';
import { DomainError } from '../errors.ts';
import { latencyBetween } from './latency-between.ts';
import { predictThroughput, predictTraffic } from './predict-load.ts';
import { rentedMachines } from './rented-machines.ts';
import type { Placement, PredictedNfrs, SimulationInput } from './simulation.ts';

/** Past this the exact enumeration of datacentre failures would take minutes. */
export const mostDatacentres = 20;

/** A replica that takes part in answering a request. */
export interface CallStep {
  readonly component: string;
  readonly datacentre: string;
}

export interface PredictedResponse {
  readonly p95Ms: number;
  /** The replicas on the slowest way that a request may take, the entry first. */
  readonly steps: readonly CallStep[];
  /** The call that no replica can answer, and where one would have to be; then the time is Infinity. */
  readonly unanswered?: { readonly component: string; readonly withinReach: readonly string[] };
}

/**
 * What a placement promises, by the input's figures.
 *
 * - Availability, exact: the application answers when every component has a replica up. A datacentre's
 *   replicas are down together when it is, datacentres fail independently but for the failure domains that
 *   they share, and a replica in a datacentre that is up is up by its measured availability (100 % where
 *   nothing was measured).
 * - Response time: from the users to an entry component and along all its calls, one after the other, each
 *   answered by the slowest replica that may have to: the requirement must hold after a fail-over too. The
 *   worst entry counts; replicas without a latency to the caller are out of its reach, and a call that can
 *   reach none takes for ever.
 * - Cost: the price of every machine, and of what leaves each datacentre by the application's links.
 *   Countries: those of the datacentres used, sorted.
 * - Throughput: what the component answers that has the least capacity for the requests that it gets, each
 *   caller calling once for each request of its own.
 *
 * An exclusive component that is not deployed is neither waited for nor called.
 *
 * @throws DomainError `invalid` for more than `mostDatacentres` datacentres or an assignment of unknowns.
 */
export function predictNfrs(input: SimulationInput, placement: Placement): PredictedNfrs {
  const used = new Set(placement.assignments.map(({ datacentre }) => datacentre));
  const responses = createResponseModel(input).worstResponse(placement);
  const throughputPerSecond = predictThroughput(input.application, placement);
  const traffic = predictTraffic(input, placement);
  return {
    availabilityPercent: availabilityPercent(input, placement),
    monthlyCost: monthlyCostOf(input, placement),
    currency: input.application.nfrs.monthlyCost.currency,
    responseTimeP95Ms: responses.p95Ms,
    countries: [
      ...new Set(input.datacentres.filter(({ id }) => used.has(id)).map(({ country }) => country)),
    ].sort(),
    ...(throughputPerSecond === undefined ? {} : { throughputPerSecond }),
    ...(traffic === undefined ? {} : { trafficGbPerMonth: traffic.gbPerMonth }),
  };
}

/**
 * What a placement costs a month: its machines, and what leaves datacentres by its links.
 * @throws DomainError `invalid` for an offer that is not in the input.
 */
export function monthlyCostOf(
  input: SimulationInput,
  placement: Pick<Placement, 'assignments'>,
): number {
  const offers = new Map(input.offers.map(({ id, monthlyPrice }) => [id, monthlyPrice]));
  return rentedMachines(placement.assignments).reduce(
    (sum, { offer }) => {
      const price = offers.get(offer);
      if (price === undefined) throw unknown('offer', offer);
      return sum + price;
    },
    predictTraffic(input, placement)?.monthlyCost ?? 0,
  );
}

/** Exact by enumeration of which of the used datacentres are up. */
export function availabilityPercent(
  input: SimulationInput,
  placement: Pick<Placement, 'assignments'>,
): number {
  const used = [...new Set(placement.assignments.map(({ datacentre }) => datacentre))].sort();
  if (used.length > mostDatacentres) {
    throw new DomainError(
      'invalid',
      `A placement over ${used.length} datacentres cannot be predicted exactly; the most is ${mostDatacentres}.`,
      { code: 'too-many-datacentres' },
    );
  }
  const upShare = used.map((id) => {
    const datacentre = input.datacentres.find((candidate) => candidate.id === id);
    if (datacentre === undefined) throw unknown('datacentre', id);
    return datacentre.availabilityPercent / 100;
  });
  const optional = optionalComponents(input.application);
  const components = input.application.components
    .map(({ name }) => ({
      name,
      replicas: placement.assignments
        .filter(({ component }) => component === name)
        .map(({ datacentre }) => ({
          bit: 1 << used.indexOf(datacentre),
          up: (measured(input, name, datacentre)?.availabilityPercent ?? 100) / 100,
        })),
    }))
    .filter(({ name, replicas }) => replicas.length > 0 || !optional.has(name))
    .map(({ replicas }) => replicas);
  const domains = failureDomains(input, used);
  let available = 0;
  for (let domainsUp = 0; domainsUp < 1 << domains.length; domainsUp += 1) {
    const isUp = (index: number): boolean => (domainsUp & (1 << index)) !== 0;
    const domainShare = domains.reduce((p, { up }, i) => p * (isUp(i) ? up : 1 - up), 1);
    if (domainShare === 0) continue;
    /** Bits of the datacentres that can be up at all. */
    const reach = domains.reduce((bits, { without }, i) => (isUp(i) ? bits : bits & without), -1);
    for (let up = 0; up < 1 << used.length; up += 1) {
      if ((up & reach) !== up) continue;
      let share = upShare.reduce((p, a, i) => {
        const bit = 1 << i;
        return (reach & bit) === 0 ? p : p * ((up & bit) === 0 ? 1 - a : a);
      }, domainShare);
      for (const replicas of components) {
        if (share === 0) break;
        share *= 1 - replicas.reduce((p, r) => ((up & r.bit) === 0 ? p : p * (1 - r.up)), 1);
      }
      available += share;
    }
  }
  return available * 100;
}

/** The failure domains that any of these datacentres is in: `without`, the bits of those that are not. */
function failureDomains(
  { failureDomains: domains = [] }: Pick<SimulationInput, 'failureDomains'>,
  used: readonly string[],
): { readonly up: number; readonly without: number }[] {
  return domains.flatMap(({ datacentres, availabilityPercent: percent }) => {
    const within = used.reduce(
      (bits, id, i) => (datacentres.includes(id) ? bits | (1 << i) : bits),
      0,
    );
    return within === 0 ? [] : [{ up: percent / 100, without: ~within }];
  });
}

export interface ResponseModel {
  worstResponse(placement: Pick<Placement, 'assignments'>): PredictedResponse;
}

/** Response times for any number of placements of one input. */
export function createResponseModel(input: SimulationInput): ResponseModel {
  const components = new Map(input.application.components.map((one) => [one.name, one]));
  const optional = optionalComponents(input.application);
  const latencyMs = latencyBetween(input.latencies);
  const reachable = (from: string): string[] =>
    input.datacentres
      .map(({ id }) => id)
      .filter((to) => latencyMs(from, to) !== Number.POSITIVE_INFINITY);

  /** The slowest way from a replica on, through everything that it calls. */
  const slowest = (
    sites: ReadonlyMap<string, readonly string[]>,
    known: Map<string, PredictedResponse>,
    component: string,
    datacentre: string,
  ): PredictedResponse => {
    const key = `${component}@${datacentre}`;
    const way = known.get(key) ?? follow(sites, known, component, datacentre);
    known.set(key, way);
    return way;
  };
  const follow: typeof slowest = (sites, known, component, datacentre) => {
    const definition = components.get(component);
    if (definition === undefined) throw unknown('component', component);
    let p95Ms =
      measured(input, component, datacentre)?.serviceTimeP95Ms ?? definition.serviceTimeP95Ms;
    const steps: CallStep[] = [{ component, datacentre }];
    for (const callee of definition.calls) {
      if (optional.has(callee) && !sites.has(callee)) continue;
      const withinReach = reachable(datacentre);
      let worst: PredictedResponse | undefined;
      for (const target of (sites.get(callee) ?? []).filter((id) => withinReach.includes(id))) {
        const way = slowest(sites, known, callee, target);
        const ms = latencyMs(datacentre, target) + way.p95Ms;
        if (worst === undefined || ms > worst.p95Ms) worst = { ...way, p95Ms: ms };
      }
      steps.push(...(worst?.steps ?? []));
      const unanswered =
        worst === undefined ? { component: callee, withinReach } : worst.unanswered;
      if (unanswered !== undefined) return { p95Ms: Number.POSITIVE_INFINITY, steps, unanswered };
      p95Ms += worst?.p95Ms ?? 0;
    }
    return { p95Ms, steps };
  };

  return {
    worstResponse({ assignments }) {
      const sites = new Map<string, string[]>();
      for (const { component, datacentre } of assignments) {
        sites.set(component, [...(sites.get(component) ?? []), datacentre]);
      }
      const known = new Map<string, PredictedResponse>();
      let worst: PredictedResponse = { p95Ms: 0, steps: [] };
      for (const { name, entry } of input.application.components) {
        if (!entry) continue;
        for (const { id, userLatencyMs } of input.datacentres) {
          if (sites.get(name)?.includes(id) !== true) continue;
          const way = slowest(sites, known, name, id);
          const p95Ms = userLatencyMs + way.p95Ms;
          if (p95Ms > worst.p95Ms) worst = { ...way, p95Ms };
        }
      }
      return worst;
    },
  };
}

/** The newest figure measured for a component in a datacentre. */
export function measured(
  { measurements }: Pick<SimulationInput, 'measurements'>,
  component: string,
  datacentre: string,
): SimulationInput['measurements'][number] | undefined {
  return measurements.findLast(
    (one) => one.component === component && one.datacentre === datacentre,
  );
}

function unknown(kind: string, id: string): DomainError {
  return new DomainError(
    'invalid',
    `The placement names the ${kind} "${id}", which is not in the input.`,
    {
      code: 'unknown-reference',
    },
  );
}
