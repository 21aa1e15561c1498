import * as z from 'zod';
import { answersSchema } from './change-risk.ts';
import { slugSchema } from '../names.ts';
import { runbookSchema } from '../runbook/runbook-schema.ts';
import { windowRequestSchema } from '../windows/window.ts';
import { strategySchema } from './rollout-strategy.ts';

export const changeClasses = ['standard', 'normal', 'emergency'] as const;
export type ChangeClass = (typeof changeClasses)[number];

/** Kinds made by people, step by step; a `release` is deployed by CTC itself. */
export const manualKinds = [
  'infrastructure',
  'architecture',
  'licensing',
  /** New, changed and discontinued ones. */
  'product',
  'security-policy',
  /** What is published or told: incidents, vulnerabilities. */
  'disclosure',
  'policy',
] as const;

const effectSchema = z.strictObject({
  item: slugSchema,
  effect: z.enum(['down', 'degraded']),
});

/** What may be brought after the request, by amending it. */
const supplementFields = {
  /** The way back, beyond what CTC does by itself or the runbook says. */
  rollback: z
    .strictObject({
      plan: z.string().trim().min(3).max(10_000),
      /** When it was tried, and where. */
      testedAt: z.iso.datetime({ offset: true }).optional(),
      testedIn: z.string().trim().min(1).max(200).optional(),
      estimatedMinutes: z.int().min(1).max(100_000).optional(),
    })
    .optional(),
  /** Tests that were run before production. */
  tests: z
    .array(
      z.strictObject({
        environment: z.string().trim().min(1).max(200),
        result: z.enum(['passed', 'failed']),
        /** A text, or the URL of what shows it. */
        evidence: z.string().trim().min(3).max(10_000),
        /** Of the release that was tested. */
        releaseDigest: z.string().max(200).optional(),
      }),
    )
    .max(50)
    .optional(),
  /** Of the risk questionnaire. */
  answers: answersSchema.optional(),
};

/** The body of an amendment: at least one of them, each in place of what was there. */
export const amendmentSchema = z
  .strictObject(supplementFields)
  .refine((amendment) => Object.keys(amendment).length > 0, {
    message: `name what is amended: ${Object.keys(supplementFields).join(', ')}`,
  });
export type Amendment = z.output<typeof amendmentSchema>;

const commonFields = {
  title: z.string().trim().min(3).max(200),
  reason: z.string().trim().min(3).max(10_000),
  class: z.enum(changeClasses).default('normal'),
  department: slugSchema,
  window: windowRequestSchema,
  /** Items that are down or degraded while the intervention runs. */
  affects: z.array(effectSchema).max(10_000).default([]),
  /** The team that carries it out; booked for one intervention at a time. */
  team: slugSchema.optional(),
  /** Changes, such as CHG-12, that must have closed before this one opens. */
  after: z
    .array(z.string().regex(/^CHG-[1-9][0-9]{0,17}$/, 'use the label of a change, such as CHG-12'))
    .max(100)
    .optional(),
  /** Of a standard change: the template that approves it beforehand. */
  template: slugSchema.optional(),
  ...supplementFields,
};

export const releaseChangeSchema = z
  .strictObject({
    kind: z.literal('release'),
    ...commonFields,
    application: slugSchema,
    release: z.string().min(1).max(100),
    /** Datacentres that Optimus may use; their order is the order of the waves. */
    datacentres: z.array(slugSchema).min(1).max(100),
    strategy: strategySchema.prefault({}),
  })
  .superRefine((change, context) => {
    const duplicate = change.datacentres.find((id, i) => change.datacentres.indexOf(id) !== i);
    if (duplicate !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['datacentres'],
        message: `"${duplicate}" is listed twice`,
      });
    }
    const inWaves = change.strategy.waves?.flat();
    if (inWaves === undefined) return;
    const missing = change.datacentres.filter((id) => !inWaves.includes(id));
    const unknown = inWaves.filter((id) => !change.datacentres.includes(id));
    if (missing.length > 0 || unknown.length > 0 || inWaves.length !== new Set(inWaves).size) {
      context.addIssue({
        code: 'custom',
        path: ['strategy', 'waves'],
        message: `each of the change's datacentres (${change.datacentres.join(', ')}) belongs in exactly one wave`,
      });
    }
  });

const linesSchema = z.array(z.string().trim().min(1).max(2000)).min(1).max(200);

export const manualChangeSchema = z
  .strictObject({
    kind: z.enum(manualKinds),
    ...commonFields,
    /** Datacentres that are worked on. */
    datacentres: z.array(slugSchema).max(100).default([]),
    runbook: runbookSchema.optional(),
    /** Without a runbook: what is done, and the way back, in lines that are reported as a whole. */
    steps: linesSchema.optional(),
    rollbackSteps: linesSchema.optional(),
  })
  .superRefine(({ runbook, steps, rollbackSteps }, context) => {
    const complain = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (runbook !== undefined) {
      const instead = 'a runbook says it already: leave this out';
      if (steps !== undefined) complain('steps', instead);
      if (rollbackSteps !== undefined) complain('rollbackSteps', instead);
      return;
    }
    const needed = 'needed where there is no runbook';
    if (steps === undefined) complain('steps', needed);
    if (rollbackSteps === undefined) complain('rollbackSteps', needed);
  });

/** What a person asks for: the content of `change.yaml` and the body of `POST /changes`. */
export const changeRequestSchema = z.discriminatedUnion('kind', [
  releaseChangeSchema,
  manualChangeSchema,
]);

export type ChangeRequest = z.output<typeof changeRequestSchema>;
export type ReleaseChange = z.output<typeof releaseChangeSchema>;
export type ManualChange = z.output<typeof manualChangeSchema>;
