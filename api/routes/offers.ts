import * as z from 'zod';
import { dayOf } from '../../domain/acsmi/utc-days.ts';
import { countrySchema, currencySchema, slugSchema } from '../../domain/names.ts';
import { priceModels } from '../../domain/inventory/inventory-kinds.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import { importReportSchema, sourceImportShape } from '../schemas/inventory.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['acsmi'];

const offerSchema = z
  .object({
    id: z.string(),
    datacentre: z.string(),
    cores: z.number(),
    memoryMb: z.int(),
    storageGb: z.int(),
    monthlyPrice: z.number(),
    currency: z.string(),
    available: z.int().describe('Machines that can be rented'),
    provider: z.string().optional(),
    region: z.string().optional(),
    operatingSystems: z.array(z.string()).optional(),
    gpus: z.int().optional(),
    certifications: z.array(z.string()).optional(),
    jurisdiction: z.string().optional().describe('Its own, or its provider’s'),
    securityLevel: z.int().optional(),
    financialRisk: z.int().optional().describe('Of its provider, from 1, the least, to 5'),
    technologicalRisk: z.int().optional(),
    slaPercent: z.number().optional(),
    priceModel: z.enum(priceModels).optional(),
    hourlyPrice: z.number().optional(),
    validFrom: z.string().optional(),
    validTo: z.string().optional().describe('The first day on which it is not sold'),
  })
  .meta({ id: 'Offer' });

const least = z.coerce.number().min(0).optional();
const filterSchema = z.object({
  provider: slugSchema.optional(),
  region: slugSchema.optional(),
  datacentre: slugSchema.optional(),
  jurisdiction: countrySchema.optional(),
  certification: z
    .string()
    .max(1000)
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.string().min(1, 'leave out what is empty between commas')))
    .optional()
    .describe('One, or several with commas in between: all of them'),
  operatingSystem: z.string().max(100).optional(),
  minCores: least,
  minMemoryMb: least,
  minStorageGb: least,
  minGpus: least,
  maxMonthlyPrice: least.describe('In the offer’s currency'),
  currency: currencySchema.optional(),
  minSlaPercent: least,
  minSecurityLevel: z.coerce.number().int().min(1).max(5).optional(),
  validAt: z.iso.date().optional().describe('Sold on this day of UTC; default: today'),
});

/** What providers sell: found by what is wanted of it, and brought in from their catalogues. */
export function offerRoutes(app: TypedApp, { offers, catalogues, now }: AppDeps): void {
  app.get(
    '/offers',
    {
      config: { access: 'inventory.read' },
      schema: {
        tags,
        operationId: 'findOffers',
        summary: 'Offers for which all of the filters are known to hold, by id',
        querystring: pageQuerySchema.extend(filterSchema.shape),
        response: {
          200: z.object({ rows: z.array(offerSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, certification, validAt, ...filter } = request.query;
      const page = await offers.find(
        withoutUndefined({
          ...filter,
          certifications: certification,
          validAt: validAt ?? dayOf(now()),
        }),
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, page as { rows: z.input<typeof offerSchema>[] });
    },
  );

  app.get(
    '/acsmi/catalogues',
    {
      config: { access: 'inventory.import' },
      schema: {
        tags,
        operationId: 'listCatalogues',
        summary: 'The providers’ catalogues that may be synchronised with',
        response: {
          200: z.object({ rows: z.array(z.object({ name: z.string(), url: z.string() })) }),
          ...problems,
        },
      },
    },
    () => ({ rows: [...catalogues.sources()] }),
  );

  app.post(
    '/acsmi/syncs',
    {
      config: { access: 'inventory.import' },
      schema: {
        tags,
        operationId: 'synchroniseCatalogue',
        summary:
          'Import a provider’s whole catalogue, all or nothing; 422 with every bad line when something is wrong',
        description:
          'Offers belong to the catalogue as their source: what it had before and has no more is withdrawn. A line of the report is the offer’s number in the catalogue.',
        body: z.strictObject({
          source: z
            .string()
            .min(1)
            .max(500)
            .describe('Name or address of one of GET /acsmi/catalogues'),
          ...sourceImportShape,
        }),
        response: { 200: importReportSchema, ...problems, 422: importReportSchema },
      },
    },
    async (request, reply) => {
      const { source, ...options } = request.body;
      const report = await catalogues.import(source, {
        importedBy: request.actor.id,
        ...withoutUndefined(options),
      });
      return reply.code(report.badLineCount > 0 ? 422 : 200).send(report as never);
    },
  );
}
