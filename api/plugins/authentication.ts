import cookie from '@fastify/cookie';
import fp from 'fastify-plugin';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isAllowed, isAllowedFor, rolesOf, type Actor } from '../../domain/access/actor.ts';
import { company, type Target } from '../../domain/access/grants.ts';
import type { Session, Sessions } from '../../domain/access/sign-in-ports.ts';
import type { AccessRegister, PrincipalRegister } from '../../domain/access/ports.ts';
import { reachOf, rolesWith, type Permission } from '../../domain/access/roles.ts';
import { outOfScope } from '../out-of-scope.ts';
import type { AppDeps } from '../app-deps.ts';
import { crossSite, csrfTokenOf, isOwnRequest, sessionCookieOf } from '../session-cookie.ts';
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
    /** Of a browser that is signed in; null for a token. */
    session: (Session & { readonly csrfToken: string }) | null;
  }
}

const nobody: Actor = { id: '', name: '', grants: [], limitedTo: null };

/**
 * Who calls, and whether they may. Fails closed: a route that does not say what it demands, or where it acts,
 * cannot be registered. A cookie alone does not let anything be changed, so that no other site can act in somebody's name.
 */
export const authentication = fp<{
  readonly access: Pick<AccessRegister, 'authenticate'>;
  readonly oidc: AppDeps['oidc'];
  readonly sessions: Pick<Sessions, 'authenticate'>;
  readonly principals: Pick<PrincipalRegister, 'holders'>;
}>(
  async (app, { access, oidc, sessions, principals }) => {
    await app.register(cookie);
    app.decorateRequest('actor', null as unknown as Actor);
    app.decorateRequest('target', null as unknown as Target);
    app.decorateRequest('session', null);
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
      const { authorization } = request.headers;
      const cookie = request.cookies[sessionCookieOf(request)];
      if (authorization !== undefined) {
        const secret = /^Bearer (\S+)$/i.exec(authorization)?.[1];
        const actor = secret === undefined ? undefined : await bearerOf(secret, access, oidc);
        if (actor === undefined) return refuseStranger(request, reply, true);
        request.actor = actor;
      } else {
        const found = cookie === undefined ? undefined : await sessions.authenticate(cookie);
        if (found === undefined) return refuseStranger(request, reply, cookie !== undefined);
        request.actor = found.actor;
        request.session = { ...found.session, csrfToken: csrfTokenOf(cookie ?? '') };
      }
      const { actor } = request;
      if (demanded === 'signed-in') return;
      if (!isAllowed(actor, demanded)) return sendProblem(reply, lackingRole(actor, demanded));
      if (reachOf(demanded) === 'company' && !isAllowedFor(actor, demanded, company)) {
        throw await outOfScope(principals, actor, demanded, company);
      }
    });
    // Before all other handlers: nothing is claimed or stored for somebody who may not.
    app.addHook('preHandler', async (request, reply) => {
      if (request.session !== null && !isOwnRequest(request, request.session.csrfToken)) {
        return sendProblem(reply, crossSite);
      }
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

/** A token of ours; or one that the identity provider made for this API, where such are taken. */
async function bearerOf(
  secret: string,
  access: Pick<AccessRegister, 'authenticate'>,
  oidc: AppDeps['oidc'],
): Promise<Actor | undefined> {
  if (oidc === undefined || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(secret)) {
    return access.authenticate(secret);
  }
  const identity = await oidc.provider.readAccess(secret);
  return identity === undefined ? undefined : oidc.accounts.actorOf(identity);
}

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
      ? 'The token or session is unknown, over or revoked, or its owner is disabled.'
      : 'This needs a token: Authorization: Bearer ctc_pat_…',
    remedy: 'Sign in at /login, or ask an administrator for a token: ctc token issue.',
  });
}
