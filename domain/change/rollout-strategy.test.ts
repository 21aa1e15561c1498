import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  failurePolicies,
  mayGoPast,
  rolloutPolicy,
  strategySchema,
  waveSeconds,
} from './rollout-strategy.ts';

describe('a strategy', () => {
  it('without a word bakes nothing, lets no failure pass, and rolls everything back', () => {
    expect(rolloutPolicy(strategySchema.parse({}))).toEqual({
      firstWaveMandatory: false,
      failureLimit: 0,
      onFailure: 'rollbackAll',
    });
  });

  it('bakes for its time, its samples, or both', () => {
    const bakeOf = (strategy: object) => rolloutPolicy(strategySchema.parse(strategy)).bake;
    expect(bakeOf({ bakeSeconds: 30 })).toEqual({ forMs: 30_000, samples: 0 });
    expect(bakeOf({ bakeSamples: 50 })).toEqual({ forMs: 0, samples: 50 });
    expect(bakeOf({ bakeSeconds: 30, bakeSamples: 50 })).toEqual({ forMs: 30_000, samples: 50 });
  });

  it('needs time in the window for the work and every bake', () => {
    const needs = (strategy: object) => waveSeconds(strategySchema.parse(strategy));
    expect(needs({ waveBudgetSeconds: 60 })).toBe(60);
    expect(needs({ waveBudgetSeconds: 60, bakeSeconds: 30 })).toBe(90);
    expect(needs({ waveBudgetSeconds: 60, bakeSeconds: 30, canaryPercent: 10 })).toBe(120);
  });

  it.each([
    [{ canaryPercent: 100 }, 'canaryPercent'],
    [{ maxConcurrency: 0 }, 'maxConcurrency'],
    [{ onFailure: 'shrug' }, 'onFailure'],
    [{ bakeSeconds: -1 }, 'bakeSeconds'],
  ])('refuses %j by name', (strategy, field) => {
    const { error } = strategySchema.safeParse(strategy);
    expect(error?.issues[0]?.path).toEqual([field]);
  });
});

describe('going past a failure', () => {
  const policy = rolloutPolicy(strategySchema.parse({ failureLimit: 2 }));

  it('is allowed up to the limit, and without limit where the strategy says continue', () => {
    expect(mayGoPast(policy, { failed: 2, wave: 1, left: 3 })).toBe(true);
    expect(mayGoPast(policy, { failed: 3, wave: 1, left: 3 })).toBe(false);
    const on = { ...policy, onFailure: 'continue' } as const;
    expect(mayGoPast(on, { failed: 30, wave: 1, left: 3 })).toBe(true);
  });

  it('is never allowed in a mandatory first wave, nor when nothing is left', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...failurePolicies),
        fc.nat(5),
        fc.nat(5),
        (onFailure, failureLimit, failed) => {
          const any = { ...policy, onFailure, failureLimit, firstWaveMandatory: true };
          expect(mayGoPast(any, { failed, wave: 0, left: 3 })).toBe(false);
          expect(mayGoPast(any, { failed, wave: 1, left: 0 })).toBe(false);
        },
      ),
    );
  });
});
