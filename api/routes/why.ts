import * as z from 'zod';
import { changeStates } from '../../domain/change/life-cycle.ts';
import { explainEnding } from '../../domain/change/ending.ts';
import { explainWaits } from '../../domain/change/why.ts';
import type { AppDeps } from '../app-deps.ts';
import { changeParamsSchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const stopSchema = z.object({
  id: z.string(),
  scope: z.string(),
  datacentre: z.string().optional(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
});

const waitSchema = z.object({
  kind: z.enum([
    'assessment',
    'approval',
    'conflict',
    'window',
    'simulation',
    'target',
    'wave',
    'bake',
    'datacentre',
    'verification',
    'people',
    'resume',
    'line',
    'rollback',
    'review',
  ]),
  detail: z.string(),
  since: z.string().nullable(),
  wakesAt: z.string().nullable().describe('When it wakes by itself; null: see next'),
  who: z.array(z.string()).describe('Ids of people, or labels of changes, that it waits for'),
  next: z.string().describe('What somebody can do about it'),
  approvals: z.object({ needed: z.int(), given: z.array(z.string()) }).optional(),
  hold: z.object({ by: z.string(), reason: z.string(), since: z.string() }).optional(),
  holder: z.object({ change: z.string(), datacentre: z.string() }).optional(),
  stop: stopSchema.optional(),
  bake: z
    .object({ endsAt: z.string().nullable(), samplesLeft: z.int().nullable() })
    .optional()
    .describe('Not before; and of the entry that lacks most, null: not known or not asked for'),
});

const whySchema = z
  .object({
    change: z.string(),
    state: z.enum(changeStates),
    waits: z
      .array(waitSchema)
      .describe('The first is what it waits for now; the others hold it as well, or will'),
    ending: z
      .object({
        kind: z.enum(['refused-by-simulator', 'missed-window', 'rolled-back', 'ended']),
        at: z.string(),
        because: z.string(),
        stops: z.array(stopSchema).describe('Stops of the line that it came to this under'),
        next: z.string(),
      })
      .nullable()
      .describe('How it ended; null: it is on its way'),
    pending: z
      .array(
        z.object({
          step: z.string(),
          datacentre: z.string().optional(),
          tries: z.int(),
          failure: z.string().optional(),
          nextTryAt: z.string().optional(),
          seen: z
            .array(z.object({ entry: z.string(), samples: z.int(), wanted: z.int() }))
            .optional()
            .describe('Of a bake: samples of each entry, and how many are wanted'),
        }),
      )
      .nullable()
      .describe('Steps under way; null: the workflow engine does not answer'),
  })
  .meta({ id: 'Why' });

/** Why a change does not move. */
export function whyRoutes(app: TypedApp, { waits, pendingSteps }: AppDeps): void {
  app.get(
    '/changes/:change/why',
    {
      config: { access: 'change.read' },
      schema: {
        tags: ['changes'],
        operationId: 'explainChange',
        summary:
          'What a change waits for, of whom, when it wakes by itself, and what to do about it',
        params: changeParamsSchema,
        response: { 200: whySchema, ...problems },
      },
    },
    async (request) => {
      const facts = await waits.facts(request.params.change);
      const pending = facts.waitingFor === null ? [] : await pendingSteps(facts.id);
      const { label: change, state } = facts;
      return {
        change,
        state,
        waits: explainWaits(facts, pending),
        ending: explainEnding(facts),
        pending,
      } as never;
    },
  );
}
