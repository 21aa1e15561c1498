/** The profiles that CTC comes with; companies add roles of their own (`custom-role.ts`). */
export const roles = [
  'requester',
  'deployment-engineer',
  'operator',
  'change-manager',
  'security-officer',
  'customer-care',
  'auditor',
  'administrator',
] as const;
export type Role = (typeof roles)[number];

/**
 * How far a grant must reach for what its permission lets do. `open`: any grant will do, however limited.
 * `target`: the grant covers the departments, datacentres and solutions that are acted on. `company`: it
 * concerns everybody, and takes a grant without limits.
 */
export type Reach = 'open' | 'target' | 'company';

interface PermissionRow {
  /** Completes "lets you …". */
  readonly lets: string;
  readonly reach: Reach;
  readonly roles: readonly Role[];
}

const everyone = roles;

/** The whole permission matrix: what may be done, how far, and by which roles. */
export const permissions = {
  'change.read': {
    lets: 'see changes, their logs, runbooks and rehearsals, freezes and stops of the line',
    reach: 'open',
    roles: everyone,
  },
  'change.request': {
    lets: 'ask for a change',
    reach: 'target',
    roles: ['requester', 'deployment-engineer', 'change-manager'],
  },
  // How far a signature reaches is the policies' to say: they look at the grants themselves.
  'change.decide': {
    lets: 'approve and reject changes, where the policies ask',
    reach: 'open',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  'change.rehearse': {
    lets: 'have a change run ahead of its time; it costs a worker seconds, and touches nothing',
    reach: 'open',
    roles: ['requester', 'deployment-engineer', 'operator', 'change-manager'],
  },
  'change.move': {
    lets: 'move the window of a change',
    reach: 'target',
    roles: ['requester', 'deployment-engineer', 'change-manager'],
  },
  'conflict.override': {
    lets: 'approve in spite of blocking conflicts',
    reach: 'target',
    roles: ['operator', 'change-manager'],
  },
  'freeze.manage': {
    lets: 'declare and lift freezes and no-touch periods',
    reach: 'target',
    roles: ['change-manager', 'security-officer', 'administrator'],
  },
  'freeze.override': {
    lets: 'approve in spite of a freeze',
    reach: 'target',
    roles: ['change-manager'],
  },
  'change.cancel': {
    lets: 'cancel a change; what was deployed is rolled back',
    reach: 'target',
    roles: ['requester', 'deployment-engineer', 'operator', 'change-manager'],
  },
  'change.hold': {
    lets: 'hold a change and let it go on',
    reach: 'target',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  // Whoever sees danger may stop the line; those who decide on changes let it go on.
  'line.stop': {
    lets: 'stop the line, or the part of it that is in danger',
    reach: 'target',
    roles: [
      'deployment-engineer',
      'operator',
      'change-manager',
      'security-officer',
      'administrator',
    ],
  },
  'line.resume': {
    lets: 'let a stopped line go on',
    reach: 'target',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  'change.implement': {
    lets: 'report the outcome of what people carry out, and try an incomplete rollback again',
    reach: 'target',
    roles: ['deployment-engineer', 'operator'],
  },
  'step.carry-out': {
    lets: 'begin and end the steps of a runbook that are yours',
    reach: 'target',
    roles: ['requester', 'deployment-engineer', 'operator', 'change-manager', 'security-officer'],
  },
  'step.coordinate': {
    lets: 'skip steps of a runbook, act on those of others, and go on past the point of no return',
    reach: 'target',
    roles: ['operator', 'change-manager'],
  },
  'runbook.decide': {
    lets: 'roll a runbook back, or with step.coordinate let it go on',
    reach: 'target',
    roles: ['deployment-engineer', 'operator', 'change-manager'],
  },
  'change.review': {
    lets: 'start and close the review of a change',
    reach: 'target',
    roles: ['change-manager', 'operator'],
  },
  'application.read': {
    lets: 'see applications, releases, guardians, simulations and drift',
    reach: 'open',
    roles: everyone,
  },
  'application.register': {
    lets: 'register and change applications and their releases',
    reach: 'target',
    roles: ['deployment-engineer'],
  },
  'application.simulate': {
    lets: 'ask Optimus what would be best; it costs a solver seconds, and touches nothing',
    reach: 'open',
    roles: ['requester', 'deployment-engineer', 'operator', 'change-manager', 'auditor'],
  },
  // Whoever sees something odd says so; what it is, others decide.
  'event.report': {
    lets: 'report an event: whatever looks wrong',
    reach: 'open',
    roles: everyone,
  },
  'incident.read': {
    lets: 'see incidents, problems and their actions, and the incident plan',
    reach: 'open',
    roles: everyone,
  },
  'incident.manage': {
    lets: 'assess events, answer incidents to their end, verify contacts and record exercises',
    reach: 'target',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  'incident-plan.manage': {
    lets: 'adopt the incident plan',
    reach: 'company',
    roles: ['security-officer', 'administrator'],
  },
  'evidence.manage': {
    lets: 'take evidence and hand it over',
    reach: 'target',
    roles: ['operator', 'security-officer'],
  },
  'evidence.read': {
    lets: 'read evidence; each reading stands in the log',
    reach: 'target',
    roles: ['operator', 'security-officer', 'auditor'],
  },
  'problem.manage': {
    lets: 'open problems, say what causes and what corrects them, and close them',
    reach: 'open',
    roles: ['deployment-engineer', 'operator', 'change-manager', 'security-officer'],
  },
  // What could go wrong is not for everybody to read.
  'risk.read': {
    lets: 'see the risk register, its criteria, the controls and the reports on them',
    reach: 'open',
    roles: [
      'deployment-engineer',
      'operator',
      'change-manager',
      'security-officer',
      'auditor',
      'administrator',
    ],
  },
  'risk.manage': {
    lets: 'register and assess risks of the company',
    reach: 'company',
    roles: ['change-manager', 'security-officer'],
  },
  'risk.accept': {
    lets: 'accept what is left of the risks that you own, and of no others',
    reach: 'open',
    roles: [
      'deployment-engineer',
      'operator',
      'change-manager',
      'security-officer',
      'administrator',
    ],
  },
  'risk-criteria.manage': {
    lets: 'adopt the criteria by which risks are assessed',
    reach: 'company',
    roles: ['security-officer'],
  },
  'control.manage': {
    lets: 'decide which controls of Annex A apply, and how far they are',
    reach: 'company',
    roles: ['security-officer'],
  },
  'action.settle': {
    lets: 'settle actions that are yours; those who manage what they come from settle any',
    reach: 'open',
    roles: everyone,
  },
  'guardian.hold': {
    lets: 'pause and resume the guardian of an application',
    reach: 'target',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  'guardian.decide': {
    lets: 'approve or decline what a guardian proposes, and lift its hold after a rollback',
    reach: 'target',
    roles: ['operator', 'change-manager'],
  },
  'inventory.read': {
    lets: 'see the inventory, its history and who is hit by what; customers need customer.read',
    reach: 'open',
    roles: everyone,
  },
  'inventory.import': {
    lets: 'import the inventory from files, NetBox and catalogues',
    reach: 'company',
    roles: ['administrator', 'change-manager'],
  },
  'contract.read': {
    lets: 'see contracts, their SLA, and proposals',
    reach: 'open',
    roles: everyone,
  },
  'contract.manage': {
    lets: 'register, change, end and settle contracts with providers',
    reach: 'target',
    roles: ['change-manager', 'administrator'],
  },
  'customer.read': {
    lets: 'see customers by name, and what they have',
    reach: 'open',
    roles: ['customer-care', 'operator', 'change-manager', 'auditor', 'administrator'],
  },
  'alert.read': { lets: 'read and acknowledge your own alerts', reach: 'open', roles: everyone },
  'policy.read': {
    lets: 'see approval policies and delegations, and try policies on made-up changes',
    reach: 'open',
    roles: everyone,
  },
  'policy.manage': {
    lets: 'propose, approve and retire approval policies; nobody approves what they proposed',
    reach: 'company',
    roles: ['change-manager', 'security-officer'],
  },
  'template.propose': {
    lets: 'propose templates of standard changes; somebody with policy.manage approves them',
    reach: 'open',
    roles: ['requester', 'deployment-engineer', 'operator', 'change-manager'],
  },
  'approval.delegate': {
    lets: 'have somebody else decide in your place for a time',
    reach: 'open',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  'change.justify': {
    lets: 'approve afterwards what could not wait for it, where the policies ask',
    reach: 'open',
    roles: ['operator', 'change-manager', 'security-officer'],
  },
  'risk.treat': {
    lets: 'say how the risk of a change is treated',
    reach: 'target',
    roles: ['requester', 'deployment-engineer', 'change-manager', 'security-officer'],
  },
  'log.read': {
    lets: 'read, prove and export the intervention log',
    reach: 'open',
    roles: ['auditor', 'security-officer', 'administrator'],
  },
  'log.erase': {
    lets: 'erase what is sealed in the log about a subject; entries keep their places',
    reach: 'company',
    roles: ['administrator', 'security-officer'],
  },
  'log.prune': {
    lets: 'remove old entries of the intervention log, up to a checkpoint',
    reach: 'company',
    roles: ['administrator'],
  },
  'metrics.read': {
    lets: 'read the metrics of CTC itself',
    reach: 'open',
    roles: ['operator', 'auditor', 'administrator'],
  },
  'principal.manage': {
    lets: 'add and disable principals, give and take roles, issue and revoke tokens of others',
    reach: 'company',
    roles: ['administrator'],
  },
} as const satisfies Record<string, PermissionRow>;
export type Permission = keyof typeof permissions;

export const allPermissions = Object.keys(permissions) as readonly Permission[];

export function isRole(name: string): name is Role {
  return (roles as readonly string[]).includes(name);
}

export function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissions, name);
}

/** The profiles of the table that may. */
export function rolesWith(permission: Permission): readonly Role[] {
  return permissions[permission].roles;
}

export function reachOf(permission: Permission): Reach {
  return permissions[permission].reach;
}

/** What a profile of the table lets do; nothing for any other role. */
export function permissionsOfRole(role: string): readonly Permission[] {
  return isRole(role) ? allPermissions.filter((one) => rolesWith(one).includes(role)) : [];
}
