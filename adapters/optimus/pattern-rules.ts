import type { ApplicationDefinition } from '../../domain/application/application-definition.ts';
import { optionalComponents } from '../../domain/application/restrictions.ts';
import { isSameMark } from '../../domain/names.ts';
import { demandOf, noDemand, together, type Demand } from './machines.ts';

/** Components (by index, rising) that share a machine of an offer (by index). */
export interface Pattern {
  readonly machine: number;
  readonly components: readonly number[];
}

export const patternKey = ({ machine, components }: Pattern): string =>
  `${machine}:${components.join(',')}`;

/** Components that stand on a machine together or not at all, and what they need together. */
export interface Block extends Demand {
  readonly components: readonly number[];
}

/** A block that is on every machine, save those with one of `unless`. */
export interface Everywhere {
  readonly block: number;
  readonly unless: ReadonlySet<number>;
}

/** Which components may share a machine. */
export interface PatternRules {
  readonly blocks: readonly Block[];
  /** By block: the blocks that it shares no machine with. */
  readonly conflicts: readonly ReadonlySet<number>[];
  readonly everywhere: readonly Everywhere[];
  /** Full deployments that hold only if their component, an exclusive one, is deployed. */
  readonly everywhereIfDeployed: readonly Everywhere[];
  /** Whether machines are shared at all; if not, a pattern is one component. */
  readonly shared: boolean;
}

export function createPatternRules(application: ApplicationDefinition): PatternRules {
  const { components } = application;
  const restrictions = application.restrictions ?? [];
  const indexOf = new Map(components.map(({ name }, index) => [name, index]));
  const indices = (names: readonly string[]): number[] =>
    names.flatMap((name) => indexOf.get(name) ?? []);

  const groups = mergeGroups(
    components.length,
    restrictions.flatMap((restriction) =>
      restriction.kind === 'co-location' ? [indices(restriction.components)] : [],
    ),
  );
  const blockOf = new Map(groups.flatMap((group, block) => group.map((one) => [one, block])));
  const blocksOf = (names: readonly string[]): number[] =>
    indices(names).flatMap((component) => blockOf.get(component) ?? []);
  const blocks = groups.map((group): Block => {
    const demands = group.map((component) => demandOf(components[component]?.needs ?? {}));
    return { components: group, ...demands.reduce(together, noDemand) };
  });

  const conflicts = blocks.map(() => new Set<number>());
  const setApart = (names: readonly string[], others: readonly string[]): void => {
    for (const one of blocksOf(names)) {
      for (const other of blocksOf(others)) {
        conflicts[one]?.add(other);
        conflicts[other]?.add(one);
      }
    }
  };
  blocks.forEach(({ os }, one) => {
    blocks.forEach((block, other) => {
      if (os === undefined || block.os === undefined || isSameMark(os, block.os)) return;
      conflicts[one]?.add(other);
    });
  });
  for (const restriction of restrictions) {
    if (restriction.kind === 'conflict') setApart([restriction.component], restriction.with);
    if (restriction.kind === 'full-deployment') {
      setApart([restriction.component], restriction.except);
    }
    // Only one of them is deployed at all.
    if (restriction.kind === 'exclusive') {
      for (const name of restriction.components) {
        setApart(
          [name],
          restriction.components.filter((other) => other !== name),
        );
      }
    }
  }

  const optional = optionalComponents(application);
  const everywhere: Everywhere[] = [];
  const everywhereIfDeployed: Everywhere[] = [];
  for (const restriction of restrictions) {
    if (restriction.kind !== 'full-deployment') continue;
    for (const block of blocksOf([restriction.component])) {
      const unless = conflicts[block] ?? new Set();
      (optional.has(restriction.component) ? everywhereIfDeployed : everywhere).push({
        block,
        unless,
      });
    }
  }
  return {
    blocks,
    conflicts,
    everywhere,
    everywhereIfDeployed,
    shared: application.machines === 'shared',
  };
}

/** Whether a full deployment lacks its component on a machine with these blocks. */
export function lacks({ block, unless }: Everywhere, blocks: ReadonlySet<number>): boolean {
  if (blocks.has(block)) return false;
  for (const other of blocks) if (unless.has(other)) return false;
  return true;
}

/** 0 … count − 1 in groups, those named together in one: each rising, in the order of their first. */
function mergeGroups(count: number, together: readonly (readonly number[])[]): number[][] {
  const root = Array.from({ length: count }, (_, index) => index);
  const find = (index: number): number => {
    const up = root[index] ?? index;
    return up === index ? index : find(up);
  };
  for (const [first, ...others] of together) {
    if (first === undefined) continue;
    for (const other of others) {
      const [a, b] = [find(first), find(other)];
      root[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const groups = new Map<number, number[]>();
  for (let index = 0; index < count; index += 1) {
    groups.set(find(index), [...(groups.get(find(index)) ?? []), index]);
  }
  return [...groups.values()];
}
