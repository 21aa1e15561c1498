import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { companyOf, followCompany, type CompanyInput } from '../impact/engine/company.fixture.ts';
import type { InventoryDelta } from '../impact/engine/apply-delta.ts';
import { overlaps } from '../windows/window-rules.ts';
import type { Conflict, Freeze } from './conflict.ts';
import { conflictKey } from './diff-conflicts.ts';
import { anyGiven, anyInput, engineOn, freezeOf, intervention } from './interventions.fixture.ts';
import { isCrowd, recompute, timeOf, type PresentConflicts } from './recompute.ts';

const edits = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ put: fc.nat(7), given: anyGiven }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat(7) }) },
    { weight: 2, arbitrary: fc.record({ inventory: anyInput }) },
    { weight: 1, arbitrary: fc.record({ freeze: fc.tuple(fc.nat(10), fc.nat(10)) }) },
  ),
  { minLength: 5, maxLength: 25 },
);

/** Keeps conflicts as the database does. */
function keep() {
  const kept = new Map<string, Conflict>();
  const present: PresentConflicts = {
    of: (change) =>
      Promise.resolve([...kept.values()].filter(({ changes }) => changes.includes(change))),
    crowdsIn: (range) =>
      Promise.resolve(
        [...kept.values()].filter((each) => isCrowd(each) && overlaps(timeOf(each), range)),
      ),
  };
  return {
    kept,
    present,
    store: ({ before, now }: { before: readonly Conflict[]; now: readonly Conflict[] }) => {
      for (const conflict of before) kept.delete(conflictKey(conflict));
      for (const conflict of now) kept.set(conflictKey(conflict), conflict);
    },
  };
}

describe('recomputing the conflicts that an edit has a bearing on', () => {
  it('keeps the set that a full computation would give, whatever was edited in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(edits, async (sequence) => {
        const followed = followCompany();
        const engine = engineOn(followed.company);
        const { kept, present, store } = keep();
        const live = new Map<number, ReturnType<typeof intervention>>();
        let input: CompanyInput = { items: [], services: [], groups: [] };
        let freezes: Freeze[] = [];
        for (const edit of sequence) {
          if ('put' in edit) {
            const next = intervention(edit.put, edit.given);
            const before = live.get(edit.put)?.window;
            live.set(edit.put, next);
            engine.put(next);
            store(await recompute(engine, present, next.change, before));
          } else if ('remove' in edit) {
            const gone = live.get(edit.remove);
            if (gone === undefined) continue;
            live.delete(edit.remove);
            engine.remove(gone.change);
            store(await recompute(engine, present, gone.change, gone.window));
          } else {
            let touched: string[] = [];
            if ('inventory' in edit) {
              input = edit.inventory;
              followed.become(input, (delta: InventoryDelta) => {
                touched = engine.touchedBy(delta);
              });
            } else {
              freezes = [freezeOf({ scope: { kind: 'solution', id: 'web' } }, edit.freeze)];
              engine.setFreezes(freezes);
              touched = [...live.values()].map(({ change }) => change);
            }
            engine.forget(touched);
            for (const change of touched) store(await recompute(engine, present, change));
          }
          // Another process, which has just loaded everything.
          const fresh = engineOn(companyOf(input));
          fresh.setFreezes(freezes);
          for (const each of live.values()) fresh.put(each);
          const byKey = (conflicts: Iterable<Conflict>) =>
            [...conflicts].map((each) => [conflictKey(each), each] as const).sort();
          expect(byKey(kept.values())).toEqual(byKey(fresh.all()));
        }
      }),
      { numRuns: 250, seed: 20261124 },
    );
  });
});
