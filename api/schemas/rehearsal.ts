import * as z from 'zod';
import { changeStates } from '../../domain/change/life-cycle.ts';
import { rehearsalStates } from '../../domain/rehearsal/ports.ts';
import { scenarioSchema } from '../../domain/rehearsal/scenario.ts';

const lengthSchema = z
  .object({
    scenario: z.string(),
    outcome: z.enum(changeStates),
    seconds: z.number().nullable().describe('Of the work; null: it does not end by itself'),
    endsAt: z.string().nullable(),
    spareSeconds: z.number().nullable().describe('Left of the window then; negative: too late'),
  })
  .nullable();

const runSchema = z
  .object({
    scenario: scenarioSchema,
    name: z.string(),
    outcome: z.enum(changeStates),
    ended: z.boolean().describe('Whether it came to an end by itself'),
    waitsFor: z.string().nullable(),
    beganAt: z.string().nullable(),
    endedAt: z.string().nullable(),
    rolledBackFrom: z.string().nullable(),
    windowClosesAt: z.string(),
    sites: z.record(z.string(), z.string()).describe('The last word on each datacentre'),
    timeline: z.array(
      z.object({
        at: z.string(),
        actor: z.string(),
        event: z.string(),
        from: z.enum(changeStates).nullable(),
        to: z.enum(changeStates).nullable(),
        message: z.string(),
        told: z.array(z.string()).describe('Who would be told of it'),
      }),
    ),
  })
  .meta({ id: 'RehearsedScenario' });

export const rehearsalSchema = z
  .object({
    id: z.string(),
    change: z.string(),
    revision: z.int(),
    current: z.boolean().describe('False: the change has been replanned since'),
    requestedBy: z.string(),
    requestedAt: z.string(),
    endedAt: z.string().nullable(),
    state: z.enum(rehearsalStates),
    scenarios: z.array(scenarioSchema),
    problem: z.string().nullable().describe('Why there is no report'),
    report: z
      .object({
        revision: z.int(),
        planHash: z.string(),
        rehearsedAt: z.string(),
        window: z.object({ opensAt: z.string(), closesAt: z.string() }),
        expected: lengthSchema,
        worst: lengthSchema,
        pointOfNoReturn: z.object({ at: z.string(), because: z.string() }).nullable(),
        durations: z.array(
          z.object({
            of: z.string(),
            expectedMs: z.number(),
            worstMs: z.number(),
            from: z.string(),
          }),
        ),
        findings: z.array(z.string()),
        scenarios: z.array(runSchema),
        summary: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'Rehearsal' });

export const rehearsalListSchema = z.object({
  items: z.array(
    rehearsalSchema
      .omit({ report: true, scenarios: true })
      .extend({ summary: z.string().nullable() })
      .meta({ id: 'RehearsalSummary' }),
  ),
});
