import type { ApplicationDefinition } from '../application/application-definition.ts';
import { rentedMachines } from '../placement/rented-machines.ts';
import type { Assignment, Offer } from '../placement/simulation.ts';

/** What a replica really uses, where the datacentre can tell. */
export interface MeasuredUse {
  readonly component: string;
  readonly datacentre: string;
  readonly memoryBytes?: number;
}

export interface MeasuredCost {
  /** Null when an offer that is rented is no longer known: then the cost is not known either. */
  readonly monthlyCost: number | null;
  readonly notes: readonly string[];
}

const bytesPerMb = 1024 * 1024;

/**
 * What the placement costs a month by today's prices. A machine whose replicas use more memory than it was
 * rented with is counted at the cheapest machine there that would hold them.
 */
export function measuredCost(
  assignments: readonly Assignment[],
  offers: readonly Offer[],
  use: readonly MeasuredUse[],
  application: Pick<ApplicationDefinition, 'components'>,
): MeasuredCost {
  const notes: string[] = [];
  let monthlyCost = 0;
  for (const { components, datacentre, offer } of rentedMachines(assignments)) {
    const rented = offers.find(({ id }) => id === offer);
    if (rented === undefined) {
      return { monthlyCost: null, notes: [`offer ${offer} is no longer in the inventory`] };
    }
    const memoryBytes = components.reduce(
      (sum, component) =>
        sum +
        (use.find((one) => one.component === component && one.datacentre === datacentre)
          ?.memoryBytes ?? 0),
      0,
    );
    const usedMb = Math.ceil(memoryBytes / bytesPerMb);
    if (usedMb <= rented.memoryMb) {
      monthlyCost += rented.monthlyPrice;
      continue;
    }
    const needs = application.components.filter(({ name }) => components.includes(name));
    const needed = (of: 'cores' | 'storageGb'): number =>
      needs.reduce((sum, one) => sum + one.needs[of], 0);
    const holding = offers
      .filter(
        (one) =>
          one.datacentre === datacentre &&
          one.memoryMb >= usedMb &&
          one.cores >= needed('cores') &&
          one.storageGb >= needed('storageGb'),
      )
      .sort((a, b) => a.monthlyPrice - b.monthlyPrice)[0];
    notes.push(
      `${components.join(' + ')}@${datacentre} uses ${usedMb} MB of ${rented.memoryMb} MB` +
        (holding === undefined ? '; nothing there would hold it' : `: it needs ${holding.id}`),
    );
    monthlyCost += Math.max(rented.monthlyPrice, holding?.monthlyPrice ?? rented.monthlyPrice);
  }
  return { monthlyCost, notes };
}
