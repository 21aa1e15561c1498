import type { Requirement } from '../../domain/application/nfrs.ts';
import { instanceRanges } from '../../domain/application/instance-ranges.ts';
import { optionalComponents } from '../../domain/application/restrictions.ts';
import { measured } from '../../domain/placement/predict-nfrs.ts';
import { failedRequirements } from '../../domain/placement/compliance.ts';
import { countInstances, shareOfStart } from '../../domain/placement/moving.ts';
import { instancesForThroughput } from '../../domain/placement/predict-load.ts';
import type { Current, SimulationInput } from '../../domain/placement/simulation.ts';
import { createPatternRules, type PatternRules } from './pattern-rules.ts';
import { holds, machinesOn, priceStep, type Machine } from './machines.ts';

/** A component in a datacentre where it can be, both by index. */
export interface Pair {
  readonly component: number;
  readonly site: number;
  /** Most instances there. */
  readonly most: number;
}

/** The input in indices, without what no best placement uses. */
export interface PlacementProblem {
  readonly input: SimulationInput;
  readonly without: ReadonlySet<Requirement>;
  readonly components: readonly string[];
  /** Ids of the datacentres that may be used. */
  readonly sites: readonly string[];
  readonly machines: readonly Machine[];
  readonly rules: PatternRules;
  readonly pairs: readonly Pair[];
  /** Index of a pair; undefined where the component cannot be in the datacentre. */
  pairAt(component: number, site: number): number | undefined;
  /** Fewest and most instances of a component, if it is deployed. */
  readonly instances: readonly { readonly min: number; readonly max: number }[];
  /** By component: whether an exclusive one may be deployed in its place. */
  readonly isOptional: readonly boolean[];
  /** Most that the placement may cost a month. */
  readonly maxCost: number;
  /** What counts for each start of an instance, besides the cost; undefined where none does. */
  readonly startWeight: number | undefined;
  /** By pair: how many instances stand there now. */
  readonly standing: readonly number[];
  /** Costs are counted in units of so much money; `isWhole` if every cost is a whole number of them. */
  readonly unit: number;
  readonly isWhole: boolean;
}

/** Requirements in `without` are left out, to find out which of them contradict each other. */
export function createPlacementProblem(
  input: SimulationInput,
  without: ReadonlySet<Requirement> = new Set(),
): PlacementProblem {
  const { application } = input;
  const { nfrs } = application;
  const components = application.components.map(({ name }) => name);
  const optional = optionalComponents(application);
  const countries = new Map(input.datacentres.map(({ id, country }) => [id, country]));
  const sites = input.datacentres
    .filter(({ country }) => without.has('location') || nfrs.location.countries.includes(country))
    .map(({ id }) => id);
  const allowed = input.offers.filter(
    (offer) =>
      offer.available > 0 &&
      failedRequirements(nfrs, offer, countries.get(offer.datacentre) ?? '', without).length === 0,
  );
  const standingNow = countInstances(input.current?.placement.assignments ?? []);
  const rules = createPatternRules(application);
  const { ranges } = instanceRanges(application);
  const maxCost = without.has('monthlyCost') ? Number.POSITIVE_INFINITY : nfrs.monthlyCost.max;

  const offersAt = new Map(
    sites.map((site) => [site, allowed.filter(({ datacentre }) => datacentre === site)]),
  );
  /** Each instance needs a machine of its own kind: the cost limit bounds their number. */
  const affordable = (needs: Parameters<typeof holds>[1]): number => {
    let cheapest = Number.POSITIVE_INFINITY;
    for (const offers of offersAt.values()) {
      for (const offer of offers) {
        if (offer.monthlyPrice < cheapest && holds(offer, needs)) cheapest = offer.monthlyPrice;
      }
    }
    return Number.isFinite(cheapest) ? Math.floor(maxCost / cheapest + 1e-6) : 0;
  };
  const perSite = perSiteLimits(input);
  const forThroughput =
    nfrs.throughput === undefined || without.has('throughput')
      ? new Map<string, number>()
      : instancesForThroughput(application.components, nfrs.throughput.minPerSecond);
  const instances = components.map((name, component) => {
    const { min, max } = application.components[component]?.replicas ?? { min: 1, max: 1 };
    const range = ranges.get(name) ?? { min, max };
    const block = rules.blocks.find((one) => one.components.includes(component));
    const most = block === undefined ? 0 : Math.min(range.max, affordable(block));
    const least = Math.max(min, forThroughput.get(name) ?? 0);
    return { min: optional.has(name) ? least : Math.max(least, range.min), max: most };
  });
  const mostAt = (component: number): number =>
    Math.min(instances[component]?.max ?? 0, perSite[component] ?? 0);

  const machines = machinesOn(allowed, sites);

  const pairs: Pair[] = [];
  const indexOfPair = new Map<string, number>();
  components.forEach((_, component) => {
    const block = rules.blocks.find((one) => one.components.includes(component));
    sites.forEach((id, site) => {
      // A replica that never answers would only fill up the least number of replicas.
      const fails = block?.components.some(
        (one) => measured(input, components[one] ?? '', id)?.availabilityPercent === 0,
      );
      if (block === undefined || fails === true) return;
      let free = 0;
      for (const offer of offersAt.get(id) ?? []) if (holds(offer, block)) free += offer.available;
      const standing = standingNow.get(`${components[component] ?? ''}@${id}`) ?? 0;
      const mayReturn = input.noReturnTo?.includes(id) !== true;
      const most = Math.min(mostAt(component), free, mayReturn ? Infinity : standing);
      if (most === 0) return;
      indexOfPair.set(`${component}@${site}`, pairs.length);
      pairs.push({ component, site, most });
    });
  });

  const traffic = (application.links ?? []).flatMap(({ gbPerMonth = 0 }) =>
    input.datacentres.map(({ egressPricePerGb = 0 }) => gbPerMonth * egressPricePerGb),
  );
  const startWeight = weightOfStart(
    input.current,
    Math.min(maxCost, mostExpensive(machines, instances) + traffic.reduce((a, b) => a + b, 0)),
  );
  const step = priceStep([
    ...machines.map(({ price }) => price),
    ...traffic,
    ...(startWeight === undefined ? [] : [startWeight]),
  ]);
  return {
    input,
    without,
    components,
    sites,
    machines,
    rules,
    pairs,
    pairAt: (component, site) => indexOfPair.get(`${component}@${site}`),
    instances,
    isOptional: components.map((name) => optional.has(name)),
    maxCost,
    startWeight,
    standing: pairs.map(
      ({ component, site }) =>
        standingNow.get(`${components[component] ?? ''}@${sites[site] ?? ''}`) ?? 0,
    ),
    unit: step ?? 1,
    isWhole: step !== undefined,
  };
}

/** For the least disruption one start counts more than all that a placement may cost. */
function weightOfStart(current: Current | undefined, mostCost: number): number | undefined {
  if (current === undefined) return undefined;
  return current.aim === 'cost' ? shareOfStart(current) : Math.ceil(mostCost) + 1;
}

/** Each instance on a dearest machine of its own. */
function mostExpensive(
  machines: readonly Machine[],
  instances: readonly { readonly max: number }[],
): number {
  const dearest = machines.reduce((most, { price }) => Math.max(most, price), 0);
  return instances.reduce((sum, { max }) => sum + max * dearest, 0);
}

/** By component: most instances in one datacentre. */
function perSiteLimits({ application }: SimulationInput): number[] {
  return application.components.map(({ name }) => {
    if (application.machines !== 'shared') return 1;
    const limits = (application.restrictions ?? []).flatMap((restriction) =>
      restriction.kind === 'spread' && restriction.components.includes(name)
        ? [restriction.maxPerDatacentre ?? Number.POSITIVE_INFINITY]
        : [],
    );
    return Math.min(...limits, Number.POSITIVE_INFINITY);
  });
}
