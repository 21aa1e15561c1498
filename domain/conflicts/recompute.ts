import type { WindowInstants } from '../windows/window-rules.ts';
import type { Conflict } from './conflict.ts';

/** The conflicts that were found before and still stand, wherever they are kept. */
export interface PresentConflicts {
  /** Those of one change, crowds included. */
  of(change: string): Promise<readonly Conflict[]>;
  /** Combined outages of three or more whose common time overlaps the range. */
  crowdsIn(range: WindowInstants): Promise<readonly Conflict[]>;
}

/** What finds conflicts as they are now, here or in another thread. */
export interface ConflictFinder {
  windowOf(change: string): WindowInstants | undefined;
  conflictsOf(change: string): readonly Conflict[] | Promise<readonly Conflict[]>;
  crowdsIn(range: WindowInstants): readonly Conflict[] | Promise<readonly Conflict[]>;
}

export interface Recomputed {
  /** Those kept before that the change has a bearing on. */
  readonly before: readonly Conflict[];
  /** What stands in their place now. */
  readonly now: readonly Conflict[];
}

/**
 * What becomes of the kept conflicts when one change has been added, moved, changed in its reach or removed:
 * put into the place of `before`, `now` makes the kept set what a full computation would give. `windowBefore`
 * is the window it had until now.
 */
export async function recompute(
  finder: ConflictFinder,
  present: PresentConflicts,
  change: string,
  windowBefore?: WindowInstants,
): Promise<Recomputed> {
  const own = await present.of(change);
  const windowNow = finder.windowOf(change);
  const touched = [windowBefore, windowNow].filter((window) => window !== undefined);
  touched.push(...own.filter(isCrowd).map(timeOf));
  const others = own.filter((conflict) => !isCrowd(conflict));
  const computed = await finder.conflictsOf(change);
  if (touched.length === 0) return { before: others, now: computed };

  // Who contributes to a crowd's outage may change when one more runs at the same time. A crowd that is looked
  // at is looked at for all the time it shares, for it may be found at another moment of that.
  let range = hullOf(touched);
  let crowds = await present.crowdsIn(range);
  for (;;) {
    const wider = hullOf([range, ...crowds.map(timeOf)]);
    if (wider.opensAtMs === range.opensAtMs && wider.closesAtMs === range.closesAtMs) break;
    range = wider;
    crowds = await present.crowdsIn(range);
  }
  return { before: [...others, ...crowds], now: [...computed, ...(await finder.crowdsIn(range))] };
}

export const isCrowd = ({ changes }: Conflict): boolean => changes.length > 2;

export function timeOf({ evidence: { overlap } }: Conflict): WindowInstants {
  return { opensAtMs: Date.parse(overlap.from), closesAtMs: Date.parse(overlap.to) };
}

function hullOf(windows: readonly WindowInstants[]): WindowInstants {
  return {
    opensAtMs: Math.min(...windows.map(({ opensAtMs }) => opensAtMs)),
    closesAtMs: Math.max(...windows.map(({ closesAtMs }) => closesAtMs)),
  };
}
