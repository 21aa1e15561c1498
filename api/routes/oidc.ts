import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { grantsOfGroups } from '../../domain/access/group-rules.ts';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import type { AppDeps } from '../app-deps.ts';
import { signInPage } from '../pages.ts';
import { problems } from '../schemas/common.ts';
import { sessionCookieOf, setSessionCookie } from '../session-cookie.ts';
import type { TypedApp } from '../typed-app.ts';

const flowCookie = 'ctc_sign_in';
const callbackPath = '/login/oidc';

/** Signing in at the company's identity provider. */
export function oidcRoutes(app: TypedApp, { oidc, sessions }: AppDeps): void {
  /** What goes wrong is told on the page where one can sign in otherwise. */
  const orSignInPage = async (
    request: FastifyRequest,
    reply: FastifyReply,
    act: () => Promise<FastifyReply>,
  ): Promise<FastifyReply> => {
    try {
      return await act();
    } catch (error) {
      if (!isDomainError(error)) throw error;
      request.log.warn({ err: error }, 'sign-in at the identity provider failed');
      return reply
        .code(error.kind === 'unavailable' ? 503 : 403)
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(
          signInPage({
            problem: `${error.message} ${error.remedy ?? ''}`.trim(),
            ...(oidc === undefined ? {} : { provider: oidc.provider.name }),
          }),
        );
    }
  };

  app.get(
    '/login/oidc',
    { config: { access: 'open' }, schema: { hide: true } },
    async (request, reply) =>
      orSignInPage(request, reply, async () => {
        if (oidc === undefined) throw notSetUp();
        const { url, flow } = await oidc.provider.begin();
        // The answer is taken from the browser that asked, and from no other.
        const browser = randomBytes(32).toString('base64url');
        await oidc.accounts.keepFlow(flow, browser);
        return reply
          .setCookie(flowCookie, browser, {
            ...{ path: callbackPath, httpOnly: true, sameSite: 'lax', maxAge: 600 },
            secure: request.protocol === 'https',
          })
          .header('cache-control', 'no-store')
          .redirect(url, 303);
      }),
  );

  app.get(
    '/login/oidc/callback',
    {
      config: { access: 'open' },
      schema: { hide: true, querystring: z.looseObject({ state: z.string().max(200).optional() }) },
    },
    async (request, reply) =>
      orSignInPage(request, reply, async () => {
        if (oidc === undefined) throw notSetUp();
        const { state = '' } = request.query;
        const flow = await oidc.accounts.takeFlow(state, request.cookies[flowCookie] ?? '');
        if (flow === undefined) throw staleAnswer();
        const identity = await oidc.provider.complete(request.url, flow);
        const grants = grantsOfGroups(identity.groups, oidc.rules);
        const principal = await oidc.accounts.arrive(identity, grants);
        const { issuer, subject, session } = identity;
        const { secret } = await sessions.start({
          ...{ principal, method: 'oidc', agent: request.headers['user-agent'] ?? '' },
          provider: { issuer, subject, session },
          replaces: request.cookies[sessionCookieOf(request)],
        });
        setSessionCookie(request, reply, secret);
        return reply
          .clearCookie(flowCookie, { path: callbackPath })
          .header('cache-control', 'no-store')
          .redirect('/docs', 303);
      }),
  );

  app.post(
    '/logout/oidc',
    {
      config: { access: 'open', idempotent: false },
      schema: {
        tags: ['access'],
        operationId: 'backchannelLogout',
        summary: 'The identity provider says that somebody has signed out there',
        body: z.object({ logout_token: z.string().max(8000) }),
        response: { 200: z.object({ ended: z.int() }), ...problems },
      },
    },
    async (request, reply) => {
      if (oidc === undefined) throw notSetUp();
      const notice = await oidc.provider.readLogout(request.body.logout_token);
      const ended = await oidc.accounts.takeLogout(notice);
      return reply.header('cache-control', 'no-store').send({ ended });
    },
  );
}

function notSetUp(): DomainError {
  return new DomainError('not-found', 'No identity provider is set up here.', {
    code: 'no-identity-provider',
    remedy: 'Sign in with a password or a token; CTC_OIDC sets a provider up.',
  });
}

function staleAnswer(): DomainError {
  return new DomainError('forbidden', 'This sign-in was not begun here, or is over.', {
    code: 'sign-in-refused',
    remedy: 'Begin again.',
  });
}
