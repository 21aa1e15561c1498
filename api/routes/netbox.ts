import * as z from 'zod';
import { skippedKept } from '../../domain/inventory/netbox-ports.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { problems } from '../schemas/common.ts';
import { importReportSchema, sourceImportShape } from '../schemas/inventory.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['inventory'];

const netboxReportSchema = importReportSchema
  .extend({
    skipped: z
      .array(z.object({ what: z.string(), why: z.string() }))
      .describe(`What of NetBox did not become inventory, the first ${skippedKept}`),
    skippedCount: z.int(),
  })
  .meta({ id: 'NetboxReport' });

/** Inventories that are kept in NetBox. Addresses and tokens are configured, never given in a request. */
export function netboxRoutes(app: TypedApp, { netbox }: AppDeps): void {
  app.get(
    '/inventory/netbox-sources',
    {
      config: { access: 'inventory.import' },
      schema: {
        tags,
        operationId: 'listNetboxSources',
        summary: 'The NetBoxes that may be imported',
        response: {
          200: z.object({ rows: z.array(z.object({ name: z.string(), url: z.string() })) }),
          ...problems,
        },
      },
    },
    () => ({ rows: [...netbox.sources()] }),
  );

  app.post(
    '/inventory/netbox-imports',
    {
      config: { access: 'inventory.import' },
      schema: {
        tags,
        operationId: 'importNetbox',
        summary:
          'Import a whole NetBox, all or nothing; 422 with every bad line when something is wrong',
        description:
          'Rows belong to the source. What it brought before and NetBox has no more is removed, in the kinds that NetBox knows.',
        body: z.strictObject({
          source: slugSchema.describe('One of GET /inventory/netbox-sources'),
          ...sourceImportShape,
        }),
        response: { 200: netboxReportSchema, ...problems, 422: netboxReportSchema },
      },
    },
    async (request, reply) => {
      const { source, ...options } = request.body;
      const report = await netbox.import(source, {
        importedBy: request.actor.id,
        ...withoutUndefined(options),
      });
      return reply.code(report.badLineCount > 0 ? 422 : 200).send(report as never);
    },
  );
}
