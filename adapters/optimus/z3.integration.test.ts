import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createDice,
  randomRestrictedInput,
  restrictionKinds,
} from '../../test/support/random-restricted-input.ts';
import { createZ3Placements, type Z3Placements } from '../../test/support/z3-placements.ts';
import { createHighsSolver } from './highs-solver.ts';
import { bestPlacements } from './optimise.ts';
import { createDeadline, type Solver } from './solver.ts';

/** Two programs by other people, from two models by other thoughts, agree on what is best. */
describe('the cheapest placement beside Z3', () => {
  let solver: Solver;
  let z3: Z3Placements;
  beforeAll(async () => {
    solver = await createHighsSolver();
    z3 = await createZ3Placements();
  });
  afterAll(() => z3.close());

  it('is one that Z3 finds nothing cheaper than, and where there is none Z3 finds none', async () => {
    let [tried, feasible] = [0, 0];
    for (let run = 0; tried < 60; run += 1) {
      const dice = createDice(9_000_000 + run);
      const kinds = Array.from(
        { length: dice(0, 3) },
        () => restrictionKinds[dice(0, restrictionKinds.length - 1)] ?? 'conflict',
      );
      const input = randomRestrictedInput(dice, kinds);
      if (input === undefined) continue;
      const { components, nfrs } = input.application;
      // Availability and calls are not in its model.
      if (nfrs.availability.minPercent > 0 || components.some(({ calls }) => calls.length > 0)) {
        continue;
      }
      tried += 1;
      const deadline = createDeadline(60_000);
      const without = new Set(['monthlyCost'] as const);
      const { ranked } = bestPlacements(input, solver, 1, { deadline, without });
      const cost = ranked[0]?.predicted.monthlyCost;
      const label = `run ${run}: ${JSON.stringify(input.application.restrictions)}`;
      if (cost === undefined) {
        expect(await z3.canBePlaced(input), label).toBe(false);
        continue;
      }
      feasible += 1;
      expect(await z3.canBePlaced(input, cost + 0.5), label).toBe(true);
      expect(await z3.canBePlaced(input, cost), label).toBe(false);
    }
    expect(feasible).toBeGreaterThan(20);
  });
});
