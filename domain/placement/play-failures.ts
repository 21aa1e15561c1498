import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { countInstances } from './moving.ts';
import { measured } from './predict-nfrs.ts';
import type { FailureTrial, Placement, SimulationInput } from './simulation.ts';

/** Of the standard normal distribution: 99 % lie within so many deviations. */
const deviations = 2.5758293035489;

/**
 * The availability of a placement by chance instead of by formula: in each trial every failure domain,
 * datacentre and instance is up or down by its own share, and the application answers if each of its deployed
 * components has an instance up. A check of the exact figure, by another way. Deterministic for the same seed.
 *
 * @param trials how often, at least once.
 */
export function playFailures(
  input: SimulationInput,
  { assignments }: Pick<Placement, 'assignments'>,
  { trials, seed }: { readonly trials: number; readonly seed: number },
): FailureTrial {
  const random = xoroshiro128plus(seed);
  const happens = (percent: number): boolean =>
    percent >= 100 || uniformFloat64(random) * 100 < percent;
  const used = [...new Set(assignments.map(({ datacentre }) => datacentre))].sort();
  const sites = used.map((id) => ({
    up: input.datacentres.find((one) => one.id === id)?.availabilityPercent ?? 0,
    domains: (input.failureDomains ?? []).flatMap(({ datacentres }, index) =>
      datacentres.includes(id) ? [index] : [],
    ),
  }));
  const instances = [...countInstances(assignments)].map(([key, count]) => {
    const [component = '', datacentre = ''] = key.split('@');
    const up = measured(input, component, datacentre)?.availabilityPercent ?? 100;
    return { component, site: used.indexOf(datacentre), up, count };
  });
  const components = [...new Set(instances.map(({ component }) => component))].map((name) =>
    instances.filter(({ component }) => component === name),
  );

  let answered = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const domainsUp = (input.failureDomains ?? []).map(({ availabilityPercent }) =>
      happens(availabilityPercent),
    );
    const sitesUp = sites.map(
      ({ up, domains }) => domains.every((domain) => domainsUp[domain]) && happens(up),
    );
    const isUp = components.every((replicas) =>
      replicas.some(({ site, up, count }) => {
        if (sitesUp[site] !== true) return false;
        for (let one = 0; one < count; one += 1) if (happens(up)) return true;
        return false;
      }),
    );
    if (isUp) answered += 1;
  }
  return { trials, ...interval(answered, trials) };
}

/** Wilson's score interval (1927): true also near 100 %, where the usual one is not. */
function interval(successes: number, trials: number): Omit<FailureTrial, 'trials'> {
  const share = successes / trials;
  const z2 = deviations ** 2 / trials;
  const centre = (share + z2 / 2) / (1 + z2);
  const width =
    (deviations / (1 + z2)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials));
  return {
    availabilityPercent: share * 100,
    lowPercent: Math.max(0, centre - width) * 100,
    highPercent: Math.min(1, centre + width) * 100,
  };
}
