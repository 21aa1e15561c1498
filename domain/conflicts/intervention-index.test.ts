import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps } from '../windows/window-rules.ts';
import type { Footprint } from './footprint.ts';
import { createInterventionIndex } from './intervention-index.ts';
import { hourMs, intervention, midnightMs } from './interventions.fixture.ts';
import { setOf } from './number-set.ts';

/** Short, over midnight, and longer than the index looks at stretch by stretch. */
const anyHours = fc
  .tuple(
    fc.integer({ min: -30, max: 30 }),
    fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 300, max: 500 })),
  )
  .map(([from, length]): [number, number] => [from, from + length]);
const anyNumbers = fc.uniqueArray(fc.nat(20_000), { maxLength: 3 });
const anyEdit = fc.record({
  number: fc.nat(12),
  isGone: fc.boolean(),
  hours: anyHours,
  team: fc.constantFrom('day', 'night', undefined),
  application: fc.option(fc.constantFrom('shop', 'mail'), { nil: undefined, freq: 4 }),
  after: fc.array(fc.nat(12), { maxLength: 2 }),
  /** Not known of some. */
  reach: fc.option(anyNumbers, { nil: undefined, freq: 3 }),
  customers: anyNumbers,
});
type Edit = typeof anyEdit extends fc.Arbitrary<infer T> ? T : never;

const footprintOf = ({ reach = [], customers }: Edit) =>
  ({
    reach: setOf(Int32Array.from(reach)),
    customers: setOf(Int32Array.from(customers)),
    wounded: Int32Array.from(reach.filter((number) => number % 2 === 0)),
  }) as Footprint;
/** What is not known may be anything. */
function mayShare(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (a === undefined) return b === undefined || b.length > 0;
  return b === undefined ? a.length > 0 : a.some((each) => b.includes(each));
}
const customersOf = ({ reach, customers }: Edit) => (reach === undefined ? undefined : customers);

describe('the index of interventions', () => {
  it('leaves out none that could conflict, whatever was put, replaced and removed', () => {
    fc.assert(
      fc.property(fc.array(anyEdit, { maxLength: 30 }), anyHours, fc.nat(30), (edits, hours, h) => {
        const index = createInterventionIndex();
        const live = new Map<string, Edit>();
        for (const edit of edits) {
          const { team, application, ...given } = edit;
          const next = intervention(edit.number, {
            ...given,
            ...(team === undefined ? {} : { team }),
            ...(application === undefined ? {} : { application }),
          });
          live.delete(next.change);
          if (edit.isGone) index.remove(next.change);
          else {
            const kept = index.put(next);
            if (edit.reach !== undefined) index.learn(kept, footprintOf(edit));
            live.set(next.change, edit);
          }
        }
        const window = {
          opensAtMs: midnightMs + hours[0] * hourMs,
          closesAtMs: midnightMs + hours[1] * hourMs,
        };
        const near = {
          opensAtMs: window.opensAtMs - h * hourMs,
          closesAtMs: window.closesAtMs + h * hourMs,
        };
        const changes = (found: Iterable<{ intervention: { change: string } }>) =>
          [...found].map(({ intervention: { change } }) => change);
        expect(changes(index.all()).sort()).toEqual([...live.keys()].sort());

        for (const self of index.all()) {
          const own = live.get(self.intervention.change)!;
          const rivals = changes(index.rivals(self, window, h * hourMs));
          const obstacles = changes(index.obstacles(self, window));
          const ordered = changes(index.orderedWith(self.intervention));
          expect(new Set(rivals).size).toBe(rivals.length);
          expect(rivals).not.toContain(self.intervention.change);
          for (const other of index.all()) {
            if (other === self) continue;
            const { change, window: theirs, after } = other.intervention;
            const given = live.get(change)!;
            const mayMeet =
              mayShare(own.reach, given.reach) ||
              (own.team !== undefined && own.team === given.team) ||
              // One deploys, and the other does not; or both deploy the same.
              (own.application === undefined) !== (given.application === undefined) ||
              (own.application !== undefined && own.application === given.application);
            const shareCustomers = mayShare(customersOf(own), customersOf(given));
            if (overlaps(theirs, near) && shareCustomers) expect(rivals).toContain(change);
            if (overlaps(theirs, window) && mayMeet) {
              expect(rivals).toContain(change);
              expect(obstacles).toContain(change);
            }
            const isOrdered =
              after.includes(self.intervention.change) || self.intervention.after.includes(change);
            expect(ordered.includes(change)).toBe(isOrdered);
          }
        }
        expect(changes(index.wounding(window)).sort()).toEqual(
          [...live]
            .filter(([change]) => overlaps(index.get(change)!.intervention.window, window))
            .filter(([, { reach }]) => reach?.some((number) => number % 2 === 0) ?? true)
            .map(([change]) => change)
            .sort(),
        );
      }),
      { numRuns: 1000, seed: 20261126 },
    );
  });
});
