import type { Offer } from '../../domain/placement/simulation.ts';

/** An offer that may be rented, with its datacentre by index. */
export interface Machine {
  readonly offer: string;
  readonly site: number;
  readonly cores: number;
  readonly memoryMb: number;
  readonly storageGb: number;
  readonly price: number;
  readonly available: number;
}

/** The machines on offer in these datacentres, cheapest first within each; none that is not available. */
export function machinesOn(offers: readonly Offer[], sites: readonly string[]): Machine[] {
  return sites.flatMap((id, site) =>
    offers
      .filter(({ datacentre, available }) => datacentre === id && available > 0)
      .sort(byPriceThenSize)
      .map(({ id: offer, cores, memoryMb, storageGb, monthlyPrice: price, available }) => ({
        offer,
        site,
        cores,
        memoryMb,
        storageGb,
        price,
        available,
      })),
  );
}

/**
 * Of the machines of a datacentre, cheapest first, those that some best placement may use: one is left out
 * when another holds as much, costs no more, and is not scarce.
 */
export function undominated(
  machines: readonly (readonly [index: number, machine: Machine])[],
  scarce: ReadonlySet<number>,
): (readonly [index: number, machine: Machine])[] {
  const kept: (readonly [index: number, machine: Machine])[] = [];
  for (const candidate of machines) {
    const isDominated = kept.some(
      ([index, machine]) => !scarce.has(index) && holds(machine, candidate[1]),
    );
    if (!isDominated) kept.push(candidate);
  }
  return kept;
}

/** By rising price; of equal prices the larger first, so that it shuts out the smaller. */
function byPriceThenSize(a: Offer, b: Offer): number {
  return (
    a.monthlyPrice - b.monthlyPrice ||
    b.cores - a.cores ||
    b.memoryMb - a.memoryMb ||
    b.storageGb - a.storageGb ||
    (a.id < b.id ? -1 : 1)
  );
}

export function holds(
  machine: Pick<Machine, 'cores' | 'memoryMb' | 'storageGb'>,
  needs: { readonly cores: number; readonly memoryMb: number; readonly storageGb: number },
): boolean {
  return (
    // Sums of fractions of cores are not exact.
    machine.cores + 1e-9 >= needs.cores &&
    machine.memoryMb >= needs.memoryMb &&
    machine.storageGb >= needs.storageGb
  );
}

/**
 * The largest step (a thousandth, or a multiple) that all prices are whole numbers of; undefined when there
 * is none. In steps every cost is a whole number, so that a bound may be rounded up.
 */
export function priceStep(prices: readonly number[]): number | undefined {
  const parts = 1000;
  let divisor = 0;
  for (const price of prices) {
    const scaled = Math.round(price * parts);
    if (Math.abs(scaled - price * parts) > 1e-6 || scaled > Number.MAX_SAFE_INTEGER / 1e6) {
      return undefined;
    }
    let a = scaled;
    while (a !== 0) [divisor, a] = [a, divisor % a];
  }
  return divisor === 0 ? undefined : divisor / parts;
}
