/**
 * The smallest sets of nodes that break every path when all of a set are down. A thing that is up while
 * one path is whole so needs one member of each set: that is what a requirement group can say.
 * Undefined when there are more than `limit` sets.
 */
export function minimalCuts(
  paths: readonly (readonly string[])[],
  limit: number,
): string[][] | undefined {
  if (paths.some((path) => path.length === 0)) return []; // nothing can break that path
  let cuts: ReadonlySet<string>[] = [];
  for (const [i, path] of paths.entries()) {
    if (i === 0) {
      cuts = [...new Set(path)].map((node) => new Set([node]));
      continue;
    }
    const hitting = cuts.filter((cut) => path.some((node) => cut.has(node)));
    const longer = cuts
      .filter((cut) => !hitting.includes(cut))
      .flatMap((cut) => path.map((node) => new Set([...cut, node])));
    // Another that is contained in a longer one makes it superfluous; of two equal ones, the first stays.
    cuts = [...hitting, ...longer].filter(
      (cut, at, all) =>
        !all.some(
          (other, where) =>
            where !== at &&
            [...other].every((node) => cut.has(node)) &&
            (other.size < cut.size || (other.size === cut.size && where < at)),
        ),
    );
    if (cuts.length > limit) return undefined;
  }
  return cuts.map((cut) => [...cut].sort());
}
