import { describe, expect, it } from 'vitest';
import { decideRecovery, type Setback } from './decide-recovery.ts';

const setback: Setback = {
  reason: 'violated',
  onFailure: 'rollbackAll',
  redeploymentsLeft: 1,
  remainingMs: 120_000,
  neededMs: 120_000,
};

describe('the decision after a setback', () => {
  it.each(['violated', 'site-failed'] as const)(
    'asks Optimus again after %s, while redeployments and time are left',
    (reason) => {
      expect(decideRecovery({ ...setback, reason }).way).toBe('re-simulate');
    },
  );

  it('rolls back without evidence: there is nothing to choose a placement by', () => {
    expect(decideRecovery({ ...setback, reason: 'inconclusive' })).toMatchObject({
      way: 'roll-back',
      because: expect.stringContaining('evidence') as string,
    });
  });

  it('rolls back what a datacentre would refuse again', () => {
    expect(decideRecovery({ ...setback, reason: 'refused' }).way).toBe('roll-back');
  });

  it('rolls back when no redeployments are left', () => {
    expect(decideRecovery({ ...setback, redeploymentsLeft: 0 }).way).toBe('roll-back');
  });

  it('rolls back when the window no longer covers another round and its rollback, to the millisecond', () => {
    expect(decideRecovery({ ...setback, remainingMs: 119_999 })).toEqual({
      way: 'roll-back',
      because: 'the window has 120 s left and a redeployment with its rollback may take 120 s',
    });
    expect(decideRecovery({ ...setback, reason: 'window-too-short' }).way).toBe('roll-back');
    expect(decideRecovery({ ...setback, reason: 'window-too-short' }).because).toContain(
      'next datacentre',
    );
    expect(decideRecovery({ ...setback, remainingMs: -5 }).because).toContain('0 s left');
  });

  it.each(['pause', 'rollbackWave'] as const)(
    'is left to a person where the strategy says %s',
    (onFailure) => {
      for (const reason of ['site-failed', 'violated', 'inconclusive'] as const) {
        expect(decideRecovery({ ...setback, reason, onFailure, redeploymentsLeft: 0 }).way).toBe(
          'pause',
        );
      }
      // Nobody can decide for longer than the window lasts.
      expect(decideRecovery({ ...setback, reason: 'window-too-short', onFailure }).way).toBe(
        'roll-back',
      );
    },
  );
});
