/** The profiles of the people (and machines) who use CTC. */
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

const everyone = roles;

/** The whole permission matrix: what may be done, and by which roles. */
export const permissions = {
  'change.read': everyone,
  'change.request': ['requester', 'deployment-engineer', 'change-manager'],
  'change.decide': ['operator', 'change-manager', 'security-officer'],
  // It costs a worker seconds, and touches nothing.
  'change.rehearse': ['requester', 'deployment-engineer', 'operator', 'change-manager'],
  'change.move': ['requester', 'deployment-engineer', 'change-manager'],
  'conflict.override': ['operator', 'change-manager'],
  'freeze.manage': ['change-manager', 'security-officer', 'administrator'],
  'freeze.override': ['change-manager'],
  'change.cancel': ['requester', 'deployment-engineer', 'operator', 'change-manager'],
  'change.hold': ['operator', 'change-manager', 'security-officer'],
  // Whoever sees danger may stop the line; those who decide on changes let it go on.
  'line.stop': [
    'deployment-engineer',
    'operator',
    'change-manager',
    'security-officer',
    'administrator',
  ],
  'line.resume': ['operator', 'change-manager', 'security-officer'],
  'change.implement': ['deployment-engineer', 'operator'],
  'step.carry-out': [
    'requester',
    'deployment-engineer',
    'operator',
    'change-manager',
    'security-officer',
  ],
  'step.coordinate': ['operator', 'change-manager'],
  'runbook.decide': ['deployment-engineer', 'operator', 'change-manager'],
  'change.review': ['change-manager', 'operator'],
  'application.read': everyone,
  'application.register': ['deployment-engineer'],
  // It costs a solver seconds, and touches nothing.
  'application.simulate': [
    'requester',
    'deployment-engineer',
    'operator',
    'change-manager',
    'auditor',
  ],
  // Whoever sees something odd says so; what it is, others decide.
  'event.report': everyone,
  'incident.read': everyone,
  'incident.manage': ['operator', 'change-manager', 'security-officer'],
  'incident-plan.manage': ['security-officer', 'administrator'],
  'evidence.manage': ['operator', 'security-officer'],
  'evidence.read': ['operator', 'security-officer', 'auditor'],
  'problem.manage': ['deployment-engineer', 'operator', 'change-manager', 'security-officer'],
  // What could go wrong is not for everybody to read.
  'risk.read': [
    'deployment-engineer',
    'operator',
    'change-manager',
    'security-officer',
    'auditor',
    'administrator',
  ],
  'risk.manage': ['change-manager', 'security-officer'],
  // Of the risks that one owns, and no others.
  'risk.accept': [
    'deployment-engineer',
    'operator',
    'change-manager',
    'security-officer',
    'administrator',
  ],
  'risk-criteria.manage': ['security-officer'],
  'control.manage': ['security-officer'],
  // Of one's own; who manages what it comes from settles any.
  'action.settle': everyone,
  'guardian.hold': ['operator', 'change-manager', 'security-officer'],
  'guardian.decide': ['operator', 'change-manager'],
  'inventory.read': everyone,
  'inventory.import': ['administrator', 'change-manager'],
  'contract.read': everyone,
  'contract.manage': ['change-manager', 'administrator'],
  'customer.read': ['customer-care', 'operator', 'change-manager', 'auditor', 'administrator'],
  'alert.read': everyone,
  'log.read': ['auditor', 'security-officer', 'administrator'],
  'log.prune': ['administrator'],
  'metrics.read': ['operator', 'auditor', 'administrator'],
  'principal.manage': ['administrator'],
} as const satisfies Record<string, readonly Role[]>;
export type Permission = keyof typeof permissions;

/** Who acts: taken from the token, never from a request's body. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

export function isAllowed(actor: Pick<Actor, 'roles'>, permission: Permission): boolean {
  const allowed: readonly Role[] = permissions[permission];
  return actor.roles.some((role) => allowed.includes(role));
}
