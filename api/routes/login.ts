import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { SessionMethod } from '../../domain/access/sign-in-ports.ts';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import type { AppDeps } from '../app-deps.ts';
import { signInPage, welcomePage } from '../pages.ts';
import { problems } from '../schemas/common.ts';
import {
  clearSessionCookie,
  isFromHere,
  sessionCookieOf,
  setSessionCookie,
} from '../session-cookie.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['access'];
const triesFromOneAddress = {
  ...{ max: 20, timeWindow: '1 minute' },
  // Not by what else it sends, which it can vary.
  keyGenerator: ({ ip }: FastifyRequest) => ip,
};
const passwordSchema = z.string().max(1000);

/** Signing a browser in and out: what a session may is what its principal or its token may. */
export function loginRoutes(app: TypedApp, deps: AppDeps): void {
  const { access, accounts, oidc, secondFactor, sessions } = deps;
  const begin = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: { readonly principal: string; readonly method: SessionMethod; readonly token?: string },
  ): Promise<FastifyReply> => {
    const { secret } = await sessions.start({
      ...who,
      agent: request.headers['user-agent'] ?? '',
      // Another secret at each sign-in: one that was planted before is worth nothing after.
      replaces: request.cookies[sessionCookieOf(request)],
    });
    setSessionCookie(request, reply, secret);
    return reply.header('cache-control', 'no-store').redirect('/docs', 303);
  };

  const show = (problem?: string): string =>
    signInPage({
      ...(problem === undefined ? {} : { problem }),
      ...(oidc === undefined ? {} : { provider: oidc.provider.name }),
    });

  app.get(
    '/login',
    { config: { access: 'open' }, schema: { hide: true } },
    async (_request, reply) => reply.type('text/html; charset=utf-8').send(show()),
  );

  app.post(
    '/login',
    {
      config: { access: 'open', idempotent: false, rateLimit: triesFromOneAddress },
      schema: {
        tags,
        operationId: 'login',
        summary: 'Sign a browser in, with a password or a token',
        body: z.union([
          z.object({ token: z.string().max(200) }),
          z.object({
            login: z.string().max(320),
            password: passwordSchema,
            code: z.string().max(100).optional(),
          }),
        ]),
        response: { 303: z.null(), ...problems },
      },
    },
    async (request, reply) =>
      orPage(request, reply, show, async () => {
        refuseForeign(request);
        const { body, ip } = request;
        if ('token' in body) {
          const actor = await access.authenticate(body.token);
          if (actor === undefined) throw badToken();
          const who = { principal: actor.id, method: 'token' as const, token: body.token };
          return begin(request, reply, who);
        }
        const principal = await accounts.signIn({ ...body, source: ip });
        return begin(request, reply, { principal, method: 'password' });
      }),
  );

  app.get(
    '/welcome',
    {
      config: { access: 'open' },
      schema: { hide: true, querystring: z.object({ link: z.string().max(200) }) },
    },
    // Looking uses nothing up: mail programs look at links before people do.
    async (request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(welcomePage(request.query.link)),
  );

  app.post(
    '/welcome',
    {
      config: { access: 'open', idempotent: false, rateLimit: triesFromOneAddress },
      schema: {
        tags,
        operationId: 'redeemLink',
        summary:
          'Set the password that a link is for, which uses it up, and sign in; with a second factor, at /login',
        body: z.object({ link: z.string().max(200), password: passwordSchema }),
        response: { 303: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { link, password } = request.body;
      return orPage(
        request,
        reply,
        (problem) => welcomePage(link, problem),
        async () => {
          refuseForeign(request);
          const principal = await accounts.redeemLink(link, password);
          // A link is no second factor: whoever has one signs in with it.
          const { confirmed } = await secondFactor.state(principal);
          if (confirmed) return reply.header('cache-control', 'no-store').redirect('/login', 303);
          return begin(request, reply, { principal, method: 'password' });
        },
      );
    },
  );

  app.post(
    '/logout',
    {
      config: { access: 'signed-in', idempotent: false },
      schema: {
        tags,
        operationId: 'logout',
        summary: 'End the session of this browser',
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { session, actor } = request;
      if (session !== null) await sessions.end(session.id, actor.id);
      clearSessionCookie(request, reply);
      return reply.code(204).send(null);
    },
  );
}

/** People see on the page what is wrong; programs get a problem. */
async function orPage(
  request: FastifyRequest,
  reply: FastifyReply,
  show: (problem: string) => string,
  act: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await act();
  } catch (error) {
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    if (isForm !== true || !isDomainError(error)) throw error;
    const what = error.complaints.map(({ field, message }) => `${field} ${message}`);
    const text = [error.message, ...what, error.remedy ?? ''].join(' ').trim();
    return reply
      .code(error.kind === 'invalid' ? 422 : 403)
      .type('text/html; charset=utf-8')
      .serializer((payload: string) => payload)
      .send(show(text));
  }
}

/** Another site must not sign a browser in as somebody of its choice. */
function refuseForeign(request: FastifyRequest): void {
  if (isFromHere(request)) return;
  throw new DomainError('forbidden', 'Sign in from our own page.', {
    code: 'cross-site',
    remedy: 'Open /login and sign in there.',
  });
}

function badToken(): DomainError {
  return new DomainError('forbidden', 'The token is unknown, expired or revoked.', {
    code: 'invalid-token',
    remedy: 'Ask an administrator for a token: ctc token issue.',
  });
}
