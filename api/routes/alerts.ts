import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['alerts'];

const alertSchema = z
  .object({
    id: z.string(),
    change: z.string().nullable().describe('Null where it is about none'),
    topic: z.string(),
    subject: z.string(),
    body: z.string(),
    at: z.string(),
    readAt: z.string().nullable(),
  })
  .meta({ id: 'Alert' });

/** The caller's own inbox. */
export function alertRoutes(app: TypedApp, { alerts }: AppDeps): void {
  app.get(
    '/alerts',
    {
      config: { access: 'alert.read' },
      schema: {
        tags,
        operationId: 'listAlerts',
        summary: 'What you were alerted to, newest first',
        querystring: pageQuerySchema.extend({ unread: z.stringbool().default(false) }),
        response: {
          200: z.object({ rows: z.array(alertSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, unread } = request.query;
      const page = await alerts.list(request.actor.id, {
        limit,
        unread,
        ...(cursor === undefined ? {} : { cursor }),
      });
      return sendPage(request, reply, page);
    },
  );

  app.post(
    '/alerts/:alert/read',
    {
      // Marking twice is the same as marking once.
      config: { access: 'alert.read', idempotent: false },
      schema: {
        tags,
        operationId: 'markAlertRead',
        summary: 'Mark an alert as read',
        params: z.object({ alert: z.uuid() }),
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      await alerts.markRead(request.actor.id, request.params.alert);
      return reply.code(204).send(null);
    },
  );
}
