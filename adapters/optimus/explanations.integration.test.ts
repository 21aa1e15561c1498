import { beforeAll, describe, expect, it } from 'vitest';
import type { Nfrs } from '../../domain/application/nfrs.ts';
import { axes, type FrontAxis } from '../../domain/placement/front.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { exhaustiveCosts, exhaustivePlacements } from '../../test/support/exhaustive-placements.ts';
import { exampleSimulationInput } from '../../test/support/example-simulation-input.ts';
import { withExtras } from '../../test/support/random-extras.ts';
import {
  createDice,
  randomRestrictedInput,
  type RestrictionKind,
} from '../../test/support/random-restricted-input.ts';
import { answerSimulation } from './answer-simulation.ts';
import { conditionsOf, type Condition } from './conditions.ts';
import { createHighsSolver } from './highs-solver.ts';
import { findFront } from './pareto-front.ts';
import { createDeadline, type Solver } from './solver.ts';

let solver: Solver;
beforeAll(async () => {
  solver = await createHighsSolver();
});
const answer = (input: SimulationInput) =>
  answerSimulation(input, solver, { placements: 5, deadline: createDeadline(120_000) });

/** Small inputs, the same in each run. */
function* randomInputs(
  seed: number,
  kinds: readonly RestrictionKind[],
): Generator<SimulationInput> {
  for (let run = 0; ; run += 1) {
    const dice = createDice(seed * 100_000 + run);
    const input = randomRestrictedInput(dice, kinds.slice(0, dice(0, kinds.length)));
    if (input !== undefined) yield withExtras(input, dice);
  }
}

/** Limits that nothing breaks. */
const loose = {
  availability: { minPercent: 0 },
  monthlyCost: { max: 1e9, currency: 'EUR' },
  responseTime: { p95MaxMs: 1e9 },
  location: { countries: ['ES', 'FR', 'PT'] },
} as const;

/** The input without these conditions, by other means than the optimiser's. */
function without(input: SimulationInput, left: readonly Condition[]): SimulationInput {
  const { application } = input;
  const { restrictions = [], links = [] } = application;
  const nfrs: Record<string, unknown> = { ...application.nfrs };
  for (const one of left) {
    if (one.kind !== 'requirement') continue;
    const { requirement } = one;
    if (requirement in loose) nfrs[requirement] = loose[requirement as keyof typeof loose];
    else Reflect.deleteProperty(nfrs, requirement);
  }
  const isLeft = (kind: Condition['kind'], at: number): boolean =>
    left.some((one) => one.kind === kind && 'index' in one && one.index === at);
  return {
    ...input,
    application: {
      ...application,
      nfrs: nfrs as Nfrs,
      restrictions: restrictions.filter((_, index) => !isLeft('restriction', index)),
      links: links.filter((_, index) => !isLeft('link', index)),
    },
  };
}

describe('why there is no placement', () => {
  it('is a smallest set of conditions that contradict each other, as trying every set finds', () => {
    const sizes: number[] = [];
    let tried = 0;
    for (const input of randomInputs(60, ['spread', 'instances', 'conflict'])) {
      if (tried === 60) break;
      if (exhaustiveCosts(input).length > 0) continue;
      tried += 1;
      const conditions = conditionsOf(input.application);
      const smallest = smallestBySize(input, conditions);
      const { status, conflict, contradictions } = answer(input);
      expect(status).toBe('infeasible');
      expect(contradictions.length).toBeGreaterThan(0);
      const named = (conflict ?? []).filter(({ kind }) => kind !== 'stock');
      // What there is too little of is said by component, and not by condition.
      if (named.length === 0) continue;
      expect(named, contradictions.join(' ')).toHaveLength(smallest);
      sizes.push(named.length);
    }
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(sizes.length).toBeGreaterThan(12);
  });

  /** The fewest conditions that nothing meets together. */
  function smallestBySize(input: SimulationInput, conditions: readonly Condition[]): number {
    for (let size = 0; size <= conditions.length; size += 1) {
      for (let chosen = 0; chosen < 1 << conditions.length; chosen += 1) {
        const kept = conditions.filter((_, index) => (chosen & (1 << index)) !== 0);
        if (kept.length !== size) continue;
        const left = conditions.filter((condition) => !kept.includes(condition));
        if (exhaustiveCosts(without(input, left)).length === 0) return size;
      }
    }
    throw new Error('everything can be met');
  }

  const withNfrs = (nfrs: Partial<Nfrs>): SimulationInput => {
    const input = exampleSimulationInput();
    const { application } = input;
    return { ...input, application: { ...application, nfrs: { ...application.nfrs, ...nfrs } } };
  };

  it('says what would do in its place: the nearest there is', () => {
    // Cheap enough for one datacentre, available enough only in two.
    const { conflict } = answer(
      withNfrs({
        monthlyCost: { max: 60, currency: 'EUR' },
        availability: { minPercent: 99.99 },
      }),
    );
    const nearest = Object.fromEntries((conflict ?? []).map((one) => [one.name, one.nearest]));
    expect(Object.keys(nearest)).toContain('monthlyCost');
    const cost = Number(/costs (\S+)$/.exec(nearest['monthlyCost'] ?? '')?.[1]);
    expect(answer(withNfrs({ monthlyCost: { max: cost, currency: 'EUR' } })).status).toBe(
      'optimal',
    );
    expect(answer(withNfrs({ monthlyCost: { max: cost - 0.01, currency: 'EUR' } })).status).toBe(
      'infeasible',
    );
  });

  it.each([
    ['certifications', { certifications: { all: ['iso-27001'] } }, /without any/],
    ['securityLevel', { securityLevel: { min: 3 } }, /where it is not known/],
    ['location', { location: { countries: ['PT'] } }, /met with (ES|FR) as well/],
  ] as const)('names the %s that no offer meets', (name, nfrs, words) => {
    const { status, conflict } = answer(withNfrs(nfrs as unknown as Partial<Nfrs>));
    expect(status).toBe('infeasible');
    expect(conflict).toEqual([
      expect.objectContaining({ kind: 'requirement', name, nearest: expect.stringMatching(words) }),
    ]);
  });
});

describe('soft requirements', () => {
  const soft = (nfrs: Record<string, unknown>): SimulationInput => {
    const input = exampleSimulationInput();
    const { application } = input;
    return {
      ...input,
      application: { ...application, nfrs: { ...application.nfrs, ...nfrs } },
    };
  };

  it('give way where they cannot be met, and are named', () => {
    const { status, unmet, placements } = answer(
      soft({ monthlyCost: { max: 1, currency: 'EUR', soft: true } }),
    );
    expect(status).toBe('optimal');
    expect(unmet).toEqual([
      { requirement: 'monthlyCost', target: 'a monthly cost of at most 1.00 EUR' },
    ]);
    expect(placements[0]?.predicted.monthlyCost).toBeGreaterThan(1);
  });

  it('give way by their priority, the highest number first', () => {
    // What one datacentre costs, in which it is not available enough.
    const [cheapest] = answer(soft({ availability: { minPercent: 0 } })).placements;
    const max = cheapest?.predicted.monthlyCost ?? 0;
    const two = (costFirst: boolean) =>
      answer(
        soft({
          monthlyCost: { max, currency: 'EUR', soft: true, priority: costFirst ? 90 : 10 },
          availability: { minPercent: 99.999, soft: true, priority: 50 },
        }),
      ).unmet?.map(({ requirement }) => requirement);
    expect(two(true)).toEqual(['monthlyCost']);
    expect(two(false)).toEqual(['availability']);
  });

  it('hold where they can', () => {
    const { nfrs } = exampleSimulationInput().application;
    const plain = answer(exampleSimulationInput());
    const softened = answer(soft({ availability: { ...nfrs.availability, soft: true } }));
    expect(softened).toEqual(plain);
  });
});

describe('the front of two figures', () => {
  it.each([
    ['monthlyCost', 'availability'],
    ['monthlyCost', 'responseTime'],
    ['availability', 'responseTime'],
  ] as const)('of %s and %s is what trying everything finds', (x, y) => {
    let tried = 0;
    let traded = 0;
    for (const plain of randomInputs(70, ['spread'])) {
      if (tried === 60) break;
      const input: SimulationInput = { ...plain };
      delete input.current;
      const expected = frontOf(
        exhaustivePlacements(
          without(input, [
            { kind: 'requirement', requirement: x },
            { kind: 'requirement', requirement: y },
          ]),
        ).map(({ predicted }) => [axes[x].figure(predicted), axes[y].figure(predicted)] as const),
        x,
        y,
      );
      if (expected.length === 0) continue;
      tried += 1;
      const request = { x, y, points: 100, resolution: 1e-6 };
      const front = findFront(input, request, solver, createDeadline(120_000));
      const found = front.points.map(({ predicted }) => [
        axes[x].figure(predicted),
        axes[y].figure(predicted),
      ]);
      expect(front.isComplete).toBe(true);
      expect(found.length, JSON.stringify({ found, expected })).toBe(expected.length);
      found.forEach(([a = 0, b = 0], index) => {
        const [c = 0, d = 0] = expected[index] ?? [];
        expect(Math.abs(a - c)).toBeLessThan(0.011);
        expect(b).toBeCloseTo(d, 5);
      });
      if (expected.length > 1) traded += 1;
    }
    expect(traded).toBeGreaterThan(5);
  });

  /** Those that no other is as good as on both, the best on x first. */
  function frontOf(
    all: readonly (readonly [number, number])[],
    x: FrontAxis,
    y: FrontAxis,
  ): readonly (readonly [number, number])[] {
    const worth = (axis: FrontAxis, figure: number): number =>
      axes[axis].isLessBetter ? -figure : figure;
    const sorted = all.toSorted(
      (a, b) => worth(x, b[0]) - worth(x, a[0]) || worth(y, b[1]) - worth(y, a[1]),
    );
    const kept: (readonly [number, number])[] = [];
    for (const one of sorted) {
      const last = kept.at(-1);
      if (last === undefined || worth(y, one[1]) > worth(y, last[1]) + 1e-6) kept.push(one);
    }
    return kept;
  }

  it('ends at the number of points, and says so', () => {
    const input = exampleSimulationInput();
    const request = { x: 'monthlyCost', y: 'availability', points: 2 } as const;
    const front = findFront(input, request, solver, createDeadline(60_000));
    expect(front.points).toHaveLength(2);
    expect(front.isComplete).toBe(false);
  });
});
