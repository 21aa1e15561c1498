import * as z from 'zod';
import { carriedOut } from '../../domain/problems/change-failures.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems as errors } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const instant = z.iso.datetime({ offset: true });
const countsShape = {
  changes: z.int(),
  failed: z.int(),
  rolledBack: z.int(),
  rollbackIncomplete: z.int(),
  causedIncident: z.int().describe('That an incident is attributed to, however they ended'),
  ratePercent: z.number().nullable().describe('null without a change: nothing is no success'),
};

/** How many changes fail, and which. */
export function changeFailureRoutes(app: TypedApp, { changeFailures }: AppDeps): void {
  app.get(
    '/change-failures',
    {
      config: { access: 'change.read' },
      schema: {
        tags: ['problems'],
        operationId: 'getChangeFailures',
        summary:
          'The change failure rate of a period, with its definition and the changes that failed',
        querystring: pageQuerySchema.extend({
          from: instant.describe('Included'),
          to: instant.describe('Excluded'),
        }),
        response: {
          200: z
            .object({
              ...countsShape,
              from: z.string(),
              to: z.string(),
              definition: z.string(),
              byClass: z.array(z.object({ class: z.string(), ...countsShape })),
              rows: z.array(
                z.object({
                  change: z.string(),
                  title: z.string(),
                  class: z.string(),
                  application: z.string().nullable(),
                  outcome: z.enum(carriedOut),
                  endedAt: z.string(),
                  incidents: z.array(z.string()),
                }),
              ),
              nextCursor: z.string().optional(),
            })
            .meta({ id: 'ChangeFailures' }),
          ...errors,
        },
      },
    },
    async (request, reply) => {
      const { from, to, limit, cursor } = request.query;
      const found = await changeFailures.failures(
        { from, to },
        withoutUndefined({ limit, cursor }),
      );
      const page = sendPage(request, reply, found);
      return { ...found, ...page } as never;
    },
  );
}
