import { formatUtc } from '../format-utc.ts';
import type { Disturbance } from '../impact/assess-impact.ts';
import { overlapOf, overlaps, type WindowInstants } from '../windows/window-rules.ts';

export const conflictKinds = [
  'same-item',
  'same-application',
  'same-datacentre',
  'dependency',
  'combined-outage',
  'shared-services',
] as const;
export type ConflictKind = (typeof conflictKinds)[number];
export type ConflictSeverity = 'blocking' | 'warning';

/** An intervention as conflicts are found by. */
export interface Intervention {
  readonly change: string;
  /** For people, such as CHG-12. */
  readonly label: string;
  readonly owner: string;
  readonly state: string;
  readonly window: WindowInstants;
  readonly targets: {
    readonly application?: string;
    readonly datacentres: readonly string[];
    readonly items: readonly Disturbance[];
  };
  /** Ids of the items and services that its own impact reaches. */
  readonly footprint: {
    readonly down: ReadonlySet<string>;
    readonly degraded: ReadonlySet<string>;
    readonly atRisk: ReadonlySet<string>;
  };
}

export interface ConflictEvidence {
  /** ISO instants. */
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
  /** Ordered by id. */
  readonly changes: readonly [string, string];
  readonly evidence: ConflictEvidence;
  /** What to do, one sentence. */
  readonly remedy: string;
}

/** Which nodes a set of disturbances takes down. */
export type AssessDown = (disturbances: readonly Disturbance[]) => ReadonlySet<string>;

export const evidenceKept = 20;

const severities: Readonly<Record<ConflictKind, ConflictSeverity>> = {
  'same-item': 'blocking',
  'same-application': 'blocking',
  'same-datacentre': 'blocking',
  dependency: 'blocking',
  'combined-outage': 'blocking',
  'shared-services': 'warning',
};

/**
 * Every conflict of one intervention with others whose windows overlap its own, all kinds, in the order of
 * the others. Symmetric: the same pair gives the same conflicts whichever is asked for.
 *
 * - *same-item*: both disturb it. *same-application*: both deploy it.
 * - *same-datacentre*: both work in it.
 * - *dependency*: what one disturbs goes down, or is degraded, through the other.
 * - *combined-outage*: down with both together and with neither alone; computed from the graph.
 * - *shared-services*: the impact of both reaches it, and neither works on it.
 */
export function detectConflicts(
  self: Intervention,
  others: readonly Intervention[],
  assessDown: AssessDown,
): Conflict[] {
  return others
    .filter((other) => other.change !== self.change && overlaps(self.window, other.window))
    .flatMap((other) => conflictsBetween(self, other, assessDown));
}

/** As `detectConflicts` for a pair, whenever their windows are. */
export function conflictsBetween(
  one: Intervention,
  two: Intervention,
  assessDown: AssessDown,
): Conflict[] {
  const [a, b] = one.change < two.change ? [one, two] : [two, one];
  const found: Conflict[] = [];
  const add = (
    kind: ConflictKind,
    subject: string,
    what: readonly string[],
    words: string,
  ): void => {
    if (what.length > 0) found.push(conflict(a, b, kind, subject, what, words));
  };

  const [itemsA, itemsB] = [itemsOf(a), itemsOf(b)];
  for (const item of common(itemsA, itemsB)) {
    add('same-item', `item:${item}`, [item], `both work on ${item}`);
  }
  const application = a.targets.application;
  if (application !== undefined && application === b.targets.application) {
    add(
      'same-application',
      `application:${application}`,
      [application],
      `both deploy ${application}`,
    );
  }
  for (const site of common(new Set(a.targets.datacentres), new Set(b.targets.datacentres))) {
    add('same-datacentre', `datacentre:${site}`, [site], `both work in datacentre ${site}`);
  }

  const hit = [...through(a, itemsB, itemsA), ...through(b, itemsA, itemsB)];
  add(
    'dependency',
    'items',
    [...new Set(hit)].sort(),
    'what one works on depends on what the other takes down',
  );

  const combined = combinedOutage(a.targets.items, b.targets.items, assessDown);
  add('combined-outage', 'nodes', combined, 'each alone is harmless, both together take down');

  const shared = common(reached(a), reached(b)).filter((n) => !itemsA.has(n) && !itemsB.has(n));
  add('shared-services', 'nodes', shared, 'both disturb');
  return found;
}

/**
 * What goes down with both and with neither alone. All three are assessed on the graph as it is: a
 * footprint may be missing before the first assessment, or older than the newest import.
 */
function combinedOutage(
  a: readonly Disturbance[],
  b: readonly Disturbance[],
  assessDown: AssessDown,
): string[] {
  const takesDown = ({ effect }: Disturbance): boolean => effect === 'down';
  // Only what is down takes down: no need to look at the graph if one of them takes nothing down.
  if (!a.some(takesDown) || !b.some(takesDown)) return [];
  const [downByA, downByB] = [assessDown(a), assessDown(b)];
  return [...assessDown([...a, ...b])]
    .filter((node) => !downByA.has(node) && !downByB.has(node))
    .sort();
}

function itemsOf({ targets }: Intervention): Set<string> {
  return new Set(targets.items.map(({ item }) => item));
}

function common(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  return [...a].filter((id) => b.has(id)).sort();
}

function reached({ footprint }: Intervention): Set<string> {
  return new Set([...footprint.down, ...footprint.degraded, ...footprint.atRisk]);
}

/** Items of the other that an intervention takes down or degrades, other than by working on them too. */
function through(
  { footprint }: Intervention,
  theirItems: ReadonlySet<string>,
  ownItems: ReadonlySet<string>,
): string[] {
  return [...theirItems].filter(
    (item) => !ownItems.has(item) && (footprint.down.has(item) || footprint.degraded.has(item)),
  );
}

function conflict(
  a: Intervention,
  b: Intervention,
  kind: ConflictKind,
  subject: string,
  what: readonly string[],
  words: string,
): Conflict {
  const overlap = overlapOf(a.window, b.window);
  const named = what.slice(0, 3).join(', ');
  const rest = what.length > 3 ? ` and ${what.length - 3} more` : '';
  const nodes = kind === 'combined-outage' || kind === 'dependency' || kind === 'shared-services';
  return {
    kind,
    severity: severities[kind],
    subject,
    changes: [a.change, b.change],
    evidence: {
      overlap: {
        from: new Date(overlap.opensAtMs).toISOString(),
        to: new Date(overlap.closesAtMs).toISOString(),
      },
      what: what.slice(0, evidenceKept),
      count: what.length,
      explanation: `${a.label} and ${b.label} overlap from ${formatUtc(overlap.opensAtMs)} to ${formatUtc(overlap.closesAtMs)}: ${words}${nodes ? `: ${named}${rest}` : ''}.`,
    },
    remedy:
      severities[kind] === 'blocking'
        ? `Move ${a.label} or ${b.label} to a window in which they do not meet.`
        : `Agree with the owner of the other change, or move ${a.label} or ${b.label}.`,
  };
}
