import { beforeAll, describe, expect, it } from 'vitest';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import { exhaustiveCosts, weightOfStart } from '../../test/support/exhaustive-placements.ts';
import { withExtras } from '../../test/support/random-extras.ts';
import {
  createDice,
  randomRestrictedInput,
  restrictionKinds,
  type RestrictionKind,
} from '../../test/support/random-restricted-input.ts';
import { createHighsSolver } from './highs-solver.ts';
import { bestPlacements } from './optimise.ts';
import { createDeadline, type Solver } from './solver.ts';

describe('the search for placements under restrictions', () => {
  let solver: Solver;
  beforeAll(async () => {
    solver = await createHighsSolver();
  });

  /** Compares with trying everything; how many inputs had a placement. */
  const compare = (options: {
    readonly seed: number;
    readonly runs: number;
    readonly kinds: (dice: ReturnType<typeof createDice>) => readonly RestrictionKind[];
    readonly isShared?: boolean;
    readonly mostPatterns?: number;
    readonly hasExtras?: boolean;
  }): { tried: number; feasible: number } => {
    let tried = 0;
    let feasible = 0;
    for (let run = 0; tried < options.runs && run < options.runs * 20; run += 1) {
      const dice = createDice(options.seed * 100_000 + run);
      const plain = randomRestrictedInput(dice, options.kinds(dice), {
        isShared: options.isShared ?? true,
      });
      if (plain === undefined) continue;
      const input = options.hasExtras === true ? withExtras(plain, dice) : plain;
      tried += 1;
      const expected = exhaustiveCosts(input).slice(0, 5);
      const { ranked, proof } = bestPlacements(input, solver, 5, {
        deadline: createDeadline(60_000),
        ...(options.mostPatterns === undefined ? {} : { mostPatterns: options.mostPatterns }),
      });
      const found = ranked.map(
        ({ predicted, moves }) =>
          predicted.monthlyCost + (moves?.starts ?? 0) * weightOfStart(input),
      );
      const label = `seed ${options.seed}, run ${run}: ${JSON.stringify(input.application.restrictions)}`;
      expect(found.length, label).toBe(expected.length);
      found.forEach((cost, rank) => expect(cost, label).toBeCloseTo(expected[rank] ?? -1, 6));
      expect(proof.ranksProven, label).toBe(expected.length);
      for (const { placement, predicted } of ranked) {
        expect(predictNfrs(input, placement), label).toEqual(predicted);
      }
      if (expected.length > 0) feasible += 1;
    }
    return { tried, feasible };
  };

  it.each(restrictionKinds.map((kind, seed) => [kind, seed] as const))(
    'finds what trying everything finds with restrictions of kind %s',
    (kind, seed) => {
      const { tried, feasible } = compare({ seed, runs: 120, kinds: () => [kind] });
      expect(tried).toBe(120);
      // Inputs without any placement alone would show little.
      expect(feasible).toBeGreaterThan(15);
    },
  );

  const several = (dice: ReturnType<typeof createDice>): RestrictionKind[] =>
    Array.from(
      { length: dice(1, 4) },
      () => restrictionKinds[dice(0, restrictionKinds.length - 1)] ?? 'conflict',
    );

  it('finds what trying everything finds with restrictions of all kinds together', () => {
    const { feasible } = compare({ seed: 20, runs: 800, kinds: several });
    expect(feasible).toBeGreaterThan(150);
  });

  it('finds it when patterns are generated as they are needed', () => {
    const { feasible } = compare({ seed: 30, runs: 400, kinds: several, mostPatterns: 0 });
    expect(feasible).toBeGreaterThan(80);
  });

  it('finds it on machines that are not shared', () => {
    const { feasible } = compare({ seed: 40, runs: 200, kinds: several, isShared: false });
    expect(feasible).toBeGreaterThan(20);
  });

  it('finds it with all that may be asked for besides: systems, links, levels, moves, common failures', () => {
    const some = (dice: ReturnType<typeof createDice>): RestrictionKind[] => several(dice).slice(1);
    const options = { kinds: some, hasExtras: true };
    const listed = compare({ ...options, seed: 50, runs: 600 });
    const generated = compare({ ...options, seed: 51, runs: 400, mostPatterns: 0 });
    const alone = compare({ ...options, seed: 52, runs: 400, isShared: false });
    expect(listed.feasible).toBeGreaterThan(80);
    expect(generated.feasible).toBeGreaterThan(40);
    expect(alone.feasible).toBeGreaterThan(40);
  });
});
