import * as z from 'zod';
import { dutyStates } from '../../domain/incidents/duties.ts';
import { eventStates } from '../../domain/incidents/event.ts';
import { incidentSources, incidentStates } from '../../domain/incidents/life-cycle.ts';
import { changeLinkKinds } from '../../domain/incidents/ports.ts';
import { actionSchema } from './actions.ts';
import { breachSchema } from './acsmi.ts';
import { decisionViewSchema, evaluationSchema } from './guardian.ts';

export const eventSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    title: z.string(),
    description: z.string(),
    application: z.string().nullable(),
    noticedAt: z.string(),
    reportedBy: z.string(),
    reportedAt: z.string(),
    state: z.enum(eventStates),
    incident: z.string().nullable(),
    decisionReason: z.string().nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: z.string().nullable(),
  })
  .meta({ id: 'ReportedEvent' });

const incidentShape = {
  id: z.string(),
  label: z.string(),
  source: z.enum(incidentSources).describe('What has opened it'),
  state: z.enum(incidentStates),
  summary: z.string(),
  category: z.string().nullable(),
  severity: z.string().nullable(),
  personalData: z.boolean().nullable().describe('null until a person has said so'),
  application: z.string().nullable(),
  violated: z.array(z.string()),
  change: z.string().nullable().describe('What it is about; of a guardian, whose deployment'),
  awareAt: z.string().describe('From when on clocks run'),
  openedAt: z.string(),
  respondBy: z.string().nullable(),
  respondedAt: z.string().nullable(),
  mitigatedAt: z.string().nullable(),
  resolvedAt: z.string().nullable(),
  closedAt: z.string().nullable(),
};
export const incidentSummarySchema = z.object(incidentShape).meta({ id: 'IncidentSummary' });

export const evidenceSchema = z
  .object({
    label: z.string().describe('Within its incident: E1'),
    what: z.string(),
    how: z.string().describe('How it was obtained'),
    location: z.string(),
    obtainedBy: z.string(),
    obtainedAt: z.string(),
    sha256: z.string(),
    sizeBytes: z.int().nullable(),
    fileName: z.string().nullable(),
    mediaType: z.string().nullable(),
    stored: z.boolean().describe('Whether its content is kept here'),
    custodian: z.string().describe('Who has it now'),
    recordedBy: z.string(),
    recordedAt: z.string(),
    handovers: z.array(
      z.object({
        number: z.int(),
        givenBy: z.string(),
        takenBy: z.string(),
        reason: z.string(),
        at: z.string(),
        recordedBy: z.string(),
        recordedAt: z.string(),
      }),
    ),
  })
  .meta({ id: 'Evidence' });

export const incidentSchema = z
  .object({
    ...incidentShape,
    planVersion: z
      .int()
      .nullable()
      .describe('Of the incident plan it is classified by; 0: default'),
    classifiedBy: z.string().nullable(),
    evidence: evaluationSchema.nullable().describe('What was measured, of guardians and contracts'),
    breach: breachSchema.nullable().describe('Of a contract; null for all others'),
    decisions: z.array(decisionViewSchema),
    events: z.array(z.string()).describe('The reported events that are part of it'),
    duties: z.array(
      z.object({
        duty: z.string(),
        title: z.string(),
        to: z.string(),
        dueAt: z.string(),
        state: z.enum(dutyStates),
        notifiedAt: z.string().nullable(),
        proof: z.string().nullable(),
        waivedReason: z.string().nullable(),
        settledBy: z.string().nullable(),
        settledAt: z.string().nullable(),
      }),
    ),
    changes: z.array(
      z.object({
        change: z.string(),
        kind: z.enum(changeLinkKinds),
        reason: z.string(),
        linkedBy: z.string(),
        linkedAt: z.string(),
      }),
    ),
    custody: z.array(evidenceSchema).describe('Evidence with its chain of custody'),
    review: z
      .object({
        whatHappened: z.string(),
        rootCause: z.string(),
        lessons: z.string(),
        criteriaChange: z.string().nullable(),
        reviewedBy: z.string(),
        reviewedAt: z.string(),
      })
      .nullable(),
    actions: z.array(actionSchema),
    openForClosing: z.array(z.string()).describe('What stands against closing it'),
    log: z.array(
      z.object({
        at: z.string(),
        actor: z.string(),
        message: z.string(),
        step: z.string().nullable(),
        happenedAt: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Incident' });

export const findingSchema = z
  .object({
    kind: z.string(),
    subject: z.string(),
    detail: z.string(),
    since: z.string().nullable(),
  })
  .meta({ id: 'Finding' });
