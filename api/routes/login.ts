import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { sessionCookie } from '../plugins/authentication.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import { DomainError } from '../../domain/errors.ts';

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in · CTC</title></head>
<body><main><h1>Change Tracking Centre</h1>
<form method="post" action="/login">
<p><label for="token">Access token</label><br><input id="token" name="token" type="password" required autocomplete="off" size="60"></p>
<p><button>Sign in for reading</button></p></form>
<p>The token is kept in a cookie of this browser until it is closed. It serves for reading only.</p>
</main></body></html>
`;

/** Lets a browser read the documentation: a token becomes a cookie, which counts for reading only. */
export function loginRoutes(app: TypedApp, { access }: AppDeps): void {
  app.get(
    '/login',
    { config: { access: 'open' }, schema: { hide: true } },
    async (_request, reply) => reply.type('text/html; charset=utf-8').send(page),
  );

  app.post(
    '/login',
    {
      config: { access: 'open', idempotent: false, rateLimit: { max: 20, timeWindow: '1 minute' } },
      schema: {
        tags: ['access'],
        operationId: 'login',
        summary: 'Sign a browser in with a token, for reading',
        body: z.object({ token: z.string().max(200) }),
        response: { 303: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { token } = request.body;
      if ((await access.signIn(token)) === undefined) {
        throw new DomainError('forbidden', 'The token is unknown, expired or revoked.', {
          code: 'invalid-token',
          remedy: 'Ask an administrator for a token: ctc token issue.',
        });
      }
      return reply
        .setCookie(sessionCookie, token, {
          path: '/',
          httpOnly: true,
          sameSite: 'strict',
          secure: request.protocol === 'https',
        })
        .redirect('/docs', 303);
    },
  );
}
