/**
 * Gives as many of those who come a place as there can be: `fitting[i]` are the places that suit the i-th. Answers
 * who has which place. Augmenting paths (Kuhn): for tens of people, in no time.
 */
export function mostMatched(fitting: readonly (readonly number[])[]): Map<number, number> {
  const taken = new Map<number, number>();
  const seat = (who: number, tried: Set<number>): boolean =>
    (fitting[who] ?? []).some((place) => {
      if (tried.has(place)) return false;
      tried.add(place);
      const holder = taken.get(place);
      if (holder !== undefined && !seat(holder, tried)) return false;
      taken.set(place, who);
      return true;
    });
  for (const who of fitting.keys()) seat(who, new Set());
  return taken;
}
