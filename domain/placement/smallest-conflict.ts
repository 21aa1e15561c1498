/**
 * The smallest set of demands that cannot be met together: none with fewer contradicts itself. Demands left out
 * may never make the others harder to meet.
 *
 * Implicit hitting sets: whatever contradicts itself has a demand of every set whose leaving out makes the rest
 * possible; the smallest selection that has, and cannot be met, is the answer
 * (Ignatiev, Previti, Liffiton, Marques-Silva: Smallest MUS Extraction with Minimal Hitting Set Dualization, 2015).
 *
 * @param canBeMet undefined when it was not found out; then the answer is undefined, too.
 * @returns empty when not even nothing can be met; undefined also when all can be met together.
 */
export function smallestConflict<T>(
  demands: readonly T[],
  canBeMet: (kept: readonly T[]) => boolean | undefined,
): readonly T[] | undefined {
  const corrections: (readonly T[])[] = [];
  for (;;) {
    const kept = new Set(smallestHittingSet(corrections));
    const candidate = demands.filter((demand) => kept.has(demand));
    const isPossible = canBeMet(candidate);
    if (isPossible === undefined) return undefined;
    if (!isPossible) return candidate;
    for (const demand of demands) {
      if (kept.has(demand)) continue;
      const more = canBeMet([...kept, demand]);
      if (more === undefined) return undefined;
      if (more) kept.add(demand);
    }
    const correction = demands.filter((demand) => !kept.has(demand));
    if (correction.length === 0) return undefined;
    corrections.push(correction);
  }
}

/** As few as possible, of every set one. */
function smallestHittingSet<T>(sets: readonly (readonly T[])[]): readonly T[] {
  for (let size = 0; ; size += 1) {
    const found = hit(sets, size);
    if (found !== undefined) return found;
  }
}

function hit<T>(sets: readonly (readonly T[])[], size: number): readonly T[] | undefined {
  const [first, ...others] = sets;
  if (first === undefined) return [];
  if (size === 0) return undefined;
  const fewest = others.reduce((least, set) => (set.length < least.length ? set : least), first);
  for (const one of fewest) {
    const rest = hit(
      sets.filter((set) => !set.includes(one)),
      size - 1,
    );
    if (rest !== undefined) return [one, ...rest];
  }
  return undefined;
}
