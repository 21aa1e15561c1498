import cookie from '@fastify/cookie';
import fp from 'fastify-plugin';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isAllowed, isAllowedFor, rolesOf, type Actor } from '../../domain/access/actor.ts';
import { company, type Target } from '../../domain/access/grants.ts';
import type { AccessRegister, PrincipalRegister } from '../../domain/access/ports.ts';
import { reachOf, rolesWith, type Permission } from '../../domain/access/roles.ts';
import { outOfScope } from '../out-of-scope.ts';
import { sendProblem, type Problem } from './problem-details.ts';

/** What a route demands: a permission, any signed-in caller, or nothing. */
export type Access = Permission | 'signed-in' | 'open';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** What it acts on; needed where the permission reaches only as far as a grant. Runs after validation. */
    touches?: (request: FastifyRequest) => Target | Promise<Target>;
    /** Permissions that it takes besides, for the same, by what is asked in its body. */
    takesAlso?: (request: FastifyRequest) => readonly Permission[];
  }
  interface FastifyRequest {
    /** The caller; set on every route that is not open. */
    actor: Actor;
    /** What `touches` found; the whole company on other routes. */
    target: Target;
  }
}

export const sessionCookie = 'ctc_token';
const nobody: Actor = { id: '', name: '', grants: [], limitedTo: null };
const safeMethods = ['GET', 'HEAD'];

/**
 * Who calls, and whether they may. Fails closed: a route that does not say what it demands, or where it acts,
 * cannot be registered. A cookie counts for reading only, so that no other site can act in somebody's name.
 */
export const authentication = fp<{
  readonly access: Pick<AccessRegister, 'authenticate'>;
  readonly principals: Pick<PrincipalRegister, 'holders'>;
}>(
  async (app, { access, principals }) => {
    await app.register(cookie);
    app.decorateRequest('actor', null as unknown as Actor);
    app.decorateRequest('target', null as unknown as Target);
    app.addHook('onRoute', (route) => {
      // Swagger UI registers its pages itself and cannot say it.
      if (route.url === '/docs' || route.url.startsWith('/docs/')) {
        route.config = { ...route.config, access: 'signed-in' };
      }
      if (route.config?.access === undefined) {
        throw new Error(`Route ${String(route.method)} ${route.url} does not say who may call it.`);
      }
      const { access: demanded, touches, takesAlso } = route.config;
      // What it takes besides may be limited where what it takes first is not.
      const needsTarget =
        demanded !== 'open' &&
        demanded !== 'signed-in' &&
        (reachOf(demanded) === 'target' || takesAlso !== undefined);
      if (needsTarget !== (touches !== undefined)) {
        throw new Error(
          `Route ${String(route.method)} ${route.url} ${needsTarget ? 'does not say what it touches' : `says what it touches, and ${demanded} does not ask`}.`,
        );
      }
    });
    app.addHook('onRequest', async (request, reply) => {
      request.actor = nobody;
      request.target = company;
      const demanded = request.routeOptions.config.access;
      // Unknown routes answer 404 to everybody; they have no handler that could leak.
      if (demanded === 'open' || demanded === undefined) return;
      const secret = secretOf(request);
      const actor = secret === undefined ? undefined : await access.authenticate(secret);
      if (actor === undefined) return refuseStranger(request, reply, secret !== undefined);
      request.actor = actor;
      if (demanded === 'signed-in') return;
      if (!isAllowed(actor, demanded)) return sendProblem(reply, lackingRole(actor, demanded));
      if (reachOf(demanded) === 'company' && !isAllowedFor(actor, demanded, company)) {
        throw await outOfScope(principals, actor, demanded, company);
      }
    });
    // Before all other handlers: nothing is claimed or stored for somebody who may not.
    app.addHook('preHandler', async (request, reply) => {
      const { access: demanded, touches, takesAlso } = request.routeOptions.config;
      if (touches === undefined) return;
      const { actor } = request;
      const needed = [demanded as Permission, ...(takesAlso?.(request) ?? [])];
      const lacking = needed.find((permission) => !isAllowed(actor, permission));
      if (lacking !== undefined) return sendProblem(reply, lackingRole(actor, lacking));
      request.target = await touches(request);
      for (const permission of needed) {
        if (reachOf(permission) === 'open') continue;
        if (isAllowedFor(actor, permission, request.target)) continue;
        throw await outOfScope(principals, actor, permission, request.target);
      }
    });
  },
  { name: 'authentication' },
);

function lackingRole(actor: Actor, demanded: Permission): Problem {
  const held = rolesOf(actor);
  const has = held.length === 0 ? 'no role' : `the roles ${held.join(', ')}`;
  const limited = actor.limitedTo !== null && !actor.limitedTo.includes(demanded);
  return {
    status: 403,
    code: 'not-allowed',
    detail: limited
      ? `This token of ${actor.id} is limited to ${actor.limitedTo.join(', ')}; this needs ${demanded}.`
      : `${actor.id} has ${has}; this needs ${demanded}, as one of ${rolesWith(demanded).join(', ')} has it.`,
    remedy: limited
      ? 'Use a token that is for it, if your roles allow it.'
      : 'Ask an administrator for a role that may: ctc access grant.',
  };
}

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
