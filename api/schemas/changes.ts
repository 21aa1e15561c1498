import * as z from 'zod';
import { changeStates } from '../../domain/change/life-cycle.ts';
import { judgedMetricSchema } from './metrics.ts';

const stateSchema = z.enum(changeStates);

export const waitingForSchema = z
  .object({
    what: z.string(),
    detail: z.string(),
    until: z.string().optional(),
    needsPerson: z.boolean().optional().describe('It cannot come to a good end without a person'),
    approvals: z.int().optional(),
    hold: z.object({ by: z.string(), reason: z.string(), since: z.string() }).optional(),
  })
  .describe('What it waits for, and when it wakes by itself');

const summaryShape = {
  id: z.string(),
  label: z.string(),
  kind: z.string(),
  class: z.string(),
  title: z.string(),
  department: z.string(),
  requester: z.string(),
  application: z.string().nullable(),
  state: stateSchema,
  outcome: stateSchema.nullable(),
  revision: z.int(),
  version: z.int(),
  attempt: z.int(),
  windowOpensAt: z.string(),
  windowClosesAt: z.string(),
  waitingFor: waitingForSchema.nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
};

export const changeSummarySchema = z.object(summaryShape).meta({ id: 'ChangeSummary' });

const conflictSchema = z
  .object({
    kind: z.string(),
    severity: z.enum(['blocking', 'warning']),
    subject: z.string(),
    id: z.uuid(),
    with: z
      .array(z.object({ change: z.string(), state: stateSchema }))
      .describe('The other changes; none of a freeze'),
    evidence: z.object({
      overlap: z.object({ from: z.string(), to: z.string() }),
      what: z.array(z.string()),
      count: z.int(),
      explanation: z.string(),
    }),
    remedy: z.string(),
  })
  .meta({ id: 'Conflict' });

export const changeSchema = z
  .object({
    ...summaryShape,
    request: z.looseObject({}).describe('As it was asked for'),
    window: z.object({
      opensAt: z.string(),
      latestStartAt: z.string(),
      closesAt: z.string(),
      zone: z.string(),
      workFrom: z.string().optional().describe('When its preparation ends; missing: as it opens'),
      workUntil: z
        .string()
        .optional()
        .describe('When its rollback reserve begins; missing: as it closes'),
      occurrence: z
        .object({ start: z.string(), note: z.string().optional() })
        .optional()
        .describe('Which one of its series it is'),
      sites: z
        .array(
          z.object({
            datacentre: z.string(),
            zone: z.string(),
            opensAt: z.string(),
            workFrom: z.string(),
            latestStartAt: z.string(),
            workUntil: z.string(),
            closesAt: z.string(),
          }),
        )
        .optional()
        .describe("Each datacentre's own window"),
    }),
    origin: z
      .object({
        kind: z.literal('guardian'),
        incident: z.string(),
        incidentLabel: z.string(),
        decision: z.string(),
        number: z.int(),
        way: z.enum(['redeploy', 'roll-back']),
        corrects: z.object({ changeId: z.string(), label: z.string(), release: z.string() }),
      })
      .nullable()
      .describe('The incident and decision that it corrects; null where a person asked for it'),
    planHash: z.string().nullable(),
    impact: z.record(z.string(), z.number()).nullable(),
    findings: z
      .array(z.string())
      .describe('What those who decide must know besides, such as a runbook that does not fit'),
    rehearsal: z
      .object({ id: z.string(), at: z.string(), current: z.boolean(), summary: z.string() })
      .nullable()
      .describe('The newest rehearsal that has a report'),
    rollsBackTo: z.object({ version: z.string(), digest: z.string() }).nullable(),
    approvalExpiresAt: z.string().nullable(),
    approvals: z.array(
      z.object({
        by: z.string(),
        decision: z.enum(['approved', 'rejected']),
        reason: z.string(),
        at: z.string(),
        planHash: z.string(),
        onBehalfOf: z.string().nullable().describe('In whose place, where it was delegated'),
        policy: z
          .discriminatedUnion('policy', [
            z.object({
              policy: z.literal('guardian'),
              application: z.string(),
              definitionVersion: z.int(),
              mode: z.string(),
            }),
            z.object({
              policy: z.literal('template'),
              template: z.string(),
              version: z.int(),
            }),
          ])
          .nullable()
          .describe('The policy or template that decided in place of a person'),
      }),
    ),
    conflicts: z.array(conflictSchema),
    attempts: z.array(
      z.object({
        number: z.int(),
        kind: z.string(),
        release: z.string(),
        waves: z.array(z.array(z.string())),
        startedAt: z.string(),
        sites: z.array(
          z.object({
            datacentre: z.string(),
            outcome: z.string(),
            detail: z.string(),
            at: z.string(),
          }),
        ),
        verification: z.unknown(),
        metrics: z
          .array(judgedMetricSchema)
          .describe('As they stand, also while it is verified; empty where none is measured'),
        endpoints: z.array(
          z.object({ datacentre: z.string(), component: z.string(), url: z.string() }),
        ),
      }),
    ),
  })
  .meta({ id: 'Change' });

export const logLineSchema = z
  .object({
    id: z.int(),
    at: z.string(),
    actor: z.string(),
    event: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    message: z.string(),
    details: z.unknown(),
  })
  .meta({ id: 'LogLine' });
