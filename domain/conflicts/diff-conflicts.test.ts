import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conflictKey, diffConflicts } from './diff-conflicts.ts';
import { conflictKinds, type Conflict } from './conflict.ts';

const conflict = (given: Partial<Conflict> = {}): Conflict => ({
  kind: 'capacity',
  severity: 'blocking',
  subject: 'datacentre:mad',
  changes: ['change-1', 'change-2'],
  evidence: {
    overlap: { from: '2026-11-25T03:00:00.000Z', to: '2026-11-25T04:00:00.000Z' },
    what: ['mad'],
    count: 1,
    explanation: 'CHG-1 and CHG-2 both work in datacentre mad.',
  },
  remedy: 'Move CHG-1 or CHG-2.',
  ...given,
});
const nothing = { appeared: [], changed: [], restated: [], unchanged: [], gone: [] };

describe('diffConflicts', () => {
  it('finds what appeared and what is gone, by changes, kind and subject', () => {
    const before = conflict();
    for (const now of [
      conflict({ subject: 'datacentre:bcn' }),
      conflict({ kind: 'same-item' }),
      conflict({ changes: ['change-1', 'change-3'] }),
    ]) {
      expect(diffConflicts([before], [now])).toEqual({
        ...nothing,
        appeared: [now],
        gone: [before],
      });
    }
  });

  it('calls a conflict of another severity changed, as it is now', () => {
    const now = conflict({ severity: 'warning' });
    expect(diffConflicts([conflict()], [now])).toEqual({ ...nothing, changed: [now] });
  });

  it('calls a conflict restated that says something else: its owners know of it already', () => {
    const { evidence } = conflict();
    const later = { from: '2026-11-25T03:30:00.000Z', to: '2026-11-25T04:00:00.000Z' };
    const now = conflict({ evidence: { ...evidence, overlap: later } });
    expect(diffConflicts([conflict()], [now])).toEqual({ ...nothing, restated: [now] });
  });

  it('leaves a conflict unchanged that comes back with its fields in another order', () => {
    const { overlap, ...rest } = conflict().evidence;
    const stored = conflict({
      evidence: { ...rest, overlap: { to: overlap.to, from: overlap.from } },
    });
    expect(diffConflicts([stored], [conflict()])).toEqual({ ...nothing, unchanged: [conflict()] });
  });

  it('leaves nothing to do once what it found has been stored', () => {
    const conflicts = fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom(...conflictKinds),
        severity: fc.constantFrom('blocking' as const, 'warning' as const),
        subject: fc.constantFrom('a', 'b'),
        remedy: fc.constantFrom('move', 'agree'),
      }),
      { selector: ({ kind, subject }) => `${kind} ${subject}` },
    );
    fc.assert(
      fc.property(conflicts, conflicts, (first, second) => {
        const [stored, computed] = [first.map(conflict), second.map(conflict)];
        const { appeared, changed, restated, unchanged, gone } = diffConflicts(stored, computed);
        const keys = (of: readonly Conflict[]): string[] => of.map(conflictKey).sort();
        expect(keys([...appeared, ...changed, ...restated, ...unchanged])).toEqual(keys(computed));
        expect(keys([...gone, ...changed, ...restated, ...unchanged])).toEqual(keys(stored));
        expect(diffConflicts(computed, computed)).toEqual({ ...nothing, unchanged: computed });
      }),
    );
  });
});
