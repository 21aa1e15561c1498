import { grantsWith, type Actor } from '../domain/access/actor.ts';
import { grantWords, targetWords, type Target } from '../domain/access/grants.ts';
import type { PrincipalRegister } from '../domain/access/ports.ts';
import type { Permission } from '../domain/access/roles.ts';
import { DomainError } from '../domain/errors.ts';

/** For somebody who has the permission, only not there: what is lacking, and who could do it. */
export async function outOfScope(
  principals: Pick<PrincipalRegister, 'holders'>,
  actor: Actor,
  permission: Permission,
  target: Target,
): Promise<DomainError> {
  const where = grantsWith(actor, permission).map(grantWords).join(' | ');
  const may = (await principals.holders(permission, target)).filter((id) => id !== actor.id);
  return new DomainError(
    'forbidden',
    `${actor.id} may ${permission} only within ${where}; this acts on ${targetWords(target)}.`,
    {
      code: 'out-of-scope',
      remedy:
        may.length === 0
          ? 'Nobody may: ask an administrator for a grant that covers it.'
          : `Ask one of those who may: ${may.join(', ')}.`,
    },
  );
}
