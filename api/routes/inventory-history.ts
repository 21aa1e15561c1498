import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { inventoryKinds, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { AppDeps } from '../app-deps.ts';
import { demandCustomerRead } from '../customer-access.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['inventory'];

const paramsSchema = z.object({
  kind: z.enum(inventoryKinds),
  id: z
    .string()
    .max(201)
    .regex(/^\P{Cc}+$/u, 'leave out control characters')
    .describe('Of latencies both sites, as mad%2Fpar; of dependencies the dependent'),
});
const rowsSchema = z
  .array(z.record(z.string(), z.union([z.string(), z.number()])))
  .describe('By the columns of its file: one, or of dependencies all that the dependent needs');

const inventoryRowSchema = z
  .object({
    kind: z.enum(inventoryKinds),
    id: z.string(),
    version: z.int().describe('Of the inventory that it is of'),
    rows: rowsSchema,
  })
  .meta({ id: 'InventoryRow' });

const inventoryChangeSchema = z
  .object({
    version: z.int().describe('Of the inventory, from which on it was so'),
    importedAt: z.string().nullable().describe('Null for what was there before versions were kept'),
    importedBy: z.string().nullable(),
    source: z.string(),
    rows: rowsSchema.describe('What it was from then on; empty when it was removed'),
  })
  .meta({ id: 'InventoryChange' });

/** What the inventory was, a row at a time. */
export function inventoryHistoryRoutes(app: TypedApp, deps: AppDeps): void {
  const { history, inventory, changes } = deps;

  app.get(
    '/inventory/:kind/:id/history',
    {
      config: { access: 'inventory.read' },
      schema: {
        tags,
        operationId: 'getInventoryHistory',
        summary: 'Each time a row came, changed or went, the earliest first, with who imported it',
        params: paramsSchema,
        response: { 200: z.object({ rows: z.array(inventoryChangeSchema) }), ...problems },
      },
    },
    async (request) => {
      const { kind, id } = request.params;
      if (kind === 'customers') demandCustomerRead(request.actor);
      const found = await history.changesOf(kind, id);
      if (found.length === 0) throw unknownRow(kind, id);
      return { rows: found.map(({ row, ...change }) => ({ ...change, rows: asRows(row) })) };
    },
  );

  /** Of the inventory asked for; the newest unless said. */
  const versionFor = async (query: {
    version?: number | undefined;
    change?: string | undefined;
  }) => {
    if (query.change !== undefined) {
      const { id } = await changes.get(query.change);
      return (await changes.impact(id)).version;
    }
    const newest = await inventory.version();
    const { version = newest } = query;
    if (version <= newest) return version;
    throw new DomainError('not-found', `The inventory has no version ${version} yet.`, {
      code: 'no-such-inventory-version',
      remedy: `The newest is ${newest}.`,
    });
  };

  app.get(
    '/inventory/:kind/:id',
    {
      config: { access: 'inventory.read' },
      schema: {
        tags,
        operationId: 'getInventoryRow',
        summary: 'A row as it is, or as it was in a version or when a change was last assessed',
        description:
          'Of a change it is what its newest assessment, and so its approval, was made with. A row with the id "export" has its history only.',
        params: paramsSchema,
        querystring: z
          .object({
            version: z.coerce.number().int().min(0).optional(),
            change: z.string().max(100).optional().describe('Label such as CHG-12, or id'),
          })
          .refine(({ version, change }) => version === undefined || change === undefined, {
            path: ['change'],
            message: 'give a version or a change, not both',
          }),
        response: { 200: inventoryRowSchema, ...problems },
      },
    },
    async (request) => {
      const { kind, id } = request.params;
      if (kind === 'customers') demandCustomerRead(request.actor);
      const version = await versionFor(request.query);
      const row = await history.rowAt(kind, id, version);
      if (row === undefined) throw unknownRow(kind, id, version);
      return { kind, id, version, rows: asRows(row) };
    },
  );
}

type Row = Readonly<Record<string, string | number>>;
const asRows = (entry: Row | readonly Row[] | null): Row[] =>
  entry === null ? [] : [entry].flat<(Row | readonly Row[])[]>();

function unknownRow(kind: InventoryKind, id: string, version?: number): DomainError {
  const when = version === undefined ? 'and never had' : `in version ${version}`;
  return new DomainError('not-found', `The inventory has no "${id}" among ${kind} ${when}.`, {
    code: 'no-such-inventory-row',
    remedy:
      version === undefined
        ? `Use an id that ctc inventory list ${kind} shows.`
        : `When it was there: ctc inventory history ${kind} ${id}`,
  });
}
