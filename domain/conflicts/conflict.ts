import type { Disturbance } from '../impact/impact.ts';
import type { FreezeScope } from '../windows/freeze-rules.ts';
import type { WindowInstants } from '../windows/window-rules.ts';

/**
 * - *same-item*: both disturb it. *same-application*: both deploy it.
 * - *dependency*: what one works on goes down, or is degraded, through the other.
 * - *combined-outage*: down with all of them together, and with no smaller number of them; computed.
 * - *shared-services*: the impact of both reaches it. *shared-customers*: both disturb them (services down or
 *   degraded) within a configurable distance of time.
 * - *freeze*: it disturbs what a freeze or a customer's no-touch period protects.
 * - *team*: a team is booked twice. *order*: it opens before what it comes after has closed.
 * - *capacity*: a datacentre that a release is to use is being worked on by people.
 */
export const conflictKinds = [
  'same-item',
  'same-application',
  'dependency',
  'combined-outage',
  'shared-services',
  'shared-customers',
  'freeze',
  'team',
  'order',
  'capacity',
] as const;
export type ConflictKind = (typeof conflictKinds)[number];
export type ConflictSeverity = 'blocking' | 'warning';

export const severities: Readonly<Record<ConflictKind, ConflictSeverity>> = {
  'same-item': 'blocking',
  'same-application': 'blocking',
  dependency: 'blocking',
  'combined-outage': 'blocking',
  'shared-services': 'warning',
  'shared-customers': 'warning',
  freeze: 'blocking',
  team: 'blocking',
  order: 'blocking',
  capacity: 'blocking',
};

/** A change as its conflicts with others are found by. */
export interface Intervention {
  readonly change: string;
  /** For people, such as CHG-12. */
  readonly label: string;
  readonly window: WindowInstants;
  /** Whether CTC deploys it, to these datacentres, or people carry it out in them. */
  readonly deploys: boolean;
  readonly application?: string;
  readonly datacentres: readonly string[];
  readonly department: string;
  readonly team?: string;
  readonly items: readonly Disturbance[];
  /** Changes that must have closed before this one opens. */
  readonly after: readonly string[];
  /** Labels of those among them that have ended without success. */
  readonly brokenAfter: readonly string[];
}

/** A time in which something must not be disturbed. */
export interface Freeze {
  readonly id: string;
  readonly kind: 'freeze' | 'no-touch';
  /** For people: its name or reason. */
  readonly name: string;
  readonly scope: FreezeScope;
  /** When it is in force within these instants; in order. */
  readonly within: (range: WindowInstants) => readonly WindowInstants[];
}

export interface ConflictEvidence {
  /**
   * ISO instants: the time that all of them share; of *shared-customers* that do not overlap the time
   * between them; of *order* from the opening to the closing it comes before.
   */
  readonly overlap: { readonly from: string; readonly to: string };
  /** What is shared: at most `evidenceKept` ids, and how many there are. */
  readonly what: readonly string[];
  readonly count: number;
  readonly explanation: string;
}

export interface Conflict {
  readonly kind: ConflictKind;
  readonly severity: ConflictSeverity;
  /** With the changes and the kind it says which conflict this is, whenever it is computed again. */
  readonly subject: string;
  /** Ordered by id. One with a freeze, or with a change that has failed; two; of a combined outage more. */
  readonly changes: readonly string[];
  readonly evidence: ConflictEvidence;
  /** What to do, one sentence. */
  readonly remedy: string;
}

export const evidenceKept = 20;

export interface ConflictSettings {
  /** Two disturbances of a customer that are closer than this conflict. */
  readonly customerDistanceMs: number;
}
