/** Something that is up or down as a whole, such as what a contract covers in a datacentre. */
export interface SlaUnit {
  readonly id: string;
  /** Share of time that it is up, 0 to 1. */
  readonly up: number;
}

/**
 * The share of time, 0 to 1, that everything needed is up: of each group (a component's replicas) at least one
 * unit must be, and units fail independently of each other. Exact, although groups share units: where they do, both
 * cases of the unit that most of them share are weighed. Without a group nothing runs, and nothing is up.
 */
export function composeSla(
  units: readonly SlaUnit[],
  groups: readonly (readonly string[])[],
): number {
  if (groups.length === 0) return 0;
  const upOf = new Map(units.map(({ id, up }) => [id, up]));
  return allUp(
    groups.map((group) => new Set(group)),
    (id) => upOf.get(id) ?? 0,
  );
}

type Group = ReadonlySet<string>;

const isWithin = (part: Group, whole: Group): boolean => [...part].every((id) => whole.has(id));

function allUp(given: readonly Group[], up: (id: string) => number): number {
  if (given.some(({ size }) => size === 0)) return 0;
  const groups = withoutImplied(given);
  // Groups that share nothing are up or down independently.
  return separate(groups).reduce((product, part) => product * partUp(part, up), 1);
}

function partUp(groups: readonly Group[], up: (id: string) => number): number {
  const [only] = groups;
  if (only === undefined) return 1;
  if (groups.length === 1) return 1 - [...only].reduce((down, id) => down * (1 - up(id)), 1);
  const shared = mostShared(groups);
  const share = up(shared);
  const whileUp = groups.filter((group) => !group.has(shared));
  const whileDown = groups.map((group) => new Set([...group].filter((id) => id !== shared)));
  return share * allUp(whileUp, up) + (1 - share) * allUp(whileDown, up);
}

/** A group that holds all of another is up whenever that one is. */
function withoutImplied(groups: readonly Group[]): Group[] {
  return groups.filter(
    (group, i) =>
      !groups.some(
        (other, j) => i !== j && isWithin(other, group) && (other.size < group.size || j < i),
      ),
  );
}

function separate(groups: readonly Group[]): Group[][] {
  let parts: Group[][] = [];
  for (const group of groups) {
    const touches = (part: readonly Group[]): boolean =>
      part.some((other) => [...other].some((id) => group.has(id)));
    parts = [...parts.filter((part) => !touches(part)), [...parts.filter(touches).flat(), group]];
  }
  return parts;
}

function mostShared(groups: readonly Group[]): string {
  const counts = new Map<string, number>();
  for (const group of groups) {
    for (const id of group) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0])[0];
}
