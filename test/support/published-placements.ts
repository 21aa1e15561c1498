import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import * as z from 'zod';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import type { Restriction } from '../../domain/application/restrictions.ts';
import type { Offer, SimulationInput } from '../../domain/placement/simulation.ts';

/** Where the published instances lie, beside the project, unless somebody says otherwise. */
export const publishedPlacements = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'shared',
  'placement',
);

export interface PublishedInstance {
  readonly name: string;
  readonly input: SimulationInput;
  /** What nearly all published runs agree on; undefined where nothing is published. */
  readonly price?: number;
}

const componentSchema = z.looseObject({
  id: z.int(),
  name: z.string(),
  Compute: z.looseObject({ CPU: z.number(), Memory: z.number() }),
  Storage: z.looseObject({ StorageSize: z.number() }),
});
const ids = z.array(z.int());
const restrictionSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('Conflicts'), alphaCompId: z.int(), compsIdList: ids }),
  z.looseObject({ type: z.literal('LowerBound'), compsIdList: ids, bound: z.int() }),
  z.looseObject({ type: z.literal('UpperBound'), compsIdList: ids, bound: z.int() }),
  z.looseObject({ type: z.literal('EqualBound'), compsIdList: ids, bound: z.int() }),
  z.looseObject({
    type: z.literal('RequireProvideDependency'),
    alphaCompId: z.int(),
    betaCompId: z.int(),
    alphaCompIdInstances: z.int(),
    betaCompIdInstances: z.int(),
  }),
  z.looseObject({
    type: z.literal('OneToOneDependency'),
    alphaCompId: z.int(),
    betaCompId: z.int(),
  }),
  z.looseObject({
    type: z.literal('OneToManyDependency'),
    alphaCompId: z.int(),
    betaCompId: z.int(),
    number: z.int(),
  }),
  z.looseObject({ type: z.literal('FullDeployment'), alphaCompId: z.int(), compsIdList: ids }),
  z.looseObject({
    type: z.literal('AlternativeComponents'),
    alphaCompId: z.int(),
    betaCompId: z.int(),
  }),
]);
const applicationSchema = z.looseObject({
  components: z.array(componentSchema),
  restrictions: z.array(restrictionSchema),
});
const offersSchema = z.record(
  z.string(),
  z.looseObject({
    cpu: z.number(),
    memory: z.number(),
    storage: z.number(),
    price: z.number(),
  }),
);
const rowsSchema = z.array(
  z.object({ application: z.string(), offers: z.string(), best_price: z.coerce.number() }),
);

/** Machines of each offer: more than any instance rents. */
const plenty = 1_000;
const datacentre = 'benchmark';

/**
 * Every published instance in a folder of that form, as what Optimus is asked. `WordpressN` is
 * `Wordpress.json` with N in place of the bound of -1.
 * @throws Error when the folder is not there, or a file is not of that form, naming it.
 */
export function readPublishedInstances(folder: string): PublishedInstance[] {
  const list = join(folder, 'published.csv');
  if (!existsSync(list)) {
    throw new Error(
      `There are no published placements at ${resolve(folder)}: published.csv, applications/ and offers/ are looked for there. Name the folder with --data.`,
    );
  }
  const rows = rowsSchema.parse(parseCsv(readFileSync(list), { columns: true }));
  const prices = new Map(
    rows.map(({ application, offers, best_price }) => [`${application} ${offers}`, best_price]),
  );
  return [...prices].map(([key, price]) => {
    const [application = '', offers = ''] = key.split(' ');
    return {
      name: `${application}, ${offers} offers`,
      input: readInstance(folder, application, offers),
      price,
    };
  });
}

function readInstance(folder: string, application: string, offers: string): SimulationInput {
  const own = join(folder, 'applications', `${application}.json`);
  const [, family = application, number] = /^(.*?)(\d+)$/.exec(application) ?? [];
  const file = existsSync(own) ? own : join(folder, 'applications', `${family}.json`);
  const published = readJson(file, applicationSchema);
  return {
    application: toDefinition(published, existsSync(own) ? undefined : Number(number)),
    datacentres: [{ id: datacentre, country: 'ES', availabilityPercent: 100, userLatencyMs: 0 }],
    offers: toOffers(readJson(join(folder, 'offers', `offers_${offers}.json`), offersSchema)),
    latencies: [],
    measurements: [],
  };
}

function readJson<T>(file: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${file} is not of the form of the published placements:\n${z.prettifyError(parsed.error)}`,
  );
}

function toDefinition(
  { components, restrictions }: z.output<typeof applicationSchema>,
  /** In place of a bound of -1. */
  open: number | undefined,
): SimulationInput['application'] {
  const names = new Map(
    components.map(({ id, name }) => [id, name.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-')]),
  );
  const nameOf = (id: number): string => names.get(id) ?? `unknown-${id}`;
  return applicationDefinitionSchema.parse({
    name: 'published',
    title: 'A published instance',
    department: 'benchmark',
    machines: 'shared',
    components: components.map(({ id, Compute, Storage }, index) => ({
      name: nameOf(id),
      needs: { cores: Compute.CPU, memoryMb: Compute.Memory, storageGb: Storage.StorageSize },
      replicas: { min: 1, max: plenty },
      entry: index === 0,
      serviceTimeP95Ms: 1,
    })),
    restrictions: restrictions.map((one) => toRestriction(one, nameOf, open)),
    // The published instances ask for nothing but the least price.
    nfrs: {
      availability: { minPercent: 0 },
      monthlyCost: { max: 1e9, currency: 'EUR' },
      responseTime: { p95MaxMs: 1_000_000 },
      location: { countries: ['ES'] },
    },
  });
}

function toRestriction(
  published: z.output<typeof restrictionSchema>,
  nameOf: (id: number) => string,
  open: number | undefined,
): Restriction {
  const boundOf = (bound: number): number => (bound === -1 ? (open ?? 1) : bound);
  switch (published.type) {
    case 'Conflicts':
      return {
        kind: 'conflict',
        component: nameOf(published.alphaCompId),
        with: published.compsIdList.map(nameOf),
      };
    case 'LowerBound':
      return {
        kind: 'instances',
        components: published.compsIdList.map(nameOf),
        atLeast: boundOf(published.bound),
      };
    case 'UpperBound':
      return {
        kind: 'instances',
        components: published.compsIdList.map(nameOf),
        atMost: boundOf(published.bound),
      };
    case 'EqualBound':
      return {
        kind: 'instances',
        components: published.compsIdList.map(nameOf),
        exactly: boundOf(published.bound),
      };
    case 'RequireProvideDependency':
      return {
        kind: 'require-provide',
        component: nameOf(published.alphaCompId),
        requires: published.alphaCompIdInstances,
        provider: nameOf(published.betaCompId),
        provides: published.betaCompIdInstances,
      };
    case 'OneToOneDependency':
      return {
        kind: 'one-to-one',
        components: [nameOf(published.alphaCompId), nameOf(published.betaCompId)],
      };
    case 'OneToManyDependency':
      return {
        kind: 'one-to-many',
        one: nameOf(published.alphaCompId),
        many: nameOf(published.betaCompId),
        number: published.number,
      };
    case 'FullDeployment':
      return {
        kind: 'full-deployment',
        component: nameOf(published.alphaCompId),
        except: published.compsIdList.map(nameOf),
      };
    case 'AlternativeComponents':
      return {
        kind: 'exclusive',
        components: [nameOf(published.alphaCompId), nameOf(published.betaCompId)],
      };
  }
}

function toOffers(published: z.output<typeof offersSchema>): Offer[] {
  return Object.values(published).map(({ cpu, memory, storage, price }, index) => ({
    id: `offer-${index}`,
    datacentre,
    cores: cpu,
    memoryMb: memory,
    storageGb: storage,
    monthlyPrice: price,
    currency: 'EUR',
    available: plenty,
  }));
}
