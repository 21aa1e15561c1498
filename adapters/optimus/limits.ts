import type { Nfrs } from '../../domain/application/nfrs.ts';
import type { FrontAxis } from '../../domain/placement/front.ts';

/** Requirements in which a figure is held to a limit. */
export function withLimit(nfrs: Nfrs, axis: FrontAxis, limit: number): Nfrs {
  switch (axis) {
    case 'availability':
      return { ...nfrs, availability: { ...nfrs.availability, minPercent: limit } };
    case 'responseTime':
      return { ...nfrs, responseTime: { ...nfrs.responseTime, p95MaxMs: limit } };
    case 'throughput':
      return { ...nfrs, throughput: { ...nfrs.throughput, minPerSecond: limit } };
    case 'monthlyCost':
      return { ...nfrs, monthlyCost: { ...nfrs.monthlyCost, max: limit } };
  }
}
