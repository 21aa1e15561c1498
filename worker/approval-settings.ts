import type { ApprovalPolicySettings } from '../domain/approvals/approval-policy.ts';
import type { Config } from '../platform/config.ts';

/** What the company's approvals keep to. */
export function approvalSettings(config: Pick<Config, 'approvalExpiryMs'>): ApprovalPolicySettings {
  return { expiryMs: config.approvalExpiryMs, twoPersonsFromServicesDown: 1_000 };
}
