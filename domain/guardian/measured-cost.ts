import type { ApplicationDefinition } from '../application/application-definition.ts';
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
 * What the placement costs a month by today's prices. A replica that uses more memory than its machine was
 * rented with is counted at the cheapest machine there that would hold it.
 */
export function measuredCost(
  assignments: readonly Assignment[],
  offers: readonly Offer[],
  use: readonly MeasuredUse[],
  application: Pick<ApplicationDefinition, 'components'>,
): MeasuredCost {
  const notes: string[] = [];
  let monthlyCost = 0;
  for (const { component, datacentre, offer } of assignments) {
    const rented = offers.find(({ id }) => id === offer);
    if (rented === undefined) {
      return { monthlyCost: null, notes: [`offer ${offer} is no longer in the inventory`] };
    }
    const memoryBytes =
      use.find((one) => one.component === component && one.datacentre === datacentre)
        ?.memoryBytes ?? 0;
    const usedMb = Math.ceil(memoryBytes / bytesPerMb);
    if (usedMb <= rented.memoryMb) {
      monthlyCost += rented.monthlyPrice;
      continue;
    }
    const needs = application.components.find(({ name }) => name === component)?.needs;
    const holding = offers
      .filter(
        (one) =>
          one.datacentre === datacentre &&
          one.memoryMb >= usedMb &&
          one.cores >= (needs?.cores ?? 0) &&
          one.storageGb >= (needs?.storageGb ?? 0),
      )
      .sort((a, b) => a.monthlyPrice - b.monthlyPrice)[0];
    notes.push(
      `${component}@${datacentre} uses ${usedMb} MB of ${rented.memoryMb} MB` +
        (holding === undefined ? '; nothing there would hold it' : `: it needs ${holding.id}`),
    );
    monthlyCost += Math.max(rented.monthlyPrice, holding?.monthlyPrice ?? rented.monthlyPrice);
  }
  return { monthlyCost, notes };
}
