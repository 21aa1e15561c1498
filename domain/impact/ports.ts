import type { Conflict, Intervention } from '../conflicts/conflict.ts';
import type { FreeWindow } from '../conflicts/free-windows.ts';
import type { WindowInstants } from '../windows/window-rules.ts';
import type { Disturbance, Explanation, Impact, ImpactState } from './impact.ts';

/** Serialised roaring bitmaps (portable format) of the numbers that the inventory knows things by. */
export type SetsByState = Readonly<Record<ImpactState, Uint8Array>>;

/** The impact of an assessed change, with everything it reached: what its approval is about. */
export interface ImpactSnapshot {
  readonly impact: Impact;
  readonly services: SetsByState;
  /** Each customer in its worst state. */
  readonly customers: SetsByState;
}

export interface EngineStatus {
  readonly state: 'loading' | 'ready' | 'failed';
  /** Of the inventory in memory; absent before the first load. */
  readonly version?: number;
  readonly nodes: number;
  readonly interventions: number;
  /** Bytes of the inventory's arrays and of what is kept of interventions. */
  readonly bytes: number;
  /** How long the last load took, and how often the inventory was loaded and followed. */
  readonly loadMs: number;
  readonly loads: number;
  readonly follows: number;
}

/**
 * A change as it is about to be stored, which no other process can see yet; `null` as change is one that has
 * ended. Absent, it is taken as it is stored.
 */
export interface AsIf {
  readonly change: string;
  readonly intervention: Intervention | null;
}

/**
 * The company and its interventions in memory. Every answer is of the newest committed inventory: an import
 * that has committed before the call is seen by it. @throws DomainError `unavailable` while it loads for
 * longer than a request may wait, or when its database is away; never a wrong answer.
 */
export interface InventoryEngine {
  status(): Promise<EngineStatus>;
  /** @throws DomainError `not-found` naming what is no item. */
  assess(disturbances: readonly Disturbance[], limit: number): Promise<Impact>;
  /** @throws DomainError `not-found` for what is no item, and for a node that is not affected. */
  explain(
    disturbances: readonly Disturbance[],
    nodes: readonly string[],
  ): Promise<readonly Explanation[]>;
  snapshot(disturbances: readonly Disturbance[], limit: number): Promise<ImpactSnapshot>;
  /** Conflicts of a change with freezes, failed changes and one other each. */
  conflictsOf(asIf: AsIf): Promise<readonly Conflict[]>;
  /** Combined outages of three or more in a range of time. */
  crowdsIn(asIf: AsIf, range: WindowInstants): Promise<readonly Conflict[]>;
  /** All conflicts of a change with those of `among` only. */
  conflictsAmong(change: string, among: readonly string[]): Promise<readonly Conflict[]>;
  /** As `freeWindowsFor`. */
  freeWindows(
    change: string,
    search: { readonly notBeforeMs: number; readonly horizonMs: number; readonly count: number },
  ): Promise<readonly FreeWindow[]>;
  /**
   * The locks of an approval: numbers of items, redundancy groups and customers, rising, so that any two changes
   * that can conflict have one in common.
   */
  locksOf(change: string): Promise<readonly number[]>;
  /** Changes whose reach the inventory has changed since a version, and the version now. */
  touchedSince(
    version: number,
  ): Promise<{ readonly version: number; readonly changes: readonly string[] }>;
  /** Every conflict there is, computed anew: to compare with what is kept. */
  allConflicts(): Promise<readonly Conflict[]>;
}
