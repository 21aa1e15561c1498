import { isAllowed, type Actor } from '../domain/access/actor.ts';
import { DomainError } from '../domain/errors.ts';

/** @throws DomainError `forbidden` for somebody who may not see customers. */
export function demandCustomerRead(actor: Actor, remedy?: string): void {
  if (isAllowed(actor, 'customer.read')) return;
  throw new DomainError('forbidden', 'Your roles do not allow you to see customers.', {
    code: 'not-allowed',
    ...(remedy === undefined ? {} : { remedy }),
  });
}
