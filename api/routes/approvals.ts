import * as z from 'zod';
import { isAllowed } from '../../domain/access/actor.ts';
import { treatmentOptions } from '../../domain/approvals/ports.ts';
import { amendmentSchema } from '../../domain/change/change-request.ts';
import type { AppDeps } from '../app-deps.ts';
import { requireVersion } from '../etag.ts';
import { sendPage } from '../paging.ts';
import {
  agendaItemSchema,
  delegationSchema,
  planApprovalsSchema,
  treatmentSchema,
  wayBackSchema,
} from '../schemas/approvals.ts';
import {
  acknowledgementSchema,
  changeParamsSchema,
  pageQuerySchema,
  problems,
  reasonSchema,
} from '../schemas/common.ts';
import { createSender } from '../send-to-change.ts';
import { touchedChange } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['decisions'];
const instant = z.iso.datetime({ offset: true });

/** What is asked of those who decide, and what is brought so that they can. */
export function approvalRoutes(app: TypedApp, deps: AppDeps): void {
  const { approvals, changes, delegations, messenger, now, wayBacks } = deps;
  const send = createSender(messenger);
  const touches = touchedChange(deps);

  app.get(
    '/changes/:change/approvals',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getApprovals',
        summary: 'What the policies ask for, what is given, who could give the rest, and the risk',
        params: changeParamsSchema,
        response: { 200: planApprovalsSchema, ...problems },
      },
    },
    async ({ params }) => structuredClone(await approvals.approvals(params.change)) as never,
  );

  app.get(
    '/changes/:change/way-back',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getWayBack',
        summary:
          'The rollback plan, whether it was tried, and each rollback: who decided, how long, where',
        params: changeParamsSchema,
        response: { 200: wayBackSchema, ...problems },
      },
    },
    async ({ params }) => structuredClone(await wayBacks.wayBack(params.change)) as never,
  );

  app.get(
    '/agenda',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'listAgenda',
        summary: 'The advisory board’s agenda: what waits for a decision, with risk and impact',
        querystring: pageQuerySchema.extend({
          mine: z.stringbool().default(false).describe('Only what your signature would count for'),
        }),
        response: {
          200: z.object({ rows: z.array(agendaItemSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, mine } = request.query;
      const page = await approvals.agenda(request.actor.id, {
        limit,
        mine,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const rows = page.rows.map((row) => ({ ...row, open: [...row.open] }));
      return sendPage(request, reply, { ...page, rows });
    },
  );

  app.post(
    '/changes/:change/amendment',
    {
      config: { access: 'change.move', touches, ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'amendChange',
        summary:
          'Bring what was left out (If-Match): rollback, tests, answers; it is approved anew',
        params: changeParamsSchema,
        body: reasonSchema.extend({ fields: amendmentSchema }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      requireVersion(request, change.version, change.label);
      const { reason, fields } = request.body;
      const { window } = change;
      return send(request, change, 'amend', {
        by: request.actor.id,
        reason,
        revision: change.revision + 1,
        fields,
        window: {
          request: { asked: change.request.window, resolved: window },
          opensAt: window.opensAt,
          closesAt: window.closesAt,
        },
      });
    },
  );

  app.post(
    '/changes/:change/risk-treatment',
    {
      config: { access: 'risk.treat', touches, ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'treatRisk',
        summary: 'Say how the risk of the plan is treated (If-Match): modify, retain, avoid, share',
        params: changeParamsSchema,
        body: z.strictObject({
          option: z.enum(treatmentOptions),
          description: z.string().trim().min(10, 'say how in at least ten characters').max(10_000),
        }),
        response: { 200: treatmentSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      requireVersion(request, change.version, change.label);
      return approvals.treat(change.id, change.planHash ?? '', {
        ...request.body,
        by: request.actor.id,
      });
    },
  );

  app.post(
    '/changes/:change/justification',
    {
      config: { access: 'change.justify' },
      schema: {
        tags,
        operationId: 'justifyChange',
        summary: 'Approve afterwards what could not wait for it, or hold it to be unjustified',
        params: changeParamsSchema,
        body: reasonSchema.extend({ decision: z.enum(['justified', 'not-justified']) }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      const { decision, reason } = request.body;
      return send(request, change, 'justify', { by: request.actor.id, reason, decision });
    },
  );

  app.get(
    '/delegations',
    {
      config: { access: 'policy.read' },
      schema: {
        tags,
        operationId: 'listDelegations',
        summary: 'Who stands in for whom when changes are decided on, newest first',
        querystring: z.object({ of: z.string().max(100).optional() }),
        response: { 200: z.object({ rows: z.array(delegationSchema) }), ...problems },
      },
    },
    async ({ query }) => ({ rows: await delegations.list(query.of) }),
  );

  app.post(
    '/delegations',
    {
      config: { access: 'approval.delegate' },
      schema: {
        tags,
        operationId: 'delegateApprovals',
        summary: 'Have somebody decide in your place for a time',
        body: reasonSchema.extend({
          delegate: z.string().max(100),
          from: instant.optional().describe('Now, unless said'),
          until: instant,
        }),
        response: { 201: delegationSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { delegate, until, reason } = request.body;
      const from = request.body.from ?? now().toISOString();
      const delegator = request.actor.id;
      return reply
        .code(201)
        .send(await delegations.delegate({ delegator, delegate, from, until, reason }));
    },
  );

  app.delete(
    '/delegations/:delegation',
    {
      config: { access: 'approval.delegate' },
      schema: {
        tags,
        operationId: 'endDelegation',
        summary: 'End a delegation: your own, or anybody’s where you may manage policies',
        params: z.object({ delegation: z.uuid() }),
        response: { 200: delegationSchema, ...problems },
      },
    },
    (request) =>
      delegations.end(
        request.params.delegation,
        request.actor.id,
        isAllowed(request.actor, 'policy.manage'),
      ),
  );
}
