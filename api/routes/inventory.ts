import * as z from 'zod';
import { effects } from '../../domain/impact/assess-impact.ts';
import { inventoryKinds, inventoryFormats } from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryPart } from '../../domain/inventory/ports.ts';
import { isAllowed } from '../../domain/access/roles.ts';
import { DomainError } from '../../domain/errors.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import type { FastifyRequest } from 'fastify';

const tags = ['inventory'];

const countsSchema = z.object({
  rows: z.int(),
  inserted: z.int(),
  updated: z.int(),
  removed: z.int(),
});

const importReportSchema = z
  .object({
    imported: z.boolean(),
    version: z.int().optional(),
    counts: z.partialRecord(z.enum(inventoryKinds), countsSchema),
    badLines: z.array(
      z.object({
        kind: z.enum(inventoryKinds),
        line: z.int(),
        column: z.string().optional(),
        message: z.string(),
      }),
    ),
    badLineCount: z.int(),
  })
  .meta({ id: 'ImportReport' });

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
        description: `multipart/form-data: one file for each kind, the field named after it (${inventoryKinds.join(', ')}), the file's name ending in ${inventoryFormats.map((format) => `.${format}`).join(' or ')}.`,
        consumes: ['multipart/form-data'],
        querystring: z.object({ dryRun: z.stringbool().default(false) }),
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
        dryRun: request.query.dryRun,
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
      if (kind === 'customers' && !isAllowed(request.actor, 'customer.read')) {
        throw new DomainError('forbidden', 'Your roles do not allow you to see customers.', {
          code: 'not-allowed',
        });
      }
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

  app.post(
    '/impact',
    {
      config: { access: 'inventory.read', idempotent: false },
      schema: {
        tags,
        operationId: 'assessImpact',
        summary: 'What would be affected if these items were down or degraded; nothing is stored',
        body: z.strictObject({
          disturbances: z
            .array(z.strictObject({ item: slugSchema, effect: z.enum(effects) }))
            .min(1)
            .max(10_000),
        }),
        response: { 200: z.looseObject({}), ...problems },
      },
    },
    async (request) => {
      const impact = await deps.assessImpact(request.body.disturbances);
      const summary = await deps.inventory.summariseAffected(impact.services);
      return { ...impact, summary };
    },
  );
}

async function* partsOf(request: FastifyRequest): AsyncGenerator<InventoryPart> {
  for await (const part of request.parts({
    limits: { files: 20, fileSize: Number.MAX_SAFE_INTEGER },
  })) {
    if (part.type !== 'file') {
      throw unknownPart(part.fieldname, 'is a field, not a file');
    }
    const kind = inventoryKinds.find((known) => known === part.fieldname);
    if (kind === undefined) {
      throw unknownPart(part.fieldname, `is no kind; known: ${inventoryKinds.join(', ')}`);
    }
    const format = inventoryFormats.find((known) => part.filename.endsWith(`.${known}`));
    if (format === undefined) {
      throw unknownPart(kind, `"${part.filename}" ends in neither .csv nor .ndjson`);
    }
    yield { kind, format, stream: part.file };
  }
}

function unknownPart(field: string, message: string): DomainError {
  return new DomainError('invalid', 'A part of the import is not usable.', {
    code: 'invalid-import-part',
    complaints: [{ field, message }],
  });
}
