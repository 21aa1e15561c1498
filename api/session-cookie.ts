import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from './plugins/problem-details.ts';

const csrfHeader = 'x-csrf-token';

/** With `__Host-` no other host and no unencrypted page can set it; browsers take that over https only. */
export function sessionCookieOf({ protocol }: Pick<FastifyRequest, 'protocol'>): string {
  return protocol === 'https' ? '__Host-ctc_session' : 'ctc_session';
}

export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  secret: string,
): void {
  void reply.setCookie(sessionCookieOf(request), secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: request.protocol === 'https',
  });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  void reply.clearCookie(sessionCookieOf(request), {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: request.protocol === 'https',
  });
}

/** Known to whoever can read our pages and answers with the session, which other sites cannot. */
export function csrfTokenOf(secret: string): string {
  return createHash('sha256').update(`csrf ${secret}`).digest('base64url');
}

/** Whether a request that a cookie vouches for comes from our own pages, or only reads. */
export function isOwnRequest(request: FastifyRequest, csrfToken: string): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  if (!isFromHere(request)) return false;
  const inForm = (request.body as { _csrf?: unknown } | null | undefined)?._csrf;
  const given = request.headers[csrfHeader] ?? inForm;
  if (typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(csrfToken)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** What browsers say of where a request comes from, older ones by Origin; programs say nothing. */
export function isFromHere({ headers, protocol, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin } = headers;
  return origin === undefined || origin === `${protocol}://${host}`;
}

export const crossSite: Problem = {
  status: 403,
  code: 'cross-site',
  detail: 'With a session, what changes something is taken only from our own pages.',
  remedy: `Send the header ${csrfHeader} with the csrfToken that GET /me says, or use a token.`,
};
