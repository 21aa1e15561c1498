import { instanceRanges } from './instance-ranges.ts';
import { componentsOf, type Restriction } from './restrictions.ts';

export interface RestrictionIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface Structure {
  readonly machines?: 'dedicated' | 'shared' | undefined;
  readonly components: readonly {
    readonly name: string;
    readonly replicas: { readonly min: number; readonly max: number };
  }[];
  readonly restrictions?: readonly Restriction[] | undefined;
}

/** What in the restrictions is unknown or cannot be met whatever is offered, each at its place. */
export function checkRestrictions(structure: Structure): RestrictionIssue[] {
  const restrictions = structure.restrictions ?? [];
  const known = new Set(structure.components.map(({ name }) => name));
  const issues: RestrictionIssue[] = [];
  const complain = (index: number, message: string): void => {
    issues.push({ path: ['restrictions', index], message });
  };
  restrictions.forEach((restriction, index) => {
    const unknown = componentsOf(restriction).filter((name) => !known.has(name));
    for (const name of new Set(unknown)) {
      complain(index, `there is no component "${name}"; known: ${[...known].join(', ')}`);
    }
    for (const message of faultsOf(restriction)) complain(index, message);
    if (
      structure.machines !== 'shared' &&
      (restriction.kind === 'co-location' || restriction.kind === 'full-deployment')
    ) {
      complain(index, `${restriction.kind} needs "machines: shared": otherwise none is shared`);
    }
  });
  if (issues.length > 0) return issues;
  restrictions.forEach((restriction, index) => {
    for (const message of faultsAmong(restriction, restrictions)) complain(index, message);
  });
  const cycle = findRequirementCycle(restrictions);
  if (cycle !== undefined) {
    complain(
      cycle.restriction,
      `require-provide goes round in a circle: ${cycle.names.join(' → ')}; for equal numbers use one-to-one`,
    );
  }
  if (issues.length > 0) return issues;
  const { contradiction } = instanceRanges(structure);
  if (contradiction !== undefined) complain(contradiction.restriction, contradiction.message);
  return issues;
}

/** What is wrong with a restriction by itself. */
function faultsOf(restriction: Restriction): string[] {
  switch (restriction.kind) {
    case 'conflict':
      return restriction.with.includes(restriction.component)
        ? [`${restriction.component} is in conflict with itself`]
        : [];
    case 'full-deployment':
      return restriction.except.includes(restriction.component)
        ? [`${restriction.component} is excepted from its own full deployment`]
        : [];
    case 'require-provide':
      return restriction.component === restriction.provider
        ? [`${restriction.component} requires itself`]
        : [];
    case 'one-to-many':
      return restriction.one === restriction.many
        ? [`${restriction.one} is compared with itself`]
        : [];
    case 'instances': {
      const { atLeast, atMost, exactly } = restriction;
      if (exactly !== undefined && (atLeast !== undefined || atMost !== undefined)) {
        return ['"exactly" goes with neither "atLeast" nor "atMost"'];
      }
      if (exactly === undefined && atLeast === undefined && atMost === undefined) {
        return ['one of "atLeast", "atMost" and "exactly" is needed'];
      }
      return atLeast !== undefined && atMost !== undefined && atLeast > atMost
        ? [`atLeast ${atLeast} is more than atMost ${atMost}`]
        : [];
    }
    case 'co-location':
    case 'exclusive':
    case 'one-to-one': {
      const twice = restriction.components.filter(
        (name, position, all) => all.indexOf(name) !== position,
      );
      return [...new Set(twice)].map((name) => `${name} is named twice`);
    }
    case 'spread':
      return [];
  }
}

/** Pairs of restrictions that ask for the opposite of each other. */
function faultsAmong(restriction: Restriction, all: readonly Restriction[]): string[] {
  if (restriction.kind !== 'co-location') return [];
  const together = new Set(restriction.components);
  return all.flatMap((other, index) => {
    const apart =
      other.kind === 'conflict' ? other.with : other.kind === 'full-deployment' ? other.except : [];
    if (apart.length > 0 && 'component' in other && together.has(other.component)) {
      return apart
        .filter((name) => together.has(name))
        .map(
          (name) =>
            `${other.component} and ${name} are to share every machine, and by restrictions.${index} none`,
        );
    }
    if (other.kind === 'exclusive') {
      const both = other.components.filter((name) => together.has(name));
      return both.length > 1
        ? [
            `${both.join(' and ')} are to share every machine, and by restrictions.${index} only one is deployed`,
          ]
        : [];
    }
    return [];
  });
}

/** Names along a circle of requirements, the first repeated last, and the restriction that closes it. */
function findRequirementCycle(
  restrictions: readonly Restriction[],
): { names: string[]; restriction: number } | undefined {
  const providers = new Map<string, { name: string; restriction: number }[]>();
  restrictions.forEach((restriction, index) => {
    if (restriction.kind !== 'require-provide') return;
    const { component, provider } = restriction;
    providers.set(component, [
      ...(providers.get(component) ?? []),
      { name: provider, restriction: index },
    ]);
  });
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): { names: string[]; restriction: number } | undefined => {
    path.push(name);
    for (const next of providers.get(name) ?? []) {
      const start = path.indexOf(next.name);
      if (start >= 0) {
        return { names: [...path.slice(start), next.name], restriction: next.restriction };
      }
      const cycle = finished.has(next.name) ? undefined : visit(next.name);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    finished.add(name);
    return undefined;
  };
  for (const name of providers.keys()) {
    const cycle = finished.has(name) ? undefined : visit(name);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
