import * as z from 'zod';
import { riskSchema } from '../../domain/risks/risk.ts';
import type { AppDeps } from '../app-deps.ts';
import { etagOf, seenVersion } from '../etag.ts';
import { sendPage } from '../paging.ts';
import { actionSchema, newActionSchema } from '../schemas/actions.ts';
import { pageQuerySchema, problems, reasonSchema } from '../schemas/common.ts';
import { findingSchema } from '../schemas/incidents.ts';
import { riskDetailSchema, storedRiskSchema } from '../schemas/risks.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['risks'];
const paramsSchema = z.object({
  risk: z.string().max(100).describe('Label such as RSK-3, or id'),
});

/** The risk register: assessed by criteria, treated, accepted by the owner, assessed again. */
export function riskRoutes(app: TypedApp, { actions, risks }: AppDeps): void {
  app.post(
    '/risks',
    {
      config: { access: 'risk.manage' },
      schema: {
        tags,
        operationId: 'registerRisk',
        summary: 'Register a risk with its first assessment, by the criteria in force',
        body: riskSchema,
        response: { 201: storedRiskSchema, ...problems },
      },
    },
    async (request, reply) => {
      const stored = await risks.register(request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/risks/${stored.label}`)
        .header('etag', etagOf(stored.version))
        .send(stored as never);
    },
  );

  app.get(
    '/risks',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'listRisks',
        summary: 'Risks, newest first',
        querystring: pageQuerySchema.extend({
          state: z.enum(['open', 'closed']).optional(),
          owner: z.string().max(100).optional(),
          band: z.string().max(100).optional().describe('Of what is left or, untreated, of all'),
        }),
        response: {
          200: z.object({ rows: z.array(storedRiskSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, ...filter } = request.query;
      const page = await risks.list(withoutUndefined(filter), withoutUndefined({ limit, cursor }));
      return sendPage(request, reply, page) as never;
    },
  );

  app.get(
    '/risks/:risk',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'getRisk',
        summary: 'A risk with all its assessments and acceptances, and its actions',
        params: paramsSchema,
        response: { 200: riskDetailSchema, ...problems },
      },
    },
    async (request, reply) => {
      const found = await risks.get(request.params.risk);
      return reply.header('etag', etagOf(found.version)).send(found as never);
    },
  );

  app.post(
    '/risks/:risk/assessments',
    {
      config: { access: 'risk.manage' },
      schema: {
        tags,
        operationId: 'assessRisk',
        summary: 'Assess a risk again; what was accepted before is void',
        params: paramsSchema,
        body: reasonSchema.extend({ risk: riskSchema }),
        response: { 201: storedRiskSchema, ...problems },
      },
    },
    async (request, reply) => {
      const stored = await risks.assess(request.params.risk, request.body, request.actor.id);
      return reply
        .code(201)
        .header('etag', etagOf(stored.version))
        .send(stored as never);
    },
  );

  app.post(
    '/risks/:risk/acceptance',
    {
      config: { access: 'risk.accept', ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'acceptRisk',
        summary: 'Accept what is left of a risk that you own, as you were shown it (If-Match)',
        params: paramsSchema,
        body: reasonSchema.extend({
          exception: z
            .string()
            .trim()
            .min(3)
            .max(4000)
            .nullable()
            .default(null)
            .describe('Why it is accepted although it is above what the criteria accept'),
        }),
        response: { 200: storedRiskSchema, ...problems },
      },
    },
    async (request, reply) => {
      const stored = await risks.accept(
        request.params.risk,
        { ...request.body, seenVersion: seenVersion(request) },
        request.actor.id,
      );
      return reply.header('etag', etagOf(stored.version)).send(stored as never);
    },
  );

  app.post(
    '/risks/:risk/triggers',
    {
      config: { access: 'risk.manage' },
      schema: {
        tags,
        operationId: 'triggerRisk',
        summary: 'Note that something has changed, so that a risk is to be assessed again',
        params: paramsSchema,
        body: reasonSchema.extend({
          from: z
            .string()
            .trim()
            .min(1)
            .max(200)
            .nullable()
            .default(null)
            .describe('What it comes from, such as CHG-12 or INC-3'),
        }),
        response: { 200: storedRiskSchema, ...problems },
      },
    },
    async (request) =>
      (await risks.trigger(request.params.risk, request.body, request.actor.id)) as never,
  );

  app.post(
    '/risks/:risk/closure',
    {
      config: { access: 'risk.manage' },
      schema: {
        tags,
        operationId: 'closeRisk',
        summary: 'Close a risk that is none any more, without open actions',
        params: paramsSchema,
        body: reasonSchema,
        response: { 200: storedRiskSchema, ...problems },
      },
    },
    async (request) =>
      (await risks.close(request.params.risk, request.body.reason, request.actor.id)) as never,
  );

  app.post(
    '/risks/:risk/actions',
    {
      config: { access: 'risk.manage' },
      schema: {
        tags,
        operationId: 'addRiskAction',
        summary: 'Add what somebody has to do to treat it, until when',
        params: paramsSchema,
        body: newActionSchema,
        response: { 201: actionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const subject = { kind: 'risk', of: request.params.risk } as const;
      const added = await actions.add(subject, request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/actions/${added.label}`)
        .send({ ...added });
    },
  );

  app.get(
    '/risk-findings',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'listRiskFindings',
        summary: 'What an auditor would find of criteria, risks, acceptances and controls',
        response: { 200: z.object({ rows: z.array(findingSchema) }), ...problems },
      },
    },
    async () => ({ rows: [...(await risks.findings())] }),
  );
}
