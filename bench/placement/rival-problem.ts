import type { Restriction } from '../../domain/application/restrictions.ts';
import type { Placement, SimulationInput } from '../../domain/placement/simulation.ts';

/** A placement problem as other solvers are given it. */
export interface RivalProblem {
  readonly components: readonly {
    readonly name: string;
    readonly cores: number;
    readonly memoryMb: number;
    readonly storageGb: number;
  }[];
  readonly offers: readonly {
    readonly price: number;
    readonly cores: number;
    readonly memoryMb: number;
    readonly storageGb: number;
  }[];
  readonly restrictions: readonly Restriction[];
  /** Machines that may be rented. */
  readonly slots: number;
}

export interface RivalAnswer {
  readonly isProven: boolean;
  readonly price: number | null;
  /** Building the model and solving it, without the start of the program. */
  readonly seconds: number;
}

/**
 * The same problem, made easy for others: offers that another one is better than are left out, and they are told
 * how many machines suffice (as many as the best placement has instances, those on every machine not counted).
 */
export function toRivalProblem(input: SimulationInput, best: Placement): RivalProblem {
  const { application } = input;
  const restrictions = application.restrictions ?? [];
  const everywhere = new Set(
    restrictions.flatMap((one) => (one.kind === 'full-deployment' ? [one.component] : [])),
  );
  const offers = input.offers.map(({ monthlyPrice, cores, memoryMb, storageGb }) => ({
    price: monthlyPrice,
    cores,
    memoryMb,
    storageGb,
  }));
  return {
    components: application.components.map(({ name, needs }) => ({ name, ...needs })),
    offers: offers
      .filter(
        (offer, index) =>
          !offers.some(
            (other, position) =>
              position !== index &&
              other.price <= offer.price &&
              other.cores >= offer.cores &&
              other.memoryMb >= offer.memoryMb &&
              other.storageGb >= offer.storageGb &&
              // Of two that are the same in everything the first stays.
              (position < index ||
                other.price < offer.price ||
                other.cores > offer.cores ||
                other.memoryMb > offer.memoryMb ||
                other.storageGb > offer.storageGb),
          ),
      )
      .sort((a, b) => a.price - b.price),
    restrictions,
    slots: best.assignments.filter(({ component }) => !everywhere.has(component)).length,
  };
}
