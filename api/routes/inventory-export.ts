import * as z from 'zod';
import { inventoryFormats, inventoryKinds } from '../../domain/inventory/inventory-kinds.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { demandCustomerRead } from '../customer-access.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const contentTypes = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
} as const;

/** A reader that takes nothing for so long has gone, and its connection to the database is wanted. */
const stalledMs = 120_000;

/** The inventory as files that an import takes. */
export function inventoryExportRoutes(app: TypedApp, { exporter, ledger }: AppDeps): void {
  app.get(
    '/inventory/:kind/export',
    {
      config: { access: 'inventory.read' },
      schema: {
        tags: ['inventory'],
        operationId: 'exportInventory',
        summary: 'One kind as a file that an import takes, in the order of its key',
        description:
          'The header CTC-Inventory-Version says of which version of the inventory it is; files with the same one belong together. Customers need customer.read.',
        params: z.object({ kind: z.enum(inventoryKinds) }),
        querystring: z.object({
          format: z.enum(inventoryFormats).default('csv'),
          source: slugSchema.optional().describe('Only rows that belong to this source'),
        }),
        produces: ['text/csv', 'application/x-ndjson'],
        response: { 200: z.string(), ...problems },
      },
    },
    async (request, reply) => {
      const { kind } = request.params;
      if (kind === 'customers') {
        demandCustomerRead(request.actor, 'Export the other kinds: ctc inventory export --kinds …');
      }
      const { format, source } = request.query;
      // First the log: nobody takes the inventory away without its entry.
      await ledger.record({
        actor: request.actor.id,
        action: 'inventory.exported',
        subject: { kind: 'inventory', id: kind },
        details: { format, source },
      });
      const { version, stream } = await exporter.export(kind, {
        format,
        ...(source === undefined ? {} : { source }),
      });
      reply.raw.setTimeout(stalledMs);
      void reply
        .type(contentTypes[format])
        .header('ctc-inventory-version', String(version))
        .header('content-disposition', `attachment; filename="${kind}.${format}"`);
      return reply.send(stream as never);
    },
  );
}
