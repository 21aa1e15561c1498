import type { Conflict } from './conflict.ts';

export interface ConflictDiff {
  readonly appeared: readonly Conflict[];
  /** Those of another severity than before, as they are now. */
  readonly changed: readonly Conflict[];
  /** Of the same severity, but they say something else now, such as another overlap; as they are now. */
  readonly restated: readonly Conflict[];
  readonly unchanged: readonly Conflict[];
  readonly gone: readonly Conflict[];
}

/** The same conflict has the same key, whenever it was computed. */
export function conflictKey({ changes, kind, subject }: Conflict): string {
  return JSON.stringify([...changes, kind, subject]);
}

/** What became of the stored conflicts, judged by those computed now. */
export function diffConflicts(
  stored: readonly Conflict[],
  computed: readonly Conflict[],
): ConflictDiff {
  const before = new Map(stored.map((conflict) => [conflictKey(conflict), conflict]));
  const now = new Set(computed.map(conflictKey));
  const fate = (conflict: Conflict): Exclude<keyof ConflictDiff, 'gone'> => {
    const earlier = before.get(conflictKey(conflict));
    if (earlier === undefined) return 'appeared';
    if (earlier.severity !== conflict.severity) return 'changed';
    return wordsOf(earlier) === wordsOf(conflict) ? 'unchanged' : 'restated';
  };
  const having = (wanted: ReturnType<typeof fate>): Conflict[] =>
    computed.filter((conflict) => fate(conflict) === wanted);
  return {
    appeared: having('appeared'),
    changed: having('changed'),
    restated: having('restated'),
    unchanged: having('unchanged'),
    gone: stored.filter((conflict) => !now.has(conflictKey(conflict))),
  };
}

/** Field by field: what comes back from a database has its fields in another order. */
function wordsOf({ evidence, remedy }: Conflict): string {
  const { overlap, what, count, explanation } = evidence;
  return JSON.stringify([overlap.from, overlap.to, what, count, explanation, remedy]);
}
