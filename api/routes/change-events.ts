import * as z from 'zod';
import type { LogLine } from '../../domain/change/readers.ts';
import { endedStates } from '../../domain/change/life-cycle.ts';
import type { AppDeps } from '../app-deps.ts';
import { changeParamsSchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const batch = 200;

/** A change's log as server-sent events; ids are the log's own, so that a reader goes on without a gap. */
export function changeEventRoutes(app: TypedApp, { changes, logFeed }: AppDeps): void {
  app.get(
    '/changes/:change/events',
    {
      sse: 'only',
      config: { access: 'change.read' },
      schema: {
        tags: ['changes'],
        operationId: 'followChange',
        summary: 'The log as server-sent events: all of it, or what follows Last-Event-ID',
        params: changeParamsSchema,
        querystring: z.object({
          until: z
            .enum(['ended'])
            .optional()
            .describe('Ends the stream when the intervention has ended'),
        }),
        response: {
          200: z.string().describe('Events named "log", each with a LogLine as JSON'),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { id } = await changes.get(request.params.change);
      const gone = new AbortController();
      reply.sse.onClose(() => gone.abort());
      const lastSeen = Number(reply.sse.lastEventId ?? 0);
      await reply.sse.send(
        follow(
          async (after) => changes.log(id, { after, limit: batch }),
          () => logFeed.next(id, gone.signal),
          Number.isSafeInteger(lastSeen) ? lastSeen : 0,
          gone.signal,
          request.query.until === 'ended',
        ),
      );
    },
  );
}

async function* follow(
  read: (after: number) => Promise<readonly LogLine[]>,
  grown: () => Promise<void>,
  lastSeen: number,
  signal: AbortSignal,
  untilEnded: boolean,
): AsyncGenerator<{ id: string; event: string; data: LogLine }> {
  let after = lastSeen;
  while (!signal.aborted) {
    // Listening begins before reading: what is written in between wakes us at once.
    const next = grown();
    const lines = await read(after);
    for (const line of lines) {
      after = line.id;
      yield { id: String(line.id), event: 'log', data: line };
      if (untilEnded && (endedStates as readonly string[]).includes(line.to ?? '')) return;
    }
    if (lines.length < batch) await next;
  }
}
