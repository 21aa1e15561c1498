import type { ComponentNeeds } from '../../domain/application/application-definition.ts';
import { isSameMark } from '../../domain/names.ts';
import type { Offer } from '../../domain/placement/simulation.ts';

/** What is asked of one machine. */
export interface Demand {
  readonly cores: number;
  readonly memoryMb: number;
  readonly storageGb: number;
  readonly gpus: number;
  /** Undefined: whatever there is. */
  readonly os: string | undefined;
}

export const noDemand: Demand = { cores: 0, memoryMb: 0, storageGb: 0, gpus: 0, os: undefined };

/** What a component asks of the machine it stands on. */
export function demandOf(needs: Partial<ComponentNeeds>): Demand {
  return { ...noDemand, ...needs, gpus: needs.gpus ?? 0, os: needs.os };
}

/** What both ask together; they must not ask for two operating systems. */
export function together(one: Demand, other: Demand): Demand {
  return {
    cores: one.cores + other.cores,
    memoryMb: one.memoryMb + other.memoryMb,
    storageGb: one.storageGb + other.storageGb,
    gpus: one.gpus + other.gpus,
    os: one.os ?? other.os,
  };
}

/** An offer that may be rented, with its datacentre by index. */
export interface Machine {
  readonly offer: string;
  readonly site: number;
  readonly cores: number;
  readonly memoryMb: number;
  readonly storageGb: number;
  readonly gpus: number;
  /** Undefined: any. */
  readonly operatingSystems: readonly string[] | undefined;
  readonly price: number;
  readonly available: number;
}

/** The machines on offer in these datacentres, cheapest first within each; none that is not available. */
export function machinesOn(offers: readonly Offer[], sites: readonly string[]): Machine[] {
  return sites.flatMap((id, site) =>
    offers
      .filter(({ datacentre, available }) => datacentre === id && available > 0)
      .sort(byPriceThenSize)
      .map(({ id: offer, monthlyPrice: price, gpus = 0, operatingSystems, ...size }) => ({
        offer,
        site,
        cores: size.cores,
        memoryMb: size.memoryMb,
        storageGb: size.storageGb,
        gpus,
        operatingSystems,
        price,
        available: size.available,
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
      ([index, machine]) => !scarce.has(index) && replaces(machine, candidate[1]),
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
    (b.gpus ?? 0) - (a.gpus ?? 0) ||
    (a.id < b.id ? -1 : 1)
  );
}

type Size = Pick<Machine, 'cores' | 'memoryMb' | 'storageGb'> & {
  readonly gpus?: number | undefined;
  readonly operatingSystems?: readonly string[] | undefined;
};

export function holds(machine: Size, demand: Demand): boolean {
  return isLargeEnough(machine, demand) && runs(machine, demand.os);
}

function isLargeEnough(machine: Size, size: Size): boolean {
  return (
    // Sums of fractions of cores are not exact.
    machine.cores + 1e-9 >= size.cores &&
    machine.memoryMb >= size.memoryMb &&
    machine.storageGb >= size.storageGb &&
    (machine.gpus ?? 0) >= (size.gpus ?? 0)
  );
}

export function runs({ operatingSystems }: Size, os: string | undefined): boolean {
  return (
    os === undefined ||
    operatingSystems === undefined ||
    operatingSystems.some((one) => isSameMark(one, os))
  );
}

/** Whether a machine holds whatever the other does. */
function replaces(machine: Size, other: Size): boolean {
  return (
    isLargeEnough(machine, other) &&
    (machine.operatingSystems === undefined ||
      other.operatingSystems?.every((os) => runs(machine, os)) === true)
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
