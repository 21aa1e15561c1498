import type { ImpactState } from './impact.ts';

export interface AffectedService {
  readonly id: string;
  readonly name: string;
  readonly solution: string;
  readonly customer: string;
  readonly state: ImpactState;
}

export interface AffectedCustomer {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly contractLevel: string;
  readonly state: ImpactState;
}

export interface AffectedRows {
  readonly services: AffectedService;
  readonly customers: AffectedCustomer;
}
export const affectedKinds = ['services', 'customers'] as const;
export type AffectedKind = (typeof affectedKinds)[number];

/** How many are affected now and were not when the change was assessed, and the other way round. */
export interface SetDifference {
  readonly then: number;
  readonly now: number;
  readonly added: number;
  readonly gone: number;
}

export interface ImpactDifference {
  /** Versions of the inventory. */
  readonly assessedVersion: number;
  readonly currentVersion: number;
  readonly services: Readonly<Record<ImpactState, SetDifference>>;
  readonly customers: Readonly<Record<ImpactState, SetDifference>>;
  /** Services and customers added or gone in any state, as a share of those affected then (0 to 1 and more). */
  readonly share: number;
}

/** The exact lists that a change was assessed with. */
export interface ImpactSnapshots {
  /**
   * Those affected by the newest assessment, worst state first, a batch at a time; what has left the inventory
   * since is named as its history has it. @throws DomainError `not-found` before the first assessment, and
   * for one made before lists were kept.
   */
  affected<Kind extends AffectedKind>(
    changeId: string,
    kind: Kind,
    states?: readonly ImpactState[],
  ): AsyncIterable<readonly AffectedRows[Kind][]>;
  /** What the inventory has changed about it since. @throws DomainError as `affected`. */
  difference(changeId: string): Promise<ImpactDifference>;
}
