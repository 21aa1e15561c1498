import * as z from 'zod';
import { lineStopRequestSchema, type LineStopRequest } from '../../domain/line/line-stop.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems, reasonSchema } from '../schemas/common.ts';
import { touchedLineStop } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['line'];

const lineStopSchema = z
  .object({
    id: z.uuid(),
    scope: z.object({
      kind: z.enum(['all', 'datacentre', 'solution', 'department']),
      id: z.string().optional(),
    }),
    reason: z.string(),
    stoppedBy: z.string(),
    stoppedAt: z.string(),
    resumed: z.object({ by: z.string(), at: z.string(), reason: z.string() }).nullable(),
    covered: z.int().describe('Changes that it covered when declared, or that came to it since'),
    paused: z.int().describe('Those of them that are paused now'),
  })
  .meta({ id: 'LineStop' });
const lineStopParamsSchema = z.object({ id: z.string() });

/** Stopping the line: no deployment begins another step until it goes on. */
export function lineStopRoutes(app: TypedApp, { lineStops, targets, kickOutbox }: AppDeps): void {
  app.post(
    '/line-stops',
    {
      config: {
        access: 'line.stop',
        touches: ({ body }) => targets.ofScope((body as LineStopRequest).scope),
      },
      schema: {
        tags,
        operationId: 'stopLine',
        summary:
          'Pause all deployments, or those of a datacentre, solution or department; durable when this answers',
        body: lineStopRequestSchema,
        response: { 201: lineStopSchema, ...problems },
      },
    },
    async (request, reply) => {
      const stored = await lineStops.stop({
        ...request.body,
        by: request.actor.id,
        requestKey: request.idempotencyKey,
      });
      kickOutbox();
      return reply.code(201).header('location', `/line-stops/${stored.id}`).send(stored);
    },
  );

  app.post(
    '/line-stops/:id/lift',
    {
      config: { access: 'line.resume', touches: touchedLineStop({ lineStops, targets }) },
      schema: {
        tags,
        operationId: 'liftLineStop',
        summary: 'Lift a stop: each change goes on where it was, unless something else holds it',
        params: lineStopParamsSchema,
        body: reasonSchema,
        response: { 200: lineStopSchema, ...problems },
      },
    },
    async (request) => {
      const stored = await lineStops.resume(
        request.params.id,
        request.actor.id,
        request.body.reason,
      );
      kickOutbox();
      return stored;
    },
  );

  app.get(
    '/line-stops',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'listLineStops',
        summary: 'Stops of the line, newest first',
        querystring: pageQuerySchema.extend({ includeResumed: z.stringbool().default(false) }),
        response: {
          200: z.object({ rows: z.array(lineStopSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, includeResumed } = request.query;
      const page = await lineStops.list({
        limit,
        includeResumed,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return sendPage(request, reply, page);
    },
  );

  app.get(
    '/line-stops/:id',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getLineStop',
        summary: 'A stop of the line: scope, reason, who declared and who lifted it',
        params: lineStopParamsSchema,
        response: { 200: lineStopSchema, ...problems },
      },
    },
    (request) => lineStops.get(request.params.id),
  );
}
