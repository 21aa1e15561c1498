import * as z from 'zod';
import { company } from '../../domain/access/grants.ts';
import { incidentPlanSchema } from '../../domain/incidents/plan.ts';
import type { AppDeps } from '../app-deps.ts';
import { etagOf, seenVersion } from '../etag.ts';
import { problems, reasonSchema } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['incidents'];

const versionShape = {
  version: z.int().describe('0: the default plan, which nobody has adopted'),
  reason: z.string().nullable(),
  adoptedBy: z.string().nullable(),
  adoptedAt: z.string().nullable(),
};
const planSchema = z
  .object({
    ...versionShape,
    plan: incidentPlanSchema,
    contactsVerifiedAt: z
      .record(z.string(), z.string())
      .describe('When each contact was last verified as it is reached now'),
  })
  .meta({ id: 'IncidentPlan' });
const exerciseShape = {
  heldOn: z.iso.date('use a date such as 2026-12-31'),
  scenario: z.string().trim().min(3).max(4000),
  participants: z.array(z.string().trim().min(1).max(200)).min(1).max(500),
  outcome: z.string().trim().min(3).max(10_000).describe('What worked, and what did not'),
};
const exerciseSchema = z
  .object({
    ...exerciseShape,
    id: z.string(),
    planVersion: z.int(),
    recordedBy: z.string(),
    recordedAt: z.string(),
  })
  .meta({ id: 'IncidentExercise' });

/** How incidents are answered, in all versions, and what shows that it would work. */
export function incidentPlanRoutes(app: TypedApp, { incidentPlan }: AppDeps): void {
  app.get(
    '/incident-plan',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'getIncidentPlan',
        summary: 'The incident plan in force: severities, roles, contacts, duties and their clocks',
        response: { 200: planSchema, ...problems },
      },
    },
    async (_request, reply) => {
      const stored = await incidentPlan.inForce();
      return reply.header('etag', etagOf(stored.version)).send(stored);
    },
  );

  app.put(
    '/incident-plan',
    {
      config: { access: 'incident-plan.manage', ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'adoptIncidentPlan',
        summary:
          'Adopt a new version of the plan (If-Match); incidents keep the one they began with',
        body: reasonSchema.extend({ plan: incidentPlanSchema }),
        response: { 200: planSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { plan, reason } = request.body;
      const given = { reason, seenVersion: seenVersion(request) };
      const stored = await incidentPlan.adopt(plan, given, request.actor.id);
      return reply.header('etag', etagOf(stored.version)).send(stored);
    },
  );

  app.get(
    '/incident-plan/versions',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listIncidentPlanVersions',
        summary: 'Who adopted which version when and why, newest first',
        response: { 200: z.object({ rows: z.array(z.object(versionShape)) }), ...problems },
      },
    },
    async () => ({ rows: (await incidentPlan.versions()).map((row) => ({ ...row })) }),
  );

  app.get(
    '/incident-plan/versions/:version',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'getIncidentPlanVersion',
        summary: 'The plan as it was',
        params: z.object({ version: z.coerce.number().int().min(0).max(1_000_000) }),
        response: {
          200: z.object({ ...versionShape, plan: incidentPlanSchema }),
          ...problems,
        },
      },
    },
    async (request) => ({ ...(await incidentPlan.version(request.params.version)) }),
  );

  app.post(
    '/incident-plan/contacts/:contact/verifications',
    {
      config: { access: 'incident.manage', touches: () => company },
      schema: {
        tags,
        operationId: 'verifyIncidentContact',
        summary: 'Record that a contact was reached as the plan says',
        params: z.object({ contact: z.string().max(100) }),
        body: z.strictObject({ how: z.string().trim().min(3).max(2000) }),
        response: { 200: planSchema, ...problems },
      },
    },
    async (request) => {
      const { contact } = request.params;
      await incidentPlan.verifyContact(contact, request.body.how, request.actor.id);
      return await incidentPlan.inForce();
    },
  );

  app.post(
    '/incident-plan/exercises',
    {
      config: { access: 'incident.manage', touches: () => company },
      schema: {
        tags,
        operationId: 'recordIncidentExercise',
        summary: 'Record an exercise of the plan, and what it showed',
        body: z.strictObject(exerciseShape),
        response: { 201: exerciseSchema, ...problems },
      },
    },
    async (request, reply) => {
      const exercise = await incidentPlan.recordExercise(request.body, request.actor.id);
      return reply.code(201).send({ ...exercise, participants: [...exercise.participants] });
    },
  );

  app.get(
    '/incident-plan/exercises',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listIncidentExercises',
        summary: 'Exercises of the plan, the newest thousand, newest first',
        response: { 200: z.object({ rows: z.array(exerciseSchema) }), ...problems },
      },
    },
    async () => ({
      rows: (await incidentPlan.exercises()).map((row) => ({
        ...row,
        participants: [...row.participants],
      })),
    }),
  );
}
