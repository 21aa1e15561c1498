import { nextFreeWindows } from '../windows/next-free-windows.ts';
import type { WindowInstants } from '../windows/window-rules.ts';
import type { ConflictEngine } from './conflict-engine.ts';

export interface FreeWindow extends WindowInstants {
  /** Customers that another intervention disturbs too within the configured distance. */
  readonly customersDisturbedTwice: number;
}

/**
 * The earliest windows, as long as the change's own, in which it would have no blocking conflict; of those the
 * one first that disturbs the fewest customers a second time. The horizon counts from `notBeforeMs`.
 */
export function freeWindowsFor(
  engine: ConflictEngine,
  change: string,
  search: { readonly notBeforeMs: number; readonly horizonMs: number; readonly count: number },
): FreeWindow[] {
  const self = engine.get(change);
  if (self === undefined) return [];
  const durationMs = self.window.closesAtMs - self.window.opensAtMs;
  const range = {
    opensAtMs: search.notBeforeMs,
    closesAtMs: search.notBeforeMs + search.horizonMs,
  };
  const busy = engine.obstaclesTo(change, range);
  const free: FreeWindow[] = [];
  // What takes three to go wrong shows only at a time: such a window is one more that is not free.
  while (free.length < search.count) {
    const candidates = nextFreeWindows({
      ...search,
      count: search.count - free.length,
      durationMs,
      busy: [...busy, ...free],
    });
    if (candidates.length === 0) break;
    for (const window of candidates) {
      const conflicts = engine.conflictsAt(change, window);
      if (conflicts.some(({ severity }) => severity === 'blocking')) {
        busy.push(window);
        continue;
      }
      const twice = conflicts.filter(({ kind }) => kind === 'shared-customers');
      const customersDisturbedTwice = twice.reduce((sum, { evidence }) => sum + evidence.count, 0);
      free.push({ ...window, customersDisturbedTwice });
    }
  }
  return free.sort(
    (a, b) => a.customersDisturbedTwice - b.customersDisturbedTwice || a.opensAtMs - b.opensAtMs,
  );
}
