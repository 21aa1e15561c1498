import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyInterventions,
  assessDownOn,
  graphOf,
  hourMs,
  interventionOn,
  midnightMs,
} from './interventions.fixture.ts';
import { overlaps } from '../windows/window-rules.ts';
import { detectConflicts, type Intervention } from './detect-conflicts.ts';
import { freeWindowsFor } from './free-windows.ts';

const graph = graphOf('svc-shop: 1 of web-1, web-2');
const assessDown = assessDownOn(graph);
const search = { notBeforeMs: midnightMs, horizonMs: 48 * hourMs, count: 2 };
const hoursOf = (self: Intervention, others: Intervention[], more: Partial<typeof search> = {}) =>
  freeWindowsFor(self, others, assessDown, { ...search, ...more }).map(
    ({ opensAtMs, closesAtMs }) => [opensAtMs, closesAtMs].map((ms) => (ms - midnightMs) / hourMs),
  );

describe('freeWindowsFor', () => {
  const self = interventionOn(graph, 1, {
    hours: [2, 4],
    datacentres: ['mad'],
    items: [{ item: 'web-1', effect: 'down' }],
  });

  it('keeps clear of others in the same datacentre, also of those it does not meet now', () => {
    const others = [
      interventionOn(graph, 2, { hours: [1, 3], datacentres: ['mad'] }),
      interventionOn(graph, 3, { hours: [5, 7], datacentres: ['mad'] }),
    ];
    expect(hoursOf(self, others)).toEqual([
      [3, 5],
      [7, 9],
    ]);
  });

  it('keeps clear of those it would cause an outage with', () => {
    const other = interventionOn(graph, 2, {
      hours: [0, 6],
      items: [{ item: 'web-2', effect: 'down' }],
    });
    expect(hoursOf(self, [other], { count: 1 })).toEqual([[6, 8]]);
  });

  it('may meet those that it only shares services with', () => {
    const other = interventionOn(graph, 2, {
      hours: [0, 6],
      items: [{ item: 'web-2', effect: 'degraded' }],
    });
    expect(hoursOf(self, [other], { count: 1 })).toEqual([[0, 2]]);
  });

  it('is not in its own way', () => {
    expect(hoursOf(self, [self], { notBeforeMs: self.window.opensAtMs, count: 1 })).toEqual([
      [2, 4],
    ]);
  });

  it('offers none where the others leave none within the horizon', () => {
    const other = interventionOn(graph, 2, { hours: [-100, 47], datacentres: ['mad'] });
    expect(hoursOf(self, [other])).toEqual([]);
  });

  it('offers windows, in order and apart, in which nothing blocks the change', () => {
    fc.assert(
      fc.property(
        anyInterventions,
        fc.integer({ min: -hourMs, max: 20 * hourMs }),
        fc.integer({ min: 1, max: 5 }),
        ({ graph: any, interventions }, offsetMs, count) => {
          const [mover, ...others] = interventions;
          if (mover === undefined) return;
          const range = { notBeforeMs: midnightMs + offsetMs, horizonMs: 60 * hourMs, count };
          const offered = freeWindowsFor(mover, interventions, assessDownOn(any), range);
          // All others have ended by hour 28: what is left of the horizon holds one window at least.
          expect(offered.length).toBeGreaterThan(0);
          expect(offered.length).toBeLessThanOrEqual(count);
          offered.forEach((window, i) => {
            const before = offered[i - 1];
            if (before !== undefined) {
              expect(before.closesAtMs).toBeLessThanOrEqual(window.opensAtMs);
              expect(overlaps(before, window)).toBe(false);
            }
            expect(window.opensAtMs).toBeGreaterThanOrEqual(range.notBeforeMs);
            expect(window.closesAtMs).toBeLessThanOrEqual(range.notBeforeMs + range.horizonMs);
            expect(window.closesAtMs - window.opensAtMs).toBe(
              mover.window.closesAtMs - mover.window.opensAtMs,
            );
            const moved = detectConflicts({ ...mover, window }, others, assessDownOn(any));
            expect(moved.filter(({ severity }) => severity === 'blocking')).toEqual([]);
          });
        },
      ),
    );
  });
});
