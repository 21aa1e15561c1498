import * as z from 'zod';
import { describeExplanation } from '../../domain/impact/impact.ts';
import { inventoryKinds, inventoryFormats } from '../../domain/inventory/inventory-kinds.ts';
import { importPhases, type InventoryPart } from '../../domain/inventory/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { demandCustomerRead } from '../customer-access.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import { disturbancesSchema, explanationSchema, impactSchema } from '../schemas/impact.ts';
import { importReportSchema } from '../schemas/inventory.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { FastifyRequest } from 'fastify';

const tags = ['inventory'];

const importProgressSchema = z
  .object({
    id: z.uuid(),
    startedAt: z.string(),
    updatedAt: z.string(),
    startedBy: z.string(),
    phase: z.enum(importPhases),
    kind: z.enum(inventoryKinds).nullable(),
    rows: z.int(),
    outcome: z.enum(['imported', 'refused', 'failed', 'dry-run']).nullable(),
  })
  .meta({ id: 'ImportProgress' });

const engineStatusSchema = z
  .object({
    state: z.enum(['loading', 'ready', 'failed']),
    version: z.int().optional(),
    nodes: z.int(),
    interventions: z.int(),
    bytes: z.int(),
    loadMs: z.int(),
    loads: z.int(),
    follows: z.int(),
  })
  .meta({ id: 'InventoryEngineStatus' });

/** What the company runs, and what a disturbance would do to it. */
export function inventoryRoutes(app: TypedApp, deps: AppDeps): void {
  app.post(
    '/inventory/imports',
    {
      // The files are streamed; they may be of any size.
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { access: 'inventory.import' },
      schema: {
        tags,
        operationId: 'importInventory',
        summary: 'Import files, all or nothing; 422 with every bad line when something is wrong',
        description: `multipart/form-data: one file for each kind, the field named after it (${inventoryKinds.join(', ')}), the file's name ending in ${inventoryFormats.map((format) => `.${format}`).join(' or ')}; a file of rows that are to go has the field remove-<kind> and the key columns only. Its progress can be seen under the import's id while it runs.`,
        consumes: ['multipart/form-data'],
        querystring: z.object({
          dryRun: z.stringbool().default(false),
          importId: z.uuid().optional().describe('Names the import, to ask for its progress'),
          source: slugSchema.default('manual').describe('Whose truth the rows are'),
          foreignRows: z
            .enum(['refuse', 'keep'])
            .default('refuse')
            .describe('What becomes of rows that belong to another source and differ'),
          complete: z
            .stringbool()
            .default(false)
            .describe('The files are all that the source has of their kinds: the rest is removed'),
          confirmedRemovals: z.coerce
            .number()
            .int()
            .min(0)
            .optional()
            .describe('How many rows may be removed: the number that the refusal named'),
        }),
        response: { 200: importReportSchema, ...problems, 422: importReportSchema },
      },
    },
    async (request, reply) => {
      if (!request.isMultipart()) {
        throw new DomainError(
          'invalid',
          'An import is multipart/form-data with one file for each kind.',
          {
            code: 'not-multipart',
            remedy: 'Use ctc inventory import DIR, or curl -F services=@services.csv.',
          },
        );
      }
      const report = await deps.importer.import(partsOf(request), {
        importedBy: request.actor.id,
        ...withoutUndefined(request.query),
      });
      return reply.code(report.badLineCount > 0 ? 422 : 200).send(report as never);
    },
  );

  app.get(
    '/inventory/:kind',
    {
      config: { access: 'inventory.read' },
      schema: {
        tags,
        operationId: 'listInventory',
        summary: 'One kind of the inventory, by id',
        params: z.object({ kind: z.enum(inventoryKinds) }),
        querystring: pageQuerySchema.extend({ text: z.string().max(200).optional() }),
        response: {
          200: z.object({ rows: z.array(z.looseObject({})), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { kind } = request.params;
      if (kind === 'customers') demandCustomerRead(request.actor);
      const { limit, cursor, text } = request.query;
      const page = await deps.inventory.list(kind, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
        ...(text === undefined ? {} : { text }),
      });
      return sendPage<Record<string, unknown>>(
        request,
        reply,
        page as unknown as { rows: Record<string, unknown>[] },
      );
    },
  );

  app.get(
    '/inventory/imports/:importId',
    {
      config: { access: 'inventory.import' },
      schema: {
        tags,
        operationId: 'getImportProgress',
        summary: 'How far an import is, or how it ended',
        params: z.object({ importId: z.uuid() }),
        response: { 200: importProgressSchema, ...problems },
      },
    },
    (request) => deps.importer.progress(request.params.importId),
  );

  app.post(
    '/impact',
    {
      config: { access: 'inventory.read', idempotent: false },
      schema: {
        tags,
        operationId: 'assessImpact',
        summary: 'What would be affected if these items were down or degraded; nothing is stored',
        body: z.strictObject({
          disturbances: disturbancesSchema,
          /** Ids of each kind and state that are named, nearest first; all are counted. */
          limit: z.int().min(0).max(1000).default(100),
        }),
        response: { 200: impactSchema, ...problems },
      },
    },
    async ({ body }) => ({ ...(await deps.engine.assess(body.disturbances, body.limit)) }),
  );

  app.post(
    '/impact/explanations',
    {
      config: { access: 'inventory.read', idempotent: false },
      schema: {
        tags,
        operationId: 'explainImpact',
        summary: 'Why these items or services would be affected: the chain that leads to each',
        body: z.strictObject({
          disturbances: disturbancesSchema,
          nodes: z.array(slugSchema).min(1).max(100),
        }),
        response: { 200: z.object({ rows: z.array(explanationSchema) }), ...problems },
      },
    },
    async ({ body }) => {
      const rows = await deps.engine.explain(body.disturbances, body.nodes);
      return { rows: rows.map((row) => ({ ...row, text: describeExplanation(row) })) };
    },
  );

  app.get(
    '/inventory-engine',
    {
      config: { access: 'metrics.read' },
      schema: {
        tags,
        operationId: 'getInventoryEngine',
        summary: 'What this process holds of the inventory in memory',
        response: { 200: engineStatusSchema, ...problems },
      },
    },
    () => deps.engine.status(),
  );
}

/** Before the kind in the name of a file of rows that are to go. */
const removalPrefix = 'remove-';

async function* partsOf(request: FastifyRequest): AsyncGenerator<InventoryPart> {
  for await (const part of request.parts({
    limits: { files: 20, fileSize: Number.MAX_SAFE_INTEGER },
  })) {
    if (part.type !== 'file') {
      throw unknownPart(part.fieldname, 'is a field, not a file');
    }
    const removes = part.fieldname.startsWith(removalPrefix);
    const name = removes ? part.fieldname.slice(removalPrefix.length) : part.fieldname;
    const kind = inventoryKinds.find((known) => known === name);
    if (kind === undefined) {
      throw unknownPart(
        part.fieldname,
        `is no kind; known: ${inventoryKinds.join(', ')}, and ${removalPrefix}<kind>`,
      );
    }
    const format = inventoryFormats.find((known) => part.filename.endsWith(`.${known}`));
    if (format === undefined) {
      throw unknownPart(kind, `"${part.filename}" ends in neither .csv nor .ndjson`);
    }
    yield { kind, format, stream: part.file, removes };
  }
}

function unknownPart(field: string, message: string): DomainError {
  return new DomainError('invalid', 'A part of the import is not usable.', {
    code: 'invalid-import-part',
    complaints: [{ field, message }],
  });
}
