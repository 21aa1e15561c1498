import type { Restriction } from '../../domain/application/restrictions.ts';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type {
  Assignment,
  Offer,
  PredictedNfrs,
  SimulationInput,
} from '../../domain/placement/simulation.ts';

const close = 1e-6;

/**
 * What Optimus is to find, by trying everything: for each number of instances of each component in each
 * datacentre the least that counts, if restrictions and requirements hold; rising. Written from the
 * definitions alone. Only for the smallest inputs.
 */
export function exhaustiveCosts(input: SimulationInput): number[] {
  return exhaustivePlacements(input)
    .map(({ counts }) => counts)
    .sort((a, b) => a - b);
}

/** Every placement that meets everything, on its cheapest machines, with what counts of it. */
export function exhaustivePlacements(
  input: SimulationInput,
): { readonly predicted: PredictedNfrs; readonly counts: number }[] {
  const { application, datacentres } = input;
  const { nfrs } = application;
  const sites = datacentres.filter(({ country }) => nfrs.location.countries.includes(country));
  const isShared = application.machines === 'shared';
  const standing = (component: string, datacentre: string): number =>
    (input.current?.placement.assignments ?? []).filter(
      (one) => one.component === component && one.datacentre === datacentre,
    ).length;
  const mayStart = (datacentre: string): boolean => input.noReturnTo?.includes(datacentre) !== true;
  const pairs = application.components.flatMap(({ name, replicas }) =>
    sites.map(({ id }) => ({
      component: name,
      datacentre: id,
      most: failsAt(input, name, id)
        ? 0
        : Math.min(isShared ? replicas.max : 1, mayStart(id) ? Infinity : standing(name, id)),
    })),
  );
  const packing = createPacking(input);
  const found: { predicted: PredictedNfrs; counts: number }[] = [];
  const counts: number[] = [];

  const visit = (position: number): void => {
    const pair = pairs[position];
    if (pair !== undefined) {
      for (let count = 0; count <= pair.most; count += 1) {
        counts[position] = count;
        visit(position + 1);
      }
      return;
    }
    const at = (component: string, datacentre?: string): number =>
      pairs.reduce(
        (sum, one, index) =>
          one.component === component && (datacentre === undefined || one.datacentre === datacentre)
            ? sum + (counts[index] ?? 0)
            : sum,
        0,
      );
    if (
      !meetsNumbers(
        input,
        at,
        sites.map(({ id }) => id),
      )
    )
      return;
    const assignments: Assignment[] = [];
    const deployed = new Set(
      application.components.flatMap(({ name }) => (at(name) > 0 ? [name] : [])),
    );
    for (const { id } of sites) {
      const packed = packing.cheapest(
        id,
        application.components.map(({ name }) => at(name, id)),
        deployed,
      );
      if (packed === undefined) return;
      assignments.push(...packed);
    }
    const predicted = predictNfrs(input, { assignments });
    if (
      predicted.availabilityPercent >= nfrs.availability.minPercent - close &&
      predicted.responseTimeP95Ms <= nfrs.responseTime.p95MaxMs + close &&
      predicted.monthlyCost <= nfrs.monthlyCost.max + close &&
      (predicted.throughputPerSecond ?? Infinity) >= (nfrs.throughput?.minPerSecond ?? 0) - close &&
      areNear(input, at)
    ) {
      const starts = pairs.reduce(
        (sum, { component, datacentre }, index) =>
          sum + Math.max(0, (counts[index] ?? 0) - standing(component, datacentre)),
        0,
      );
      found.push({ predicted, counts: predicted.monthlyCost + starts * weightOfStart(input) });
    }
  };
  visit(0);
  return found;
}

/** Of one start: its monthly share, or more than anything costs where the least disruption is wanted. */
export function weightOfStart({ current }: SimulationInput): number {
  if (current === undefined) return 0;
  if (current.aim === 'least-disruption') return 1e6;
  const loss = current.lossPerFailure * (current.failurePercent / 100);
  return (current.costPerStart + loss) / current.overMonths;
}

/** Whether no two linked instances are further apart than their link allows. */
function areNear(
  { application, datacentres, latencies }: SimulationInput,
  at: (component: string, datacentre?: string) => number,
): boolean {
  const ms = (one: string, other: string): number =>
    one === other
      ? 0
      : (latencies.find(
          ({ from, to }) => (from === one && to === other) || (from === other && to === one),
        )?.ms ?? Infinity);
  return (application.links ?? []).every(({ from, to, maxLatencyMs = Infinity }) =>
    datacentres.every(
      ({ id }) =>
        at(from, id) === 0 ||
        datacentres.every((other) => at(to, other.id) === 0 || ms(id, other.id) <= maxLatencyMs),
    ),
  );
}

/** Whether an offer is certified, secure and riskless enough, and under an allowed law. */
function mayBeRented({ nfrs }: SimulationInput['application'], offer: Offer): boolean {
  const { certifications, location, securityLevel, financialRisk, technologicalRisk } = nfrs;
  return (
    (certifications?.all ?? []).every((one) => (offer.certifications ?? []).includes(one)) &&
    (location.jurisdictions === undefined ||
      (offer.jurisdiction !== undefined && location.jurisdictions.includes(offer.jurisdiction))) &&
    (securityLevel === undefined || (offer.securityLevel ?? 0) >= securityLevel.min) &&
    (financialRisk === undefined || (offer.financialRisk ?? 9) <= financialRisk.max) &&
    (technologicalRisk === undefined || (offer.technologicalRisk ?? 9) <= technologicalRisk.max)
  );
}

function failsAt(
  { measurements }: SimulationInput,
  component: string,
  datacentre: string,
): boolean {
  return measurements.some(
    (one) =>
      one.component === component && one.datacentre === datacentre && one.availabilityPercent === 0,
  );
}

/** Whether the numbers of instances alone are as the definition wants them. */
function meetsNumbers(
  { application }: SimulationInput,
  at: (component: string, datacentre?: string) => number,
  sites: readonly string[],
): boolean {
  const restrictions = application.restrictions ?? [];
  const isExclusive = (name: string): boolean =>
    restrictions.some((one) => one.kind === 'exclusive' && one.components.includes(name));
  const withinReplicas = application.components.every(({ name, replicas }) => {
    const total = at(name);
    return (isExclusive(name) && total === 0) || (total >= replicas.min && total <= replicas.max);
  });
  return withinReplicas && restrictions.every(holds);

  function holds(restriction: Restriction): boolean {
    switch (restriction.kind) {
      case 'exclusive':
        return restriction.components.filter((name) => at(name) > 0).length === 1;
      case 'instances': {
        const total = [...new Set(restriction.components)].reduce((sum, name) => sum + at(name), 0);
        const { atLeast = 0, atMost = Infinity, exactly = total } = restriction;
        return total >= atLeast && total <= atMost && total === exactly;
      }
      case 'require-provide': {
        const { component, requires, provider, provides } = restriction;
        if (isExclusive(provider) && at(provider) === 0) return true;
        return requires * at(component) <= provides * at(provider);
      }
      case 'one-to-one':
      case 'co-location':
        return restriction.components.every(
          (name) =>
            sites.every(
              (site) =>
                restriction.kind === 'one-to-one' ||
                at(name, site) === at(restriction.components[0] ?? '', site),
            ) && at(name) === at(restriction.components[0] ?? ''),
        );
      case 'one-to-many': {
        const left = restriction.number * at(restriction.one) - at(restriction.many);
        return left > 0 && left <= restriction.number;
      }
      case 'spread':
        return restriction.components.every((name) => {
          const places = sites.filter((site) => at(name, site) > 0);
          const isIn =
            places.length >= restriction.minDatacentres || (isExclusive(name) && at(name) === 0);
          return (
            isIn &&
            places.every((site) => at(name, site) <= (restriction.maxPerDatacentre ?? Infinity))
          );
        });
      case 'conflict':
      case 'full-deployment':
        return true;
    }
  }
}

/** The cheapest machines for given numbers of instances in one datacentre. */
function createPacking({ application, offers }: SimulationInput): {
  cheapest(
    datacentre: string,
    counts: readonly number[],
    deployed: ReadonlySet<string>,
  ): Assignment[] | undefined;
} {
  const { components } = application;
  const restrictions = application.restrictions ?? [];
  const names = components.map(({ name }) => name);
  const known = new Map<string, Assignment[] | undefined>();

  const isAllowed = (set: readonly string[], deployed: ReadonlySet<string>): boolean => {
    const os = (name: string): string | undefined =>
      components.find((component) => component.name === name)?.needs.os;
    const conflict = (one: string, other: string): boolean =>
      (os(one) !== undefined && os(other) !== undefined && os(one) !== os(other)) ||
      restrictions.some(
        (restriction) =>
          (restriction.kind === 'conflict' &&
            ((restriction.component === one && restriction.with.includes(other)) ||
              (restriction.component === other && restriction.with.includes(one)))) ||
          (restriction.kind === 'full-deployment' &&
            ((restriction.component === one && restriction.except.includes(other)) ||
              (restriction.component === other && restriction.except.includes(one)))),
      );
    if (set.some((one) => set.some((other) => one !== other && conflict(one, other)))) return false;
    return restrictions.every((restriction) => {
      if (restriction.kind === 'co-location') {
        const there = restriction.components.filter((name) => set.includes(name));
        return there.length === 0 || there.length === restriction.components.length;
      }
      if (restriction.kind === 'full-deployment') {
        const { component } = restriction;
        return (
          set.includes(component) ||
          set.some((name) => conflict(component, name)) ||
          !deployed.has(component)
        );
      }
      return true;
    });
  };
  const fits = (set: readonly string[], offer: Offer): boolean => {
    const sum = (of: 'cores' | 'memoryMb' | 'storageGb'): number =>
      components.reduce(
        (total, { name, needs }) => total + (set.includes(name) ? needs[of] : 0),
        0,
      );
    const chosen = components.filter(({ name }) => set.includes(name)).map(({ needs }) => needs);
    const systems = new Set(chosen.flatMap(({ os }) => os ?? []));
    return (
      sum('cores') <= offer.cores &&
      sum('memoryMb') <= offer.memoryMb &&
      sum('storageGb') <= offer.storageGb &&
      chosen.reduce((total, { gpus = 0 }) => total + gpus, 0) <= (offer.gpus ?? 0) &&
      systems.size <= 1 &&
      [...systems].every((os) => offer.operatingSystems?.includes(os) ?? true)
    );
  };

  return { cheapest };

  function cheapest(
    datacentre: string,
    counts: readonly number[],
    deployed: ReadonlySet<string>,
  ): Assignment[] | undefined {
    const here = offers.filter(
      (offer) =>
        offer.datacentre === datacentre && offer.available > 0 && mayBeRented(application, offer),
    );
    const key = `${datacentre} ${counts.join()} ${[...deployed].join()}`;
    if (known.has(key)) return known.get(key);
    let best: { cost: number; assignments: Assignment[] } | undefined;

    const visit = (
      left: readonly number[],
      free: readonly number[],
      cost: number,
      machine: number,
      so: readonly Assignment[],
    ): void => {
      if (best !== undefined && cost >= best.cost) return;
      const first = left.findIndex((count) => count > 0);
      if (first < 0) {
        best = { cost, assignments: [...so] };
        return;
      }
      // Every set that holds the first component still to be placed.
      const others = names.flatMap((_, index) =>
        index !== first && (left[index] ?? 0) > 0 && application.machines === 'shared'
          ? [index]
          : [],
      );
      for (let chosen = 0; chosen < 1 << others.length; chosen += 1) {
        const indices = [first, ...others.filter((_, bit) => (chosen & (1 << bit)) !== 0)];
        const set = indices.map((index) => names[index] ?? '');
        if (!isAllowed(set, deployed)) continue;
        here.forEach((offer, index) => {
          if ((free[index] ?? 0) === 0 || !fits(set, offer)) return;
          visit(
            left.map((count, at) => (indices.includes(at) ? count - 1 : count)),
            free.map((count, at) => (at === index ? count - 1 : count)),
            cost + offer.monthlyPrice,
            machine + 1,
            [
              ...so,
              ...set.map((component) => ({
                component,
                datacentre,
                offer: offer.id,
                ...(application.machines === 'shared'
                  ? { machine: `${datacentre}-${machine}` }
                  : {}),
              })),
            ],
          );
        });
      }
    };
    visit(
      counts,
      here.map(({ available }) => available),
      0,
      0,
      [],
    );
    known.set(key, best?.assignments);
    return best?.assignments;
  }
}
