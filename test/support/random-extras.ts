import type { SimulationInput } from '../../domain/placement/simulation.ts';
import type { Dice } from './random-restricted-input.ts';

/** The input with what not every application asks for: each by chance, so that some of it bites. */
export function withExtras(input: SimulationInput, dice: Dice): SimulationInput {
  const { application, datacentres, offers, latencies } = input;
  const names = application.components.map(({ name }) => name);
  const sites = datacentres.map(({ id }) => id);
  const isOne = (of: number): boolean => dice(1, of) === 1;
  const one = <T>(some: readonly T[]): T => some[dice(0, some.length - 1)] as T;
  const [first = '', second = first] = isOne(2) ? names : names.toReversed();
  return {
    ...input,
    application: {
      ...application,
      components: application.components.map((component) => ({
        ...component,
        needs: {
          ...component.needs,
          ...(isOne(4) ? { os: one(['linux', 'windows']) } : {}),
          ...(isOne(6) ? { gpus: 1 } : {}),
        },
        ...(isOne(3) ? { capacityPerSecond: dice(2, 8) } : {}),
      })),
      links: isOne(2)
        ? [
            {
              from: first,
              to: second,
              ...(isOne(2) ? { maxLatencyMs: dice(0, 20) } : {}),
              gbPerMonth: dice(1, 10),
            },
          ]
        : [],
      nfrs: {
        ...application.nfrs,
        location: {
          ...application.nfrs.location,
          ...(isOne(6) ? { jurisdictions: ['ES', 'FR'] } : {}),
        },
        ...(isOne(4) ? { throughput: { minPerSecond: dice(1, 12) } } : {}),
        ...(isOne(6) ? { certifications: { all: ['iso-27001'] } } : {}),
        ...(isOne(6) ? { securityLevel: { min: dice(1, 4) } } : {}),
        ...(isOne(8) ? { financialRisk: { max: dice(2, 5) } } : {}),
        ...(isOne(8) ? { technologicalRisk: { max: dice(2, 5) } } : {}),
      },
    },
    datacentres: datacentres.map((datacentre) =>
      isOne(2) ? { ...datacentre, egressPricePerGb: dice(1, 8) / 4 } : datacentre,
    ),
    offers: offers.map((offer) => ({
      ...offer,
      ...(isOne(2) ? { gpus: dice(0, 2) } : {}),
      ...(isOne(3) ? { operatingSystems: ['linux'] } : {}),
      ...(isOne(4) ? {} : { certifications: ['iso-27001', 'ens-high'] }),
      ...(isOne(4) ? {} : { jurisdiction: one(['ES', 'FR', 'US']) }),
      ...(isOne(4) ? {} : { securityLevel: dice(1, 5) }),
      ...(isOne(4) ? {} : { financialRisk: dice(1, 5), technologicalRisk: dice(1, 5) }),
    })),
    latencies,
    ...(isOne(3)
      ? { failureDomains: [{ id: 'grid', datacentres: sites, availabilityPercent: dice(95, 99) }] }
      : {}),
    ...(isOne(2)
      ? {
          current: {
            placement: {
              assignments: names.flatMap((component) =>
                sites.flatMap((datacentre) =>
                  isOne(2) ? [{ component, datacentre, offer: '-' }] : [],
                ),
              ),
            },
            aim: one(['cost', 'least-disruption'] as const),
            costPerStart: dice(0, 40),
            failurePercent: dice(0, 20),
            lossPerFailure: dice(0, 100),
            overMonths: dice(1, 12),
          },
        }
      : {}),
    ...(isOne(4) ? { noReturnTo: [one(sites)] } : {}),
  };
}
