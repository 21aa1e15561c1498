import * as z from 'zod';
import { nfrsSchema, type Nfrs } from '../application/nfrs.ts';
import { DomainError, type Complaint } from '../errors.ts';
import { slugSchema } from '../names.ts';
import type { SimulationInput } from './simulation.ts';

/** Something that is not so, and that somebody wants to know the consequences of. */
export const assumptionSchema = z.discriminatedUnion('kind', [
  /** The datacentre is lost: nothing can be there, nor be rented there. */
  z.strictObject({ kind: z.literal('datacentre-fails'), datacentre: slugSchema }),
  /** Prices rise, or fall, by so many per cent: of one offer, of all of a datacentre or a provider, or of all. */
  z.strictObject({
    kind: z.literal('price-changes'),
    percent: z.number().gt(-100).max(10_000),
    offer: slugSchema.optional(),
    datacentre: slugSchema.optional(),
    provider: slugSchema.optional(),
  }),
  z.strictObject({ kind: z.literal('offer-withdrawn'), offer: slugSchema }),
  /** Requirements are these instead; those that are not named stay as they are. */
  z.strictObject({ kind: z.literal('requirements'), nfrs: nfrsSchema.partial() }),
]);
export type Assumption = z.output<typeof assumptionSchema>;

/**
 * The input as it would be. Assumptions are taken in their order.
 * @throws DomainError `invalid` naming what an assumption speaks of that is not there.
 */
export function assume(
  input: SimulationInput,
  assumptions: readonly Assumption[],
): SimulationInput {
  const complaints: Complaint[] = assumptions.flatMap((assumption, index) =>
    missingIn(input, assumption).map(({ field, message }) => ({
      field: `assume.${index}.${field}`,
      message,
    })),
  );
  if (complaints.length > 0) {
    throw new DomainError('invalid', 'What is assumed names what is not there.', {
      code: 'unknown-reference',
      complaints,
    });
  }
  return assumptions.reduce(assumeOne, input);
}

function assumeOne(input: SimulationInput, assumption: Assumption): SimulationInput {
  switch (assumption.kind) {
    case 'datacentre-fails':
      return withoutDatacentre(input, assumption.datacentre);
    case 'price-changes': {
      const { percent, offer, datacentre, provider } = assumption;
      return {
        ...input,
        offers: input.offers.map((one) =>
          (offer === undefined || one.id === offer) &&
          (datacentre === undefined || one.datacentre === datacentre) &&
          (provider === undefined || one.provider === provider)
            ? { ...one, monthlyPrice: one.monthlyPrice * (1 + percent / 100) }
            : one,
        ),
      };
    }
    case 'offer-withdrawn':
      return { ...input, offers: input.offers.filter(({ id }) => id !== assumption.offer) };
    case 'requirements': {
      const { application } = input;
      return {
        ...input,
        application: { ...application, nfrs: { ...application.nfrs, ...given(assumption.nfrs) } },
      };
    }
  }
}

/** The requirements that are named; what is undefined is not. */
function given(nfrs: { readonly [Name in keyof Nfrs]?: Nfrs[Name] | undefined }): {
  [Name in keyof Nfrs]: Exclude<Nfrs[Name], undefined>;
} {
  return Object.fromEntries(
    Object.entries(nfrs).filter(([, limit]) => limit !== undefined),
  ) as never;
}

function withoutDatacentre(input: SimulationInput, lost: string): SimulationInput {
  const { failureDomains } = input;
  return {
    ...input,
    datacentres: input.datacentres.filter(({ id }) => id !== lost),
    offers: input.offers.filter(({ datacentre }) => datacentre !== lost),
    latencies: input.latencies.filter(({ from, to }) => from !== lost && to !== lost),
    measurements: input.measurements.filter(({ datacentre }) => datacentre !== lost),
    ...(failureDomains === undefined
      ? {}
      : {
          failureDomains: failureDomains.flatMap((domain) => {
            const datacentres = domain.datacentres.filter((id) => id !== lost);
            return datacentres.length === 0 ? [] : [{ ...domain, datacentres }];
          }),
        }),
  };
}

function missingIn({ datacentres, offers }: SimulationInput, assumption: Assumption): Complaint[] {
  const named: Complaint[] = [];
  const need = (field: string, id: string | undefined, known: readonly (string | undefined)[]) => {
    if (id === undefined || known.includes(id)) return;
    const some = [...new Set(known)].filter((one) => one !== undefined).slice(0, 20);
    named.push({ field, message: `there is no "${id}"; known: ${some.join(', ')}` });
  };
  if ('datacentre' in assumption) {
    need(
      'datacentre',
      assumption.datacentre,
      datacentres.map(({ id }) => id),
    );
  }
  if ('offer' in assumption)
    need(
      'offer',
      assumption.offer,
      offers.map(({ id }) => id),
    );
  if ('provider' in assumption) {
    need(
      'provider',
      assumption.provider,
      offers.map(({ provider }) => provider),
    );
  }
  return named;
}
