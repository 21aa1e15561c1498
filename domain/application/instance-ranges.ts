import { describeRestriction, optionalComponents, type Restriction } from './restrictions.ts';

/** How many instances of a component there can be; `because` is the restriction that said so, if one did. */
export interface InstanceRange {
  min: number;
  max: number;
  minBecause?: number;
  maxBecause?: number;
}

export interface InstanceRanges {
  readonly ranges: ReadonlyMap<string, Readonly<InstanceRange>>;
  /** The first restriction that nothing within the ranges of the others meets. */
  readonly contradiction?: { readonly restriction: number; readonly message: string };
}

interface Structure {
  readonly components: readonly {
    readonly name: string;
    readonly replicas: { readonly min: number; readonly max: number };
  }[];
  readonly restrictions?: readonly Restriction[] | undefined;
}

/** Each pass can only narrow; a chain of restrictions longer than this is left to the solver. */
const mostPasses = 100;

/**
 * The numbers of instances that the restrictions leave, by narrowing each with all others until nothing
 * changes. A range without contradiction does not promise a placement: that is for the solver to say.
 */
export function instanceRanges(structure: Structure): InstanceRanges {
  const restrictions = structure.restrictions ?? [];
  const optional = optionalComponents(structure);
  const ranges = new Map<string, InstanceRange>(
    structure.components.map(({ name, replicas: { min, max } }) => [
      name,
      { min: optional.has(name) ? 0 : min, max },
    ]),
  );
  let changed = true;
  let contradiction: InstanceRanges['contradiction'];

  const of = (name: string): InstanceRange => ranges.get(name) ?? { min: 0, max: 0 };
  const contradict = (index: number, name: string, range: InstanceRange): void => {
    const others = [range.minBecause, range.maxBecause].filter(
      (other): other is number => other !== undefined && other !== index,
    );
    const restriction = restrictions[index];
    const against = others.map((other) => {
      const named = restrictions[other];
      return named === undefined
        ? ''
        : ` and restrictions.${other} ("${describeRestriction(named)}")`;
    });
    contradiction ??= {
      restriction: index,
      message: `"${restriction === undefined ? '' : describeRestriction(restriction)}"${against.join('')}: there would be at least ${range.min} and at most ${range.max} instances of ${name}${against.length === 0 ? ', by its replicas' : ''}`,
    };
  };
  const atLeast = (index: number, name: string, min: number): void => {
    const range = of(name);
    if (min <= range.min) return;
    ranges.set(name, { ...range, min, minBecause: index });
    changed = true;
    if (min > range.max) contradict(index, name, of(name));
  };
  const atMost = (index: number, name: string, max: number): void => {
    const range = of(name);
    if (max >= range.max) return;
    ranges.set(name, { ...range, max, maxBecause: index });
    changed = true;
    if (max < range.min) contradict(index, name, of(name));
  };

  for (let pass = 0; changed && pass < mostPasses && contradiction === undefined; pass += 1) {
    changed = false;
    restrictions.forEach((restriction, index) => {
      if (contradiction !== undefined) return;
      narrow(restriction, {
        range: of,
        isOptional: (name) => optional.has(name),
        atLeast: (name, min) => atLeast(index, name, min),
        atMost: (name, max) => atMost(index, name, max),
      });
    });
  }
  return { ranges, ...(contradiction === undefined ? {} : { contradiction }) };
}

interface Narrowing {
  readonly range: (name: string) => InstanceRange;
  readonly isOptional: (name: string) => boolean;
  readonly atLeast: (name: string, min: number) => void;
  readonly atMost: (name: string, max: number) => void;
}

function narrow(restriction: Restriction, { range, isOptional, atLeast, atMost }: Narrowing): void {
  switch (restriction.kind) {
    case 'instances': {
      const names = [...new Set(restriction.components)];
      const sum = (pick: 'min' | 'max', but: string): number =>
        names.reduce((total, name) => (name === but ? total : total + range(name)[pick]), 0);
      const least = restriction.exactly ?? restriction.atLeast;
      const most = restriction.exactly ?? restriction.atMost;
      for (const name of names) {
        if (least !== undefined) atLeast(name, least - sum('max', name));
        if (most !== undefined) atMost(name, most - sum('min', name));
      }
      return;
    }
    case 'require-provide': {
      const { component, requires, provider, provides } = restriction;
      if (isOptional(provider)) return;
      atLeast(provider, Math.ceil((range(component).min * requires) / provides));
      atMost(component, Math.floor((range(provider).max * provides) / requires));
      return;
    }
    case 'one-to-one':
    case 'co-location': {
      for (const name of restriction.components) {
        for (const other of restriction.components) {
          atLeast(name, range(other).min);
          atMost(name, range(other).max);
        }
      }
      return;
    }
    case 'one-to-many': {
      const { one, many, number } = restriction;
      atLeast(one, Math.floor(range(many).min / number) + 1);
      atMost(one, Math.floor(range(many).max / number) + 1);
      atLeast(many, number * (range(one).min - 1));
      atMost(many, number * range(one).max - 1);
      return;
    }
    case 'exclusive': {
      const deployed = restriction.components.filter((name) => range(name).min > 0);
      if (deployed.length === 0) return;
      for (const name of restriction.components) {
        if (name !== deployed[0]) atMost(name, 0);
      }
      return;
    }
    case 'spread':
      for (const name of restriction.components) {
        if (!isOptional(name)) atLeast(name, restriction.minDatacentres);
      }
      return;
    case 'conflict':
    case 'full-deployment':
      return;
  }
}
