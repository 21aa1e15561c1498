import type { FastifyReply, FastifyRequest } from 'fastify';

/** Adds the `Link` to the next page (RFC 8288) and answers with the rows. */
export function sendPage<Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  page: { readonly rows: readonly Row[]; readonly nextCursor?: string },
): { rows: Row[]; nextCursor?: string } {
  if (page.nextCursor !== undefined) {
    const [path, query] = request.url.split('?');
    const search = new URLSearchParams(query);
    search.set('cursor', page.nextCursor);
    void reply.header('link', `<${path ?? ''}?${search.toString()}>; rel="next"`);
  }
  return {
    rows: [...page.rows],
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
  };
}
