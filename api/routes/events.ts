import * as z from 'zod';
import { isAllowedFor, type Actor } from '../../domain/access/actor.ts';
import { company, type Target } from '../../domain/access/grants.ts';
import { DomainError } from '../../domain/errors.ts';
import { assessmentSchema, eventReportSchema, eventStates } from '../../domain/incidents/event.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import { eventSchema } from '../schemas/incidents.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['incidents'];
const paramsSchema = z.object({
  event: z.string().max(100).describe('Label such as EVT-3, or id'),
});

/** Whatever looked wrong to anybody, and what it was found to be. */
export function eventRoutes(app: TypedApp, { events, targets }: AppDeps): void {
  const targetOfEvent = async (application: string | null): Promise<Target> =>
    application === null ? company : targets.ofApplication(application);

  app.post(
    '/events',
    {
      config: { access: 'event.report' },
      schema: {
        tags,
        operationId: 'reportEvent',
        summary: 'Report an event; somebody else says whether it is an incident',
        body: eventReportSchema,
        response: { 201: eventSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { actor, idempotencyKey } = request;
      const stored = await events.report(request.body, actor.id, idempotencyKey);
      return reply
        .code(201)
        .header('location', `/events/${stored.label}`)
        .send({ ...stored });
    },
  );

  app.get(
    '/events',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listEvents',
        summary: 'Reported events, newest first; one’s own without incident.manage',
        querystring: pageQuerySchema.extend({
          state: z
            .string()
            .transform((text) => text.split(','))
            .pipe(z.array(z.enum(eventStates)))
            .optional()
            .describe('One state, or several with commas in between'),
          mine: z.stringbool().default(false),
        }),
        response: {
          200: z.object({ rows: z.array(eventSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, state, mine } = request.query;
      const { actor } = request;
      const page = await events.list(
        withoutUndefined({
          states: state,
          reportedBy: mine || !seesAllEvents(actor) ? actor.id : undefined,
        }),
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, { ...page, rows: page.rows.map((row) => ({ ...row })) });
    },
  );

  app.get(
    '/events/:event',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'getEvent',
        summary: 'An event, and what it was found to be; one’s own without incident.manage',
        params: paramsSchema,
        response: { 200: eventSchema, ...problems },
      },
    },
    async ({ actor, params }) => {
      const found = await events.get(params.event);
      if (seesAllEvents(actor) || found.reportedBy === actor.id) return { ...found };
      const target = await targetOfEvent(found.application);
      if (isAllowedFor(actor, 'incident.manage', target)) return { ...found };
      throw new DomainError('forbidden', `${found.label} was reported by somebody else.`, {
        code: 'not-your-event',
        remedy: 'Ask those who assess events.',
      });
    },
  );

  app.post(
    '/events/:event/assessment',
    {
      config: {
        access: 'incident.manage',
        touches: async (request) => {
          const { event } = request.params as { event: string };
          return targetOfEvent((await events.get(event)).application);
        },
      },
      schema: {
        tags,
        operationId: 'assessEvent',
        summary: 'Say what an event is: an incident, part of one, or none; once, with the reason',
        params: paramsSchema,
        body: assessmentSchema,
        response: { 200: eventSchema, ...problems },
      },
    },
    async (request) => ({
      ...(await events.assess(request.params.event, request.body, request.actor.id)),
    }),
  );
}

/** What has not been assessed may accuse somebody: it is for those who assess all of them, and for auditors. */
function seesAllEvents(actor: Actor): boolean {
  return (
    isAllowedFor(actor, 'incident.manage', company) || isAllowedFor(actor, 'evidence.read', company)
  );
}
