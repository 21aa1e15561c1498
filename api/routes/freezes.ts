import * as z from 'zod';
import { isAllowed } from '../../domain/access/actor.ts';
import { freezePeriodSchema, type FreezePeriod } from '../../domain/windows/freeze.ts';
import type { AppDeps } from '../app-deps.ts';
import { demandCustomerRead } from '../customer-access.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems, reasonSchema } from '../schemas/common.ts';
import { touchedFreeze } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['windows'];

const storedFreezeSchema = z
  .object({
    id: z.uuid(),
    freeze: z.looseObject({}).describe('As it was declared'),
    createdBy: z.string(),
    createdAt: z.string(),
    lifted: z.object({ by: z.string(), at: z.string(), reason: z.string() }).nullable(),
    next: z
      .array(z.object({ from: z.string(), to: z.string() }))
      .readonly()
      .describe('Its next times in force'),
  })
  .meta({ id: 'Freeze' });
const freezeParamsSchema = z.object({ freeze: z.string() });

/** Times in which the company, a part of it or a customer must not be disturbed. */
export function freezeRoutes(app: TypedApp, { freezes, targets }: AppDeps): void {
  app.post(
    '/freezes',
    {
      config: {
        access: 'freeze.manage',
        touches: ({ body }) => targets.ofScope((body as FreezePeriod).scope),
      },
      schema: {
        tags,
        operationId: 'declareFreeze',
        summary: "Declare a freeze, or a customer's no-touch period; it may come again",
        body: freezePeriodSchema,
        response: { 201: storedFreezeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const stored = await freezes.create(request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/freezes/${stored.id}`)
        .send({ ...stored });
    },
  );

  app.post(
    '/freezes/:freeze/lift',
    {
      config: { access: 'freeze.manage', touches: touchedFreeze({ freezes, targets }) },
      schema: {
        tags,
        operationId: 'liftFreeze',
        summary: 'Lift a freeze for good',
        params: freezeParamsSchema,
        body: reasonSchema,
        response: { 200: storedFreezeSchema, ...problems },
      },
    },
    async (request) => ({
      ...(await freezes.lift(request.params.freeze, request.actor.id, request.body.reason)),
    }),
  );

  app.get(
    '/freezes',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'listFreezes',
        summary: 'Freezes, newest first; those of customers for roles that may see customers',
        querystring: pageQuerySchema.extend({ includeLifted: z.stringbool().default(false) }),
        response: {
          200: z.object({ rows: z.array(storedFreezeSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, includeLifted } = request.query;
      const page = await freezes.list({
        limit,
        includeLifted,
        ofCustomers: isAllowed(request.actor, 'customer.read'),
        ...(cursor === undefined ? {} : { cursor }),
      });
      return sendPage(request, reply, { ...page, rows: page.rows.map((row) => ({ ...row })) });
    },
  );

  app.get(
    '/freezes/:freeze',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getFreeze',
        summary: 'A freeze: scope, times, who declared and who lifted it',
        params: freezeParamsSchema,
        response: { 200: storedFreezeSchema, ...problems },
      },
    },
    async (request) => {
      const stored = await freezes.get(request.params.freeze);
      if (stored.freeze.scope.kind === 'customer') demandCustomerRead(request.actor);
      return { ...stored };
    },
  );
}
