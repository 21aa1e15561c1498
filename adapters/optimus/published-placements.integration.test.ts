import { afterAll, describe, expect, it } from 'vitest';
import {
  publishedPlacements,
  readPublishedInstances,
} from '../../test/support/published-placements.ts';
import { createEmbeddedOptimus } from './embedded-optimus.ts';

describe('the published placements', () => {
  const optimus = createEmbeddedOptimus();
  afterAll(() => optimus.close());

  it('have the price that is published, proven, and four next by rising price', async () => {
    const instances = readPublishedInstances(publishedPlacements);
    expect(instances.length).toBeGreaterThanOrEqual(32);
    for (const { name, input, price } of instances) {
      const { status, placements, proof } = await optimus.simulate(input);
      expect(status, name).toBe('optimal');
      const costs = placements.map(({ predicted }) => predicted.monthlyCost);
      // Published figures differ by 1 here and there, through rounding.
      expect(Math.abs((costs[0] ?? 0) - (price ?? Number.NaN)), name).toBeLessThanOrEqual(1);
      expect(proof, name).toEqual({ lowerBound: costs[0], gapPercent: 0, ranksProven: 5 });
      expect(
        [...costs].sort((a, b) => a - b),
        name,
      ).toEqual(costs);
    }
  });

  it('are asked for by name where they are not', () => {
    expect(() => readPublishedInstances('no/such/folder')).toThrow(
      /no published placements at .*no\/such\/folder.*--data/,
    );
  });
});
