import * as z from 'zod';
import { contractSchema, contractStates, type Contract } from '../../domain/acsmi/contract.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { etagOf, seenVersion } from '../etag.ts';
import { sendPage } from '../paging.ts';
import { contractDetailSchema, storedContractSchema } from '../schemas/acsmi.ts';
import { pageQuerySchema, problems, reasonSchema } from '../schemas/common.ts';
import { both, touchedContract } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['acsmi'];
const paramsSchema = z.object({
  contract: z.string().max(100).describe('Label such as CON-3, or id'),
});

/** Contracts with providers: what they promise, for how long, and how they kept to it. */
export function contractRoutes(app: TypedApp, { contracts, targets }: AppDeps): void {
  const touches = touchedContract({ contracts, targets });

  app.post(
    '/contracts',
    {
      config: {
        access: 'contract.manage',
        touches: ({ body }) => targets.ofContract(body as Contract),
      },
      schema: {
        tags,
        operationId: 'registerContract',
        summary: 'Register a contract with a provider; 409 where another one covers the same',
        body: contractSchema,
        response: { 201: storedContractSchema, ...problems },
      },
    },
    async (request, reply) => {
      const stored = await contracts.register(request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/contracts/${stored.label}`)
        .header('etag', etagOf(stored.version))
        .send({ ...stored });
    },
  );

  app.get(
    '/contracts',
    {
      config: { access: 'contract.read' },
      schema: {
        tags,
        operationId: 'listContracts',
        summary: 'Contracts, newest first',
        querystring: pageQuerySchema.extend({
          provider: slugSchema.optional(),
          application: slugSchema.optional(),
          state: z
            .string()
            .transform((text) => text.split(','))
            .pipe(z.array(z.enum(contractStates)))
            .optional()
            .describe('One state, or several with commas in between'),
        }),
        response: {
          200: z.object({ rows: z.array(storedContractSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, provider, application, state } = request.query;
      const page = await contracts.list(
        withoutUndefined({ provider, application, states: state }),
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, { ...page, rows: page.rows.map((row) => ({ ...row })) });
    },
  );

  app.get(
    '/contracts/:contract',
    {
      config: { access: 'contract.read' },
      schema: {
        tags,
        operationId: 'getContract',
        summary: 'A contract: its terms, what they were, and each month measured against them',
        params: paramsSchema,
        response: { 200: contractDetailSchema, ...problems },
      },
    },
    async (request, reply) => {
      const found = await contracts.get(request.params.contract);
      return reply.header('etag', etagOf(found.version)).send(found as never);
    },
  );

  app.put(
    '/contracts/:contract',
    {
      config: {
        access: 'contract.manage',
        touches: async (request) =>
          both(
            await touches(request),
            await targets.ofContract((request.body as { contract: Contract }).contract),
          ),
        ifMatch: 'required',
      },
      schema: {
        tags,
        operationId: 'changeContract',
        summary: 'Change a contract (If-Match); what it was stays in its history',
        params: paramsSchema,
        body: reasonSchema.extend({ contract: contractSchema }),
        response: { 200: storedContractSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { contract, reason } = request.body;
      const stored = await contracts.change(
        request.params.contract,
        { contract, reason, version: seenVersion(request) },
        request.actor.id,
      );
      return reply.header('etag', etagOf(stored.version)).send({ ...stored });
    },
  );

  app.post(
    '/contracts/:contract/end',
    {
      config: { access: 'contract.manage', touches },
      schema: {
        tags,
        operationId: 'endContract',
        summary: 'Let a contract end earlier than it would',
        params: paramsSchema,
        body: reasonSchema.extend({
          ends: z.iso
            .date('use a date such as 2026-12-31')
            .describe('The first day (of UTC) without it'),
        }),
        response: { 200: storedContractSchema, ...problems },
      },
    },
    async (request) => ({
      ...(await contracts.end(request.params.contract, request.body, request.actor.id)),
    }),
  );

  app.post(
    '/contracts/:contract/months/:month/settle',
    {
      config: { access: 'contract.manage', touches },
      schema: {
        tags,
        operationId: 'settleBreach',
        summary: 'Report the credit of a breached month as settled: resolves its incident',
        params: paramsSchema.extend({
          month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'use a month such as 2026-11'),
        }),
        body: reasonSchema,
        response: { 200: contractDetailSchema, ...problems },
      },
    },
    async (request) => {
      const { contract, month } = request.params;
      return (await contracts.settle(contract, month, request.body, request.actor.id)) as never;
    },
  );
}
