import type { Knex } from 'knex';
import { approvalPolicySchema, type ApprovalPolicy } from '../../domain/approvals/policy.ts';
import type { PolicyRegister, PolicyVersion } from '../../domain/approvals/ports.ts';
import { createVersionedRegister, type Versioned } from './versioned-register.ts';

export interface PolicyRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

export function createPolicyRegister(deps: PolicyRegisterDeps): PolicyRegister {
  const register = createVersionedRegister({
    ...deps,
    table: 'approval_policy',
    noun: 'policy',
    parse: (stored) => approvalPolicySchema.parse(stored),
  });
  return {
    inForce: async () =>
      (await register.inForce()).map(({ version, definition }) => ({
        version,
        policy: definition,
      })),
    versions: async (id) => (await register.versions(id)).map(shown),
    propose: async (policy, reason, by) =>
      shown(await register.propose(policy.id, policy, reason, by)),
    approve: async (...args) => shown(await register.approve(...args)),
    retire: async (...args) => shown(await register.retire(...args)),
  };
}

function shown({ definition, ...version }: Versioned<ApprovalPolicy>): PolicyVersion {
  return { ...version, policy: definition };
}
