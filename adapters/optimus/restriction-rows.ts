import type { Restriction } from '../../domain/application/restrictions.ts';
import { infinity, type ProgramRows } from './program-rows.ts';

/** How many instances of each component there may be, by its replicas and by the restrictions. */
export function addRestrictions(program: ProgramRows): void {
  const { problem, deployed, addRow, total } = program;
  const { components, instances } = problem;
  components.forEach((_, component) => {
    const { min, max } = instances[component] ?? { min: 0, max: 0 };
    const choice = deployed[component];
    if (choice === undefined) {
      addRow(min, total([[component, 1]]), max);
      return;
    }
    addRow(0, new Map([...total([[component, 1]]), [choice, -min]]), infinity);
    addRow(-infinity, new Map([...total([[component, 1]]), [choice, -max]]), 0);
  });
  const indexOf = new Map(components.map((name, index) => [name, index]));
  const index = (name: string): number => indexOf.get(name) ?? -1;
  for (const restriction of problem.input.application.restrictions ?? []) {
    addRestriction(program, index, restriction);
  }
}

function addRestriction(
  program: ProgramRows,
  index: (name: string) => number,
  restriction: Restriction,
): void {
  const {
    problem: { isOptional },
    deployed,
    pairsOf,
    addRow,
    reaches,
    total,
  } = program;
  switch (restriction.kind) {
    case 'instances': {
      const { atLeast = 0, atMost = infinity, exactly } = restriction;
      const names = [...new Set(restriction.components)];
      addRow(exactly ?? atLeast, total(names.map((name) => [index(name), 1])), exactly ?? atMost);
      return;
    }
    case 'exclusive': {
      const choices = restriction.components.flatMap((name) => deployed[index(name)] ?? []);
      addRow(1, new Map(choices.map((choice) => [choice, 1])), 1);
      return;
    }
    case 'require-provide': {
      const { component, requires, provider, provides } = restriction;
      const terms = total([
        [index(component), requires],
        [index(provider), -provides],
      ]);
      if (isOptional[index(provider)] !== true) {
        addRow(-infinity, terms, 0);
        return;
      }
      requireOfExclusive(program, index, restriction);
      return;
    }
    case 'one-to-one': {
      const [first = '', ...others] = restriction.components;
      for (const other of others) {
        const terms = total([
          [index(first), 1],
          [index(other), -1],
        ]);
        addRow(0, terms, 0);
      }
      return;
    }
    case 'one-to-many': {
      const { one, many, number } = restriction;
      const terms = total([
        [index(one), number],
        [index(many), -1],
      ]);
      addRow(1, terms, number);
      return;
    }
    case 'spread':
      for (const name of restriction.components) {
        const places = pairsOf[index(name)] ?? [];
        const terms = new Map(places.map((pair) => [reaches(pair, 1), 1]));
        const choice = deployed[index(name)];
        if (choice === undefined) addRow(restriction.minDatacentres, terms, infinity);
        else addRow(0, terms.set(choice, -restriction.minDatacentres), infinity);
      }
      return;
    // These are rules of the patterns.
    case 'conflict':
    case 'co-location':
    case 'full-deployment':
      return;
  }
}

/**
 * Of exclusive components only the deployed one has instances, so that what all of them would provide
 * together is what it provides; one of which nothing is required allows as many as there can be.
 */
function requireOfExclusive(
  { problem, deployed, addRow, total }: ProgramRows,
  index: (name: string) => number,
  required: Restriction & { kind: 'require-provide' },
): void {
  const { instances } = problem;
  const restrictions = problem.input.application.restrictions ?? [];
  const ratio = (name: string): number | undefined => {
    const ratios = restrictions.flatMap((one) =>
      one.kind === 'require-provide' &&
      one.component === required.component &&
      one.provider === name
        ? [one.provides / one.requires]
        : [],
    );
    return ratios.length === 0 ? undefined : Math.min(...ratios);
  };
  for (const group of restrictions) {
    if (group.kind !== 'exclusive' || !group.components.includes(required.provider)) continue;
    const terms = total([[index(required.component), 1]]);
    for (const name of group.components) {
      const provided = ratio(name);
      if (provided !== undefined) {
        for (const [pair, factor] of total([[index(name), -provided]])) terms.set(pair, factor);
        continue;
      }
      const choice = deployed[index(name)];
      if (choice !== undefined)
        terms.set(choice, -(instances[index(required.component)]?.max ?? 0));
    }
    addRow(-infinity, terms, 0);
  }
}
