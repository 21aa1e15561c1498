import type { FastifyReply } from 'fastify';

/** Aborted when the connection ends before the answer: what nobody waits for is not computed. */
export function untilGone({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new Error('the client went away'));
  });
  return gone.signal;
}
