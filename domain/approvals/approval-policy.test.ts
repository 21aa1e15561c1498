import { describe, expect, it } from 'vitest';
import { approvalPolicy } from './approval-policy.ts';

const settings = { expiryMs: 100_000, twoPersonsFromServicesDown: 10 };
const impact = { servicesDown: 0, servicesDegraded: 0, servicesAtRisk: 0, customers: 0 };
const change = {
  changeClass: 'normal' as const,
  impact,
  nowMs: 1_000_000,
  latestStartMs: 9_000_000,
};

describe('the approvals a change needs', () => {
  it('expire with the policy, and are reminded of after half and nine tenths of it', () => {
    expect(approvalPolicy(settings, change)).toEqual({
      approvalsNeeded: 1,
      expiresAtMs: 1_100_000,
      remindersAtMs: [1_050_000, 1_090_000],
    });
  });

  it('never expire later than the window’s latest start', () => {
    expect(approvalPolicy(settings, { ...change, latestStartMs: 1_010_000 }).expiresAtMs).toBe(
      1_010_000,
    );
  });

  it('expire at once when the latest start has passed', () => {
    expect(approvalPolicy(settings, { ...change, latestStartMs: 5 })).toMatchObject({
      expiresAtMs: 1_000_000,
      remindersAtMs: [],
    });
  });

  it('are two from so many services down on, but one in an emergency', () => {
    const severe = { ...change, impact: { ...impact, servicesDown: 10 } };
    expect(approvalPolicy(settings, severe).approvalsNeeded).toBe(2);
    expect(approvalPolicy(settings, { ...severe, changeClass: 'emergency' }).approvalsNeeded).toBe(
      1,
    );
    expect(
      approvalPolicy(settings, { ...change, impact: { ...impact, servicesDown: 9 } })
        .approvalsNeeded,
    ).toBe(1);
  });
});
