import * as z from 'zod';
import { changeRequestSchema, type ChangeRequest } from '../../domain/change/change-request.ts';
import { changeStates } from '../../domain/change/life-cycle.ts';
import type { AppDeps } from '../app-deps.ts';
import { etagOf } from '../etag.ts';
import { sendPage } from '../paging.ts';
import { checkRequest } from '../request-change.ts';
import { changeSchema, changeSummarySchema, logLineSchema } from '../schemas/changes.ts';
import { changeParamsSchema, pageQuerySchema, problems } from '../schemas/common.ts';
import { impactSchema } from '../schemas/impact.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['changes'];

/** Asking for changes and looking at them. */
export function changeRoutes(app: TypedApp, deps: AppDeps): void {
  const { changes, requests, targets } = deps;

  app.post(
    '/changes',
    {
      config: {
        access: 'change.request',
        touches: ({ body }) => targets.ofRequest(body as ChangeRequest),
      },
      schema: {
        tags,
        operationId: 'requestChange',
        summary: 'Ask for a change; it is durable when this answers',
        body: changeRequestSchema,
        response: { 201: changeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const window = await checkRequest(deps, request.body);
      const { id } = await requests.request({
        requester: request.actor.id,
        requestKey: request.idempotencyKey,
        requestHash: request.requestHash,
        request: request.body,
        window,
      });
      deps.kickOutbox();
      const change = await changes.get(id);
      return reply
        .code(201)
        .header('location', `/changes/${change.label}`)
        .header('etag', etagOf(change.version))
        .send(change as never);
    },
  );

  app.get(
    '/changes',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'listChanges',
        summary: 'Changes, newest first',
        querystring: pageQuerySchema.extend({
          state: z
            .string()
            .transform((text) => text.split(','))
            .pipe(z.array(z.enum(changeStates)))
            .optional()
            .describe('One state, or several with commas in between'),
          kind: z.string().max(50).optional(),
          application: z.string().max(100).optional(),
          requester: z.string().max(100).optional(),
          text: z.string().max(200).optional().describe('Part of the title'),
        }),
        response: {
          200: z.object({ rows: z.array(changeSummarySchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, state, kind, application, requester, text } = request.query;
      const page = await changes.list(
        {
          ...(state === undefined ? {} : { states: state }),
          ...(kind === undefined ? {} : { kind }),
          ...(application === undefined ? {} : { application }),
          ...(requester === undefined ? {} : { requester }),
          ...(text === undefined ? {} : { text }),
        },
        { limit, ...(cursor === undefined ? {} : { cursor }) },
      );
      return sendPage(request, reply, page);
    },
  );

  app.get(
    '/changes/:change',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getChange',
        summary: 'A change: request, plan, approvals, conflicts, attempts',
        params: changeParamsSchema,
        response: { 200: changeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const change = await changes.get(request.params.change);
      return reply.header('etag', etagOf(change.version)).send(change as never);
    },
  );

  app.get(
    '/changes/:change/log',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getChangeLog',
        summary: 'The log of a change, oldest first',
        params: changeParamsSchema,
        querystring: z.object({
          limit: z.coerce.number().int().min(1).max(200).default(200),
          cursor: z.coerce.number().int().min(0).default(0).describe('Lines after this id'),
        }),
        response: {
          200: z.object({ rows: z.array(logLineSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { id } = await changes.get(request.params.change);
      const { limit, cursor } = request.query;
      const rows = await changes.log(id, { after: cursor, limit });
      const last = rows.at(-1);
      return sendPage(request, reply, {
        rows,
        ...(rows.length === limit && last !== undefined ? { nextCursor: String(last.id) } : {}),
      });
    },
  );

  app.get(
    '/changes/:change/impact',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getChangeImpact',
        summary:
          'The newest assessment: counts, customers by solution, level, country and department',
        params: changeParamsSchema,
        response: {
          200: impactSchema
            .extend({ revision: z.int(), assessedAt: z.string() })
            .meta({ id: 'StoredImpact' }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { id } = await changes.get(request.params.change);
      return { ...(await changes.impact(id)) };
    },
  );

  app.get(
    '/changes/:change/simulations',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getChangeSimulations',
        summary: 'What Optimus was asked and answered, attempt by attempt',
        params: changeParamsSchema,
        response: { 200: z.object({ rows: z.array(z.looseObject({})) }), ...problems },
      },
    },
    async (request) => {
      const { id } = await changes.get(request.params.change);
      return { rows: (await changes.simulations(id)) as Record<string, unknown>[] };
    },
  );

  app.get(
    '/changes/:change/free-windows',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getFreeWindows',
        summary: 'The next windows without a blocking conflict',
        params: changeParamsSchema,
        querystring: z.object({
          count: z.coerce.number().int().min(1).max(50).default(5),
          days: z.coerce.number().int().min(1).max(366).default(90),
        }),
        response: {
          200: z.object({
            rows: z.array(
              z.object({
                opensAt: z.string(),
                closesAt: z.string(),
                customersDisturbedTwice: z.int(),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      const { count, days } = request.query;
      const rows = await nextFree(deps, change, count, days);
      return {
        rows: rows.map(({ opensAtMs, closesAtMs, customersDisturbedTwice }) => ({
          opensAt: new Date(opensAtMs).toISOString(),
          closesAt: new Date(closesAtMs).toISOString(),
          customersDisturbedTwice,
        })),
      };
    },
  );
}

/** Free windows of a change from its own opening time on, or from now if that has passed. */
export function nextFree(
  { changes, now }: Pick<AppDeps, 'changes' | 'now'>,
  change: { readonly id: string; readonly windowOpensAt: string },
  count: number,
  days: number,
): ReturnType<AppDeps['changes']['freeWindows']> {
  return changes.freeWindows(change.id, {
    notBeforeMs: Math.max(Date.parse(change.windowOpensAt), now().getTime()),
    horizonMs: days * 86_400_000,
    count,
  });
}
