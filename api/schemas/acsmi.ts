import * as z from 'zod';
import { contractStates } from '../../domain/acsmi/contract.ts';
import { proposalKinds } from '../../domain/acsmi/ports.ts';

const storedContractShape = {
  id: z.string(),
  label: z.string(),
  contract: z
    .looseObject({
      title: z.string(),
      provider: z.string(),
      covers: z.object({ datacentres: z.array(z.string()), offers: z.array(z.string()) }),
      application: z.string().optional(),
      starts: z.string(),
      ends: z.string(),
      noticeDays: z.int(),
      terms: z.looseObject({ availabilityPercent: z.number() }),
    })
    .describe('As it was registered, or changed last'),
  state: z.enum(contractStates).describe('By its dates; in-notice: notice had to be given by now'),
  version: z.int(),
  registeredBy: z.string(),
  registeredAt: z.string(),
};

export const storedContractSchema = z.object(storedContractShape).meta({ id: 'Contract' });

const verdictShape = {
  verdict: z.enum(['kept', 'breached', 'no-data']),
  promisedPercent: z.number(),
  measuredPercent: z.number().nullable(),
  asked: z.int().describe('Samples of guardians of what stands on what the contract covers'),
  answered: z.int(),
  creditPercent: z.number().describe('Of the month’s fee'),
  credit: z.object({ amount: z.number(), currency: z.string() }),
  samples: z.array(
    z.object({
      application: z.string(),
      component: z.string(),
      datacentre: z.string(),
      asked: z.int(),
      answered: z.int(),
    }),
  ),
};

export const contractDetailSchema = z
  .object({
    ...storedContractShape,
    history: z
      .array(
        z.object({
          version: z.int(),
          contract: z.looseObject({}),
          reason: z.string(),
          changedBy: z.string(),
          changedAt: z.string(),
        }),
      )
      .describe('Newest first'),
    months: z
      .array(
        z.object({
          month: z.string(),
          final: z.boolean().describe('False while the month has not passed'),
          judgedAt: z.string(),
          incident: z.string().nullable(),
          settledAt: z.string().nullable(),
          ...verdictShape,
        }),
      )
      .describe('Measured against promised, newest first'),
  })
  .meta({ id: 'ContractDetail' });

/** What the incident of a breach has as evidence besides. */
export const breachSchema = z.object({
  contract: z.string(),
  month: z.string(),
  ...verdictShape,
});

const composedShape = {
  verdict: z.enum(['meets', 'misses', 'unknown']),
  requiredPercent: z.number(),
  promisedPercent: z
    .number()
    .nullable()
    .describe('Null where something it stands on is promised nothing'),
  atLeastPercent: z.number(),
  atMostPercent: z.number(),
  units: z
    .array(
      z.object({
        unit: z.string(),
        datacentre: z.string(),
        source: z.enum(['contract', 'catalogue', 'none']),
        contract: z.string().nullable(),
        promisedPercent: z.number().nullable(),
        terms: z.looseObject({}).nullable().describe('Of the contract, as they are or were then'),
      }),
    )
    .describe('Up or down as a whole, independently of each other'),
  components: z
    .array(
      z.object({
        component: z.string(),
        units: z.array(z.string()).readonly(),
        atLeastPercent: z.number(),
        atMostPercent: z.number(),
        computation: z.string(),
      }),
    )
    .describe('Each is up while one of its units is; all of them are needed'),
  summary: z.string(),
};

export const applicationSlaSchema = z
  .object({
    application: z.string(),
    release: z.string(),
    change: z.string(),
    verifiedAt: z.string(),
    ...composedShape,
    atDeployment: z
      .object(composedShape)
      .nullable()
      .describe('By the terms that were in force when it was verified'),
  })
  .meta({ id: 'ApplicationSla' });

export const proposalSchema = z
  .object({
    label: z.string(),
    kind: z.enum(proposalKinds),
    contract: z.string().nullable(),
    offer: z.string().nullable(),
    application: z.string().nullable(),
    reason: z.string(),
    whatToDo: z.string(),
    request: z
      .looseObject({})
      .nullable()
      .describe('The body of a POST /changes; null where nothing would have to move'),
    proposedAt: z.string(),
    closedAt: z.string().nullable().describe('When its reason was gone'),
  })
  .meta({ id: 'Proposal' });
