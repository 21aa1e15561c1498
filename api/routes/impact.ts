import { stringify } from 'csv-stringify/sync';
import { Readable } from 'node:stream';
import * as z from 'zod';
import { impactStates } from '../../domain/impact/impact.ts';
import { affectedKinds } from '../../domain/impact/snapshot-ports.ts';
import { slugSchema } from '../../domain/names.ts';
import { describeExplanation } from '../../domain/impact/impact.ts';
import type { AppDeps } from '../app-deps.ts';
import { demandCustomerRead } from '../customer-access.ts';
import { changeParamsSchema, problems } from '../schemas/common.ts';
import { differenceSchema, explanationSchema } from '../schemas/impact.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['changes'];

/** What exactly a change was assessed with: its lists, why, and what has changed since. */
export function impactRoutes(app: TypedApp, { changes, engine, snapshots, ledger }: AppDeps): void {
  app.get(
    '/changes/:change/impact/difference',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getImpactDifference',
        summary: 'How the impact differs now from the one the change was assessed with',
        params: changeParamsSchema,
        response: { 200: differenceSchema, ...problems },
      },
    },
    async (request) => {
      const { id } = await changes.get(request.params.change);
      return { ...(await snapshots.difference(id)) };
    },
  );

  app.get(
    '/changes/:change/impact/explanation',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'explainChangeImpact',
        summary: 'Why an item or a service is affected by the change: the chain that leads to it',
        params: changeParamsSchema,
        querystring: z.object({ node: slugSchema }),
        response: { 200: explanationSchema, ...problems },
      },
    },
    async (request) => {
      const { id } = await changes.get(request.params.change);
      const { disturbances } = await changes.impact(id);
      const [found] = await engine.explain(disturbances, [request.query.node]);
      if (found === undefined) throw new Error('no explanation');
      return { ...found, text: describeExplanation(found) };
    },
  );

  app.get(
    '/changes/:change/impact/:affected',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'downloadAffected',
        summary:
          'Every affected service or customer as CSV, worst state first (customers: customer.read)',
        params: changeParamsSchema.extend({ affected: z.enum(affectedKinds) }),
        querystring: z.object({ state: z.enum(impactStates).optional() }),
        produces: ['text/csv'],
        response: { 200: z.string(), ...problems },
      },
    },
    async (request, reply) => {
      const { change, affected } = request.params;
      // A service's row names its customer.
      demandCustomerRead(request.actor, 'Ask for the counts: ctc change impact.');
      const { id, label } = await changes.get(change);
      const { state } = request.query;
      await ledger.record({
        actor: request.actor.id,
        action: 'customers.exported',
        subject: { kind: 'change', id },
        details: { affected, state },
      });
      const batches = snapshots.affected(id, affected, state === undefined ? undefined : [state]);
      const first = await batches[Symbol.asyncIterator]().next();
      async function* lines() {
        const columns =
          affected === 'services'
            ? ['id', 'name', 'solution', 'customer', 'state']
            : ['id', 'name', 'country', 'contractLevel', 'state'];
        yield stringify([columns]);
        if (first.done === true) return;
        yield stringify([...first.value], { columns });
        for await (const rows of batches) yield stringify([...rows], { columns });
      }
      void reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${label}-${affected}.csv"`);
      return reply.send(Readable.from(lines()) as never);
    },
  );
}
