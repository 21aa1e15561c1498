import type { Conflict } from './detect-conflicts.ts';

export interface ConflictDiff {
  readonly appeared: readonly Conflict[];
  /** Those of another severity than before, as they are now. */
  readonly changed: readonly Conflict[];
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
  const now = new Map(computed.map((conflict) => [conflictKey(conflict), conflict]));
  return {
    appeared: computed.filter((conflict) => !before.has(conflictKey(conflict))),
    changed: computed.filter((conflict) => {
      const earlier = before.get(conflictKey(conflict));
      return earlier !== undefined && earlier.severity !== conflict.severity;
    }),
    gone: stored.filter((conflict) => !now.has(conflictKey(conflict))),
  };
}
