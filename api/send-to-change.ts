import type { FastifyRequest } from 'fastify';
import type { Acknowledgement, ChangeMessenger, ChangeUpdates } from '../domain/change/messages.ts';
import type { ChangeDetail } from '../domain/change/readers.ts';
import { DomainError } from '../domain/errors.ts';

/** Sends what a request says to the change's workflow, once for each key. */
export function createSender(messenger: ChangeMessenger) {
  return async <K extends keyof ChangeUpdates>(
    request: FastifyRequest,
    change: ChangeDetail,
    update: K,
    message: ChangeUpdates[K],
  ): Promise<Acknowledgement> => {
    refuseEnded(change, update);
    // Principal and key together, for two people may use the same key.
    return messenger.send(
      change.id,
      update,
      message,
      `${request.actor.id}/${request.idempotencyKey}`,
    );
  };
}

/** A change whose workflow has ended gets an answer that says so. */
function refuseEnded({ label, state }: ChangeDetail, update: keyof ChangeUpdates): void {
  if (!['closed', 'rejected', 'cancelled', 'expired'].includes(state)) return;
  throw new DomainError('refused', `${label} is ${state}: "${update}" comes too late.`, {
    code: 'change-ended',
  });
}
