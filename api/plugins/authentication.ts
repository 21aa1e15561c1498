import cookie from '@fastify/cookie';
import fp from 'fastify-plugin';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessRegister } from '../../domain/access/ports.ts';
import { isAllowed, permissions, type Actor, type Permission } from '../../domain/access/roles.ts';
import { sendProblem } from './problem-details.ts';

/** What a route demands: a permission, any signed-in caller, or nothing. */
export type Access = Permission | 'signed-in' | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The caller; set on every route that is not open. */
    actor: Actor;
  }
}

export const sessionCookie = 'ctc_token';
const nobody: Actor = { id: '', name: '', roles: [] };
const safeMethods = ['GET', 'HEAD'];

/**
 * Who calls, and whether they may. Fails closed: a route that does not say what it demands cannot be
 * registered. A cookie counts for reading only, so that no other site can act in somebody's name.
 */
export const authentication = fp<{ readonly access: AccessRegister }>(
  async (app, { access }) => {
    await app.register(cookie);
    app.decorateRequest('actor', null as unknown as Actor);
    app.addHook('onRoute', (route) => {
      // Swagger UI registers its pages itself and cannot say it.
      if (route.url === '/docs' || route.url.startsWith('/docs/')) {
        route.config = { ...route.config, access: 'signed-in' };
      }
      if (route.config?.access === undefined) {
        throw new Error(`Route ${String(route.method)} ${route.url} does not say who may call it.`);
      }
    });
    app.addHook('onRequest', async (request, reply) => {
      request.actor = nobody;
      const demanded = request.routeOptions.config.access;
      // Unknown routes answer 404 to everybody; they have no handler that could leak.
      if (demanded === 'open' || demanded === undefined) return;
      const secret = secretOf(request);
      const actor = secret === undefined ? undefined : await access.authenticate(secret);
      if (actor === undefined) return refuseStranger(request, reply, secret !== undefined);
      request.actor = actor;
      if (demanded !== 'signed-in' && !isAllowed(actor, demanded)) {
        return sendProblem(reply, {
          status: 403,
          code: 'not-allowed',
          detail: `${actor.id} has the roles ${actor.roles.join(', ')}; this needs one of ${permissions[demanded].join(', ')}.`,
        });
      }
    });
  },
  { name: 'authentication' },
);

function secretOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  if (header !== undefined) return /^Bearer (\S+)$/i.exec(header)?.[1];
  return safeMethods.includes(request.method) ? request.cookies[sessionCookie] : undefined;
}

function refuseStranger(
  request: FastifyRequest,
  reply: FastifyReply,
  hadToken: boolean,
): FastifyReply {
  const wantsPage =
    request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
  if (wantsPage) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`);
  return sendProblem(reply.header('www-authenticate', 'Bearer realm="ctc"'), {
    status: 401,
    code: hadToken ? 'invalid-token' : 'not-signed-in',
    detail: hadToken
      ? 'The token is unknown, expired or revoked, or its owner is disabled.'
      : 'This needs a token: Authorization: Bearer ctc_pat_…',
    remedy: 'Ask an administrator for a token: ctc token issue.',
  });
}
