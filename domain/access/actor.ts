import { covers, type Grant, type Target } from './grants.ts';
import { permissionsOfRole, type Permission } from './roles.ts';

/** A grant with what its role lets do at this moment. */
export interface HeldGrant extends Grant {
  readonly permissions: readonly Permission[];
}

/** Who acts: taken from the token or session, never from a request's body. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly HeldGrant[];
  /** What the token is limited to; null where it may do all that its owner may. */
  readonly limitedTo: readonly Permission[] | null;
}

export function rolesOf({ grants }: Pick<Actor, 'grants'>): string[] {
  return [...new Set(grants.map(({ role }) => role))];
}

/** Whether the actor may do it anywhere at all. */
export function isAllowed(actor: Actor, permission: Permission): boolean {
  return grantsWith(actor, permission).length > 0;
}

/** Whether one grant that has the permission covers all that is touched. */
export function isAllowedFor(actor: Actor, permission: Permission, target: Target): boolean {
  return grantsWith(actor, permission).some((grant) => covers(grant, target));
}

/** What gives the actor the permission; nothing where the token is not for it. */
export function grantsWith(
  { grants, limitedTo }: Pick<Actor, 'grants' | 'limitedTo'>,
  permission: Permission,
): readonly HeldGrant[] {
  if (limitedTo !== null && !limitedTo.includes(permission)) return [];
  return grants.filter(({ permissions }) => permissions.includes(permission));
}

/** A grant as its holder has it; roles of the company's own are told what they let do. */
export function heldGrant(grant: Grant, own: readonly Permission[] | null = null): HeldGrant {
  return { ...grant, permissions: own ?? permissionsOfRole(grant.role) };
}
