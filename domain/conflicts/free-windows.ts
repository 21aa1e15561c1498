import { nextFreeWindows } from '../windows/next-free-windows.ts';
import { overlaps, type WindowInstants } from '../windows/window-rules.ts';
import { conflictsBetween, type AssessDown, type Intervention } from './detect-conflicts.ts';

/**
 * The earliest windows, as long as the intervention's own, in which it would meet no other that it has a
 * blocking conflict with. The horizon counts from `notBeforeMs`.
 */
export function freeWindowsFor(
  self: Intervention,
  others: readonly Intervention[],
  assessDown: AssessDown,
  search: { readonly notBeforeMs: number; readonly horizonMs: number; readonly count: number },
): WindowInstants[] {
  const range = {
    opensAtMs: search.notBeforeMs,
    closesAtMs: search.notBeforeMs + search.horizonMs,
  };
  const inTheWay = others.filter(
    (other) =>
      other.change !== self.change &&
      overlaps(range, other.window) &&
      conflictsBetween(self, other, assessDown).some(({ severity }) => severity === 'blocking'),
  );
  return nextFreeWindows({
    ...search,
    durationMs: self.window.closesAtMs - self.window.opensAtMs,
    busy: inTheWay.map(({ window }) => window),
  });
}
