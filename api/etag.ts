import type { FastifyRequest } from 'fastify';

export function etagOf(version: number): string {
  return `"v${version}"`;
}

/** The version that the caller was shown. @throws PreconditionRequired, as 428, without If-Match. */
export function seenVersion(request: FastifyRequest): number {
  const header = request.headers['if-match'];
  const match = header === undefined ? null : /^"v(\d{1,9})"$/.exec(header);
  if (match?.[1] === undefined) {
    throw Object.assign(
      new Error(
        'This needs If-Match with the ETag that you were shown, so that nobody decides on what has changed since.',
      ),
      { statusCode: 428 },
    );
  }
  return Number(match[1]);
}

/** @throws 412 when the thing has changed since the caller was shown it. */
export function requireVersion(request: FastifyRequest, current: number, what: string): void {
  const seen = seenVersion(request);
  if (seen === current) return;
  throw Object.assign(
    new Error(`${what} is at version ${current} now; you were shown version ${seen}. Look again.`),
    { statusCode: 412 },
  );
}

/** The version in an optional If-Match. */
export function optionalVersion(request: FastifyRequest): number | undefined {
  return request.headers['if-match'] === undefined ? undefined : seenVersion(request);
}
