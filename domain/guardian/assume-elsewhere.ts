import type { ApplicationDefinition } from '../application/application-definition.ts';
import type { Measurement } from '../placement/simulation.ts';

/**
 * Datacentres in which nothing at all answers: the place is the fault, whatever runs there. Where nothing
 * answers in any of several places, what runs is the likelier fault, and none of them is taken for dead.
 */
export function deadDatacentres(measurements: readonly Measurement[]): string[] {
  const places = [...new Set(measurements.map(({ datacentre }) => datacentre))];
  const dead = places.filter((place) =>
    measurements
      .filter(({ datacentre }) => datacentre === place)
      .every(({ availabilityPercent }) => availabilityPercent === 0),
  );
  return dead.length > 1 && dead.length === places.length ? [] : dead;
}

/**
 * What to expect of a component where it was not measured. Measured in several places that are alive, it is
 * taken to be no better elsewhere than in the best of them: a release that is slow or broken everywhere will
 * be so anywhere, and moving it is no way out. Measured in one place only, that place may be the fault.
 */
export function assumeElsewhere(
  measurements: readonly Measurement[],
  application: Pick<ApplicationDefinition, 'components'>,
  datacentres: readonly string[],
): Measurement[] {
  const dead = deadDatacentres(measurements);
  return application.components.flatMap(({ name, serviceTimeP95Ms }) => {
    const known = measurements.filter(({ component }) => component === name);
    const alive = known.filter(({ datacentre }) => !dead.includes(datacentre));
    const [first] = alive;
    if (first === undefined || alive.length < 2) return [];
    const times = alive.map((one) => one.serviceTimeP95Ms).filter((ms) => ms !== undefined);
    const shares = alive
      .map((one) => one.availabilityPercent)
      .filter((share) => share !== undefined);
    const figures = {
      ...(times.length === 0
        ? {}
        : { serviceTimeP95Ms: Math.max(serviceTimeP95Ms, Math.min(...times)) }),
      ...(shares.length === 0 ? {} : { availabilityPercent: Math.max(...shares) }),
    };
    return datacentres
      .filter((place) => known.every(({ datacentre }) => datacentre !== place))
      .map((datacentre) => ({
        component: name,
        datacentre,
        samples: first.samples,
        measuredAt: first.measuredAt,
        ...figures,
      }));
  });
}
