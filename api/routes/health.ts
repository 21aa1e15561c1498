import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const partSchema = z.object({ ok: z.boolean(), detail: z.string().optional() });
const withinMs = 2_000;

/** For orchestrators and monitoring. */
export function healthRoutes(app: TypedApp, { health, metrics }: AppDeps): void {
  app.get(
    '/livez',
    {
      config: { access: 'open' },
      schema: {
        tags: ['health'],
        operationId: 'isLive',
        summary: 'The process answers',
        response: { 200: z.object({ ok: z.boolean() }), ...problems },
      },
    },
    () => Promise.resolve({ ok: true }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'open' },
      schema: {
        tags: ['health'],
        operationId: 'isReady',
        summary:
          'Requests can be taken: the database answers; without Temporal they wait in the outbox',
        response: {
          200: z.object({ ok: z.boolean(), database: partSchema, temporal: partSchema }),
          ...problems,
          503: z.object({ ok: z.boolean(), database: partSchema, temporal: partSchema }),
        },
      },
    },
    async (_request, reply) => {
      const [database, temporal] = await Promise.all([
        check(health.database),
        check(health.temporal),
      ]);
      return reply.code(database.ok ? 200 : 503).send({ ok: database.ok, database, temporal });
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'metrics.read' },
      schema: {
        tags: ['health'],
        operationId: 'getMetrics',
        summary: 'Metrics in the text format of Prometheus',
        produces: ['text/plain'],
        response: { 200: z.string(), ...problems },
      },
    },
    async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .serializer((payload: unknown) => String(payload))
        .send(await metrics()),
  );
}

async function check(part: () => Promise<void>): Promise<{ ok: boolean; detail?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
  });
  try {
    await Promise.race([part(), late]);
    return { ok: true };
  } catch (error) {
    // Open to everybody: says that it is away, not where it is.
    return {
      ok: false,
      detail:
        error instanceof Error && error.message.startsWith('no answer')
          ? error.message
          : 'not reachable',
    };
  } finally {
    clearTimeout(timer);
  }
}
