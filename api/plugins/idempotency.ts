import fp from 'fastify-plugin';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdempotencyStore } from '../../domain/access/ports.ts';
import type { HashOf } from '../../domain/hash.ts';
import { sendProblem } from './problem-details.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False where repeating is harmless by itself; every other POST needs a key. */
    idempotent?: boolean;
    /** Says in the description that the route looks at If-Match (api/etag.ts). */
    ifMatch?: 'required' | 'optional';
  }
  interface FastifyRequest {
    /** The caller's Idempotency-Key; empty on routes without one. */
    idempotencyKey: string;
    /** Of method, address and body: the same for a repetition only. */
    requestHash: string;
    renewal: NodeJS.Timeout | undefined;
  }
}

const keyPattern = /^[\x21-\x7e]{8,200}$/;
const renewEveryMs = 10_000;
const keptHeaders = ['content-type', 'location', 'etag'] as const;

/**
 * `Idempotency-Key` on every POST: one effect however often it is sent, and the first answer again. Only
 * success is kept; after a refusal or a failure nothing has happened and the key is free again.
 */
export const idempotency = fp<{ readonly store: IdempotencyStore; readonly hashOf: HashOf }>(
  (app, { store, hashOf }) => {
    app.decorateRequest('idempotencyKey', '');
    app.decorateRequest('requestHash', '');
    app.decorateRequest('renewal', undefined);

    app.addHook('preHandler', async (request, reply) => {
      if (request.method !== 'POST' || request.routeOptions.config.idempotent === false) return;
      const key = request.headers['idempotency-key'];
      if (typeof key !== 'string' || !keyPattern.test(key)) {
        return sendProblem(reply, {
          status: 400,
          code: 'idempotency-key-missing',
          detail:
            'Every POST needs an Idempotency-Key header of 8 to 200 visible ASCII characters.',
          remedy: 'Use a new UUID for a new request, and the same one to repeat it.',
        });
      }
      request.requestHash = hashOf({
        method: request.method,
        url: request.url,
        ifMatch: request.headers['if-match'] ?? null,
        // A streamed body is not read yet: its key stands for it.
        body: request.isMultipart() ? null : (request.body ?? null),
      });
      const claim = await store.begin({
        principal: request.actor.id,
        key,
        requestHash: request.requestHash,
      });
      switch (claim.outcome) {
        case 'proceed':
          request.idempotencyKey = key;
          request.renewal = setInterval(() => {
            store.renew(request.actor.id, key).catch((error: unknown) => {
              request.log.warn({ err: error }, 'idempotency claim not renewed');
            });
          }, renewEveryMs);
          return;
        case 'replay': {
          const { status, headers, body } = claim.answer;
          return reply
            .code(status)
            .headers({ ...headers, 'idempotency-replayed': 'true' })
            .serializer((payload: string) => payload)
            .send(body);
        }
        case 'in-progress':
          return sendProblem(reply.header('retry-after', '1'), {
            status: 409,
            code: 'request-in-progress',
            detail: 'The request with this Idempotency-Key is still being worked on.',
            remedy: 'Send it again in a moment.',
          });
        case 'other-request':
          return sendProblem(reply, {
            status: 422,
            code: 'idempotency-key-reused',
            detail: 'This Idempotency-Key was used for another request.',
            remedy: 'Use a new key for a new request.',
          });
      }
    });

    app.addHook('onSend', async (request, reply, payload) => {
      if (request.idempotencyKey === '') return payload;
      await settle(store, request, reply, payload);
      return payload;
    });

    // The caller went away before an answer: onSend does not run then.
    app.addHook('onRequestAbort', (request) => {
      clearInterval(request.renewal);
      return Promise.resolve();
    });
  },
  { name: 'idempotency', dependencies: ['authentication'] },
);

async function settle(
  store: IdempotencyStore,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<void> {
  const { actor, idempotencyKey } = request;
  clearInterval(request.renewal);
  // Once only: an error in here would send again.
  request.idempotencyKey = '';
  if (reply.statusCode >= 300) return store.release(actor.id, idempotencyKey);
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  await store.finish(actor.id, idempotencyKey, {
    status: reply.statusCode,
    headers,
    body: typeof payload === 'string' ? payload : '',
  });
}
