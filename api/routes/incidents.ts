import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import {
  incidentSources,
  incidentStates,
  responseSteps,
} from '../../domain/incidents/life-cycle.ts';
import { classificationSchema } from '../../domain/incidents/event.ts';
import { changeLinkKinds } from '../../domain/incidents/ports.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { newActionSchema, actionSchema } from '../schemas/actions.ts';
import { pageQuerySchema, problems, reasonSchema } from '../schemas/common.ts';
import { findingSchema, incidentSchema, incidentSummarySchema } from '../schemas/incidents.ts';
import { touchedIncident } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['incidents'];
const paramsSchema = z.object({
  incident: z.string().max(100).describe('Label such as INC-3, or id'),
});
const instant = z.iso.datetime({ offset: true });
const text = (most: number) => z.string().trim().min(3).max(most);
const listOf = <T extends readonly [string, ...string[]]>(values: T) =>
  z
    .string()
    .transform((given) => given.split(','))
    .pipe(z.array(z.enum(values)))
    .optional()
    .describe('One, or several with commas in between');

/** The register of incidents: what opens by itself and what people report, answered to its end. */
export function incidentRoutes(app: TypedApp, deps: AppDeps): void {
  const { actions, incidentFindings, incidentReader, incidents } = deps;
  const touches = touchedIncident(deps);

  app.get(
    '/incidents',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listIncidents',
        summary: 'Incidents, newest first',
        querystring: pageQuerySchema.extend({
          application: z.string().max(100).optional(),
          state: listOf(incidentStates),
          source: listOf(incidentSources),
          severity: z.string().max(100).optional(),
        }),
        response: {
          200: z.object({
            rows: z.array(incidentSummarySchema),
            nextCursor: z.string().optional(),
          }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, application, state, source, severity } = request.query;
      const page = await incidentReader.list(
        withoutUndefined({ application, states: state, sources: source, severity }),
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, {
        ...page,
        rows: page.rows.map((row) => ({ ...row, violated: [...row.violated] })),
      });
    },
  );

  app.get(
    '/incidents/:incident',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'getIncident',
        summary: 'An incident: what was decided, done and owed, evidence, review, log',
        params: paramsSchema,
        response: { 200: incidentSchema, ...problems },
      },
    },
    async (request) => (await incidentReader.get(request.params.incident)) as never,
  );

  app.get(
    '/incident-findings',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listIncidentFindings',
        summary: 'What an auditor would find of the plan, events, incidents, duties and actions',
        response: { 200: z.object({ rows: z.array(findingSchema) }), ...problems },
      },
    },
    async () => ({ rows: [...(await incidentFindings.list())] }),
  );

  /** Each does one thing to an incident, and answers with what it is then. */
  const post = <Body extends z.ZodType>(
    path: string,
    operationId: string,
    summary: string,
    body: Body,
    act: (incident: string, body: z.output<Body>, request: FastifyRequest) => Promise<void>,
  ): void => {
    app.post(
      `/incidents/:incident/${path}`,
      {
        config: { access: 'incident.manage', touches },
        schema: {
          tags,
          operationId,
          summary,
          params: paramsSchema.extend(path.includes(':duty') ? { duty: z.string().max(100) } : {}),
          body,
          response: { 200: incidentSchema, ...problems },
        },
      },
      async (request) => {
        const { incident } = request.params as { incident: string };
        await act(incident, request.body as z.output<Body>, request);
        return (await incidentReader.get(incident)) as never;
      },
    );
  };
  const dutyOf = (request: FastifyRequest): string => (request.params as { duty: string }).duty;

  post(
    'classification',
    'classifyIncident',
    'Say how severe it is, and whether personal data is concerned; clocks of duties start',
    classificationSchema.extend(reasonSchema.shape),
    (incident, body, { actor }) => incidents.classify(incident, body, actor.id),
  );
  post(
    'steps',
    'stepIncident',
    'Take a step of the response, or note something, with when it was done',
    z.strictObject({
      step: z.enum([...responseSteps, 'note']),
      what: text(10_000),
      at: instant.optional().describe('When it was done; now, unless said'),
    }),
    (incident, body, { actor }) => incidents.step(incident, withoutUndefined(body), actor.id),
  );
  post(
    'duties/:duty/notification',
    'notifyOfIncident',
    'Record that a notification that is owed was sent, with its proof',
    z.strictObject({
      at: instant,
      proof: text(2000).describe('A reference of the recipient, a letter’s number, E2 …'),
    }),
    (incident, body, request) =>
      incidents.notify(incident, dutyOf(request), body, request.actor.id),
  );
  post(
    'duties/:duty/waiver',
    'waiveIncidentDuty',
    'Say why a notification is not owed after all',
    reasonSchema,
    (incident, { reason }, request) =>
      incidents.waive(incident, dutyOf(request), reason, request.actor.id),
  );
  const linkSchema = reasonSchema.extend({
    change: z.string().max(100).describe('Label such as CHG-12, or id'),
    kind: z.enum(changeLinkKinds),
  });
  post(
    'changes',
    'linkIncident',
    'Say which change has caused it, or fixes it',
    linkSchema,
    (incident, body, { actor }) => incidents.link(incident, body, actor.id),
  );
  post(
    'changes/withdrawal',
    'unlinkIncident',
    'Withdraw that a change has caused it, or fixes it',
    linkSchema,
    (incident, body, { actor }) => incidents.unlink(incident, body, actor.id),
  );
  post(
    'review',
    'reviewIncident',
    'Write down what happened, why, and what is learnt from it; once more replaces it',
    z.strictObject({
      whatHappened: text(20_000),
      rootCause: text(10_000),
      lessons: text(10_000),
      criteriaChange: text(4000).nullable().default(null),
      risks: z
        .array(z.string().max(100))
        .max(100)
        .default([])
        .describe('Risks that are to be assessed again because of it, such as RSK-3'),
    }),
    (incident, body, { actor }) => incidents.review(incident, body, actor.id),
  );
  post(
    'closure',
    'closeIncident',
    'Close a resolved incident that nothing is open of',
    reasonSchema,
    (incident, { reason }, { actor }) => incidents.close(incident, reason, actor.id),
  );

  app.post(
    '/incidents/:incident/actions',
    {
      config: { access: 'incident.manage', touches },
      schema: {
        tags,
        operationId: 'addIncidentAction',
        summary: 'Add what somebody has to do because of it, until when',
        params: paramsSchema,
        body: newActionSchema,
        response: { 201: actionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const subject = { kind: 'incident', of: request.params.incident } as const;
      const added = await actions.add(subject, request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/actions/${added.label}`)
        .send({ ...added });
    },
  );
}
