import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { changeParamsSchema, pageQuerySchema, problems } from '../schemas/common.ts';
import { measurementSchema } from '../schemas/metrics.ts';
import type { TypedApp } from '../typed-app.ts';

/** What was measured of a change's metrics: the evidence behind its verification. */
export function measurementRoutes(app: TypedApp, { changes }: AppDeps): void {
  app.get(
    '/changes/:change/measurements',
    {
      config: { access: 'change.read' },
      schema: {
        tags: ['changes'],
        operationId: 'listMeasurements',
        summary: 'Every measurement of its metrics, oldest first',
        params: changeParamsSchema,
        querystring: pageQuerySchema,
        response: {
          200: z.object({ rows: z.array(measurementSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { id } = await changes.get(request.params.change);
      const { limit, cursor } = request.query;
      const page = await changes.measurements(id, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return sendPage(request, reply, page);
    },
  );
}
