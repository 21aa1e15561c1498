import type { Assignment, Current, Placement, RankedPlacement } from './simulation.ts';

type Instance = Pick<Assignment, 'component' | 'datacentre'>;

/** How many instances of each component stand in each datacentre, by `component@datacentre`. */
export function countInstances(assignments: readonly Instance[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of assignments) {
    const key = instanceKey(one);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

export function instanceKey({ component, datacentre }: Instance): string {
  return `${component}@${datacentre}`;
}

/** The monthly share of one start: what it costs, and what it may lose. */
export function shareOfStart(current: Current): number {
  const { costPerStart, failurePercent, lossPerFailure, overMonths } = current;
  return (costPerStart + (failurePercent / 100) * lossPerFailure) / overMonths;
}

/** What it takes to get from where it stands to a placement. */
export function movesTo(
  current: Current,
  placement: Pick<Placement, 'assignments'>,
): NonNullable<RankedPlacement['moves']> {
  const before = countInstances(current.placement.assignments);
  let starts = 0;
  for (const [key, count] of countInstances(placement.assignments)) {
    starts += Math.max(0, count - (before.get(key) ?? 0));
  }
  return { starts, monthlyShare: starts * shareOfStart(current) };
}
