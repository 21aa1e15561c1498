import { DomainError } from '../errors.ts';
import { isAllowedFor, type Actor } from './actor.ts';
import { company } from './grants.ts';
import { isRole, type Permission } from './roles.ts';

/**
 * Checks a role that the company makes itself.
 * @throws DomainError `conflict` for the name of a profile, `forbidden` when it would give away the managing
 * of principals by somebody who may not manage them: with that, everything can be given to oneself.
 */
export function checkCustomRole(
  { id, permissions }: { readonly id: string; readonly permissions: readonly Permission[] },
  giver: Actor,
): void {
  if (isRole(id)) throw roleTaken(id);
  if (!permissions.includes('principal.manage')) return;
  if (isAllowedFor(giver, 'principal.manage', company)) return;
  throw new DomainError('forbidden', `${giver.id} may not give principal.manage away.`, {
    code: 'not-allowed',
    remedy: 'Leave principal.manage out, or ask an administrator to make the role.',
  });
}

export function roleTaken(id: string): DomainError {
  return new DomainError('conflict', `There is a role "${id}" already.`, {
    code: 'role-exists',
    remedy: 'Choose another id; `ctc access roles` lists those there are.',
  });
}
