import * as z from 'zod';
import { changeStates } from '../../domain/change/life-cycle.ts';
import { stepStates } from '../../domain/runbook/runbook-run.ts';
import { evidenceKinds, overrunPolicies, runbookGroups } from '../../domain/runbook/runbook.ts';
import { stepRoles } from '../../domain/runbook/step-rules.ts';
import { waitingForSchema } from './changes.ts';

const roleSchema = z.enum(stepRoles).nullable().describe('As what the person acted');

const trySchema = z.object({
  try: z.int(),
  state: z.enum(stepStates),
  startedAt: z.string().nullable(),
  startedBy: z.string().nullable(),
  startedAs: roleSchema,
  dueAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  endedBy: z.string().nullable(),
  endedAs: roleSchema,
  reason: z.string().nullable(),
  evidence: z.object({ kind: z.enum(evidenceKinds), content: z.string() }).nullable(),
});

const stepSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    instructions: z.string().optional(),
    assignee: z
      .union([z.object({ person: z.string() }), z.object({ team: z.string() })])
      .optional(),
    expectedMinutes: z.int(),
    evidence: z.enum(evidenceKinds).describe('What it takes to complete it'),
    parallel: z.boolean().optional(),
    pointOfNoReturn: z.boolean().optional(),
    state: z.enum(stepStates),
    current: z.boolean().describe('Worked on, or to begin, now'),
    tries: z.array(trySchema),
  })
  .meta({ id: 'RunbookStepState' });

export const runbookStateSchema = z
  .object({
    change: z.string(),
    state: z.enum(changeStates),
    waitingFor: waitingForSchema.nullable(),
    onOverrun: z.enum(overrunPolicies),
    findings: z.array(z.string()),
    expectedWorkMinutes: z.number(),
    expectedRollbackMinutes: z.number(),
    workFrom: z.string(),
    workUntil: z.string(),
    closesAt: z.string(),
    rollBackBy: z.string().describe('When the rollback must begin to end within the window'),
    pointOfNoReturn: z.string().nullable().describe('Id of the step'),
    groups: z.array(z.object({ group: z.enum(runbookGroups), steps: z.array(stepSchema) })),
  })
  .meta({ id: 'RunbookState' });
