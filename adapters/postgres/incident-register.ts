import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import { describeRefusedStep, stepByPerson } from '../../domain/incidents/life-cycle.ts';
import { classificationComplaints, severityOf } from '../../domain/incidents/plan.ts';
import type { IncidentRegister } from '../../domain/incidents/ports.ts';
import { openAgainstClosing } from './incident-closing.ts';
import { invalidClassification } from './event-register.ts';
import { findRunningDuty, startDuties } from './incident-duties.ts';
import { linkChange, unlinkChange } from './incident-links.ts';
import { planInForce } from './incident-plan-rows.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import { checkInstant, findOpenIncident, incidentLabel } from './incident-rows.ts';
import { noteIncident } from './incidents.ts';
import { explainingConstraints } from './postgres-errors.ts';
import { noteTrigger } from './risk-triggers.ts';

/** What people do about incidents: each a transaction, with its line in the incident's log and in the log of all. */
export function createIncidentRegister({ database, now }: RegisterDeps): IncidentRegister {
  const note = (
    trx: Knex,
    incident: string,
    action: string,
    given: {
      readonly by: string;
      readonly message: string;
      readonly details?: Readonly<Record<string, unknown>>;
    },
  ): Promise<void> =>
    noteIncident(trx, {
      ...{ incident, action, key: `person/${uuidv7()}`, actor: given.by, at: now() },
      message: given.message,
      details: given.details,
    });

  return {
    classify: (idOrLabel, { reason, ...given }, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        const { version, plan } = await planInForce(trx);
        const complaints = classificationComplaints(plan, given);
        if (complaints.length > 0) throw invalidClassification(version, complaints);
        const { aware_at: awareAt } = incident;
        const { category, severity, personalData } = given;
        const minutes = severityOf(plan, severity)?.respondWithinMinutes ?? 0;
        await trx('incident')
          .where({ id: incident.id })
          .update({
            ...{ category, severity, plan_version: version, classified_by: by },
            personal_data: personalData,
            ...(incident.respond_by === null
              ? {}
              : { respond_by: new Date(Date.parse(awareAt) + minutes * 60_000).toISOString() }),
          });
        const started = await startDuties(trx, {
          ...{ incident: incident.id, classification: given, awareAt, version, plan },
        });
        await note(trx, incident.id, 'classified', {
          by,
          message: `Classified as ${severity}, ${category}, ${personalData ? 'with' : 'without'} personal data: ${reason}`,
          details: { ...given, planVersion: version, duties: started },
        });
      }),

    step: (idOrLabel, { step, what, at = now() }, by) =>
      explainingConstraints({ incident_origin_key: () => openAnew(idOrLabel) }, () =>
        database.transaction(async (trx) => {
          const incident = await findOpenIncident(trx, idOrLabel);
          checkInstant('at', at, { now: now(), notBefore: incident.aware_at });
          const transition = step === 'note' ? undefined : stepByPerson(incident, step);
          if (step !== 'note' && transition === undefined) {
            throw new DomainError(
              'refused',
              `${incidentLabel(incident.number)} cannot take the step "${step}": ${describeRefusedStep(incident, step)}.`,
              { code: 'step-not-possible' },
            );
          }
          await noteIncident(trx, {
            ...{ incident: incident.id, key: `person/${uuidv7()}`, actor: by, message: what },
            ...{ step, happenedAt: at, action: step === 'note' ? 'noted' : step, at: now() },
            to: transition?.to,
            alert: transition !== undefined,
            details: { happenedAt: at },
          });
        }),
      ),

    notify: (idOrLabel, duty, { at, proof }, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        const running = await findRunningDuty(trx, incident, duty);
        checkInstant('at', at, { now: now(), notBefore: incident.aware_at });
        await trx('incident_duty')
          .where({ incident_id: incident.id, duty })
          .update({ notified_at: at, proof, settled_by: by, settled_at: now() });
        const late = Date.parse(at) > Date.parse(running.due_at);
        await note(trx, incident.id, 'notified', {
          by,
          message: `${running.title} to ${running.recipient} at ${at}${late ? `, late: it was due at ${running.due_at}` : ''}. Proof: ${proof}`,
          details: { duty, at, proof, dueAt: running.due_at, late },
        });
      }),

    waive: (idOrLabel, duty, reason, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        const running = await findRunningDuty(trx, incident, duty);
        await trx('incident_duty').where({ incident_id: incident.id, duty }).update({
          waived_at: now(),
          waived_reason: reason,
          settled_by: by,
          settled_at: now(),
        });
        await note(trx, incident.id, 'duty-waived', {
          by,
          message: `${running.title} is not owed: ${reason}`,
          details: { duty, reason },
        });
      }),

    link: (idOrLabel, link, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        const change = await linkChange(trx, incident, link, { by, at: now() });
        await note(trx, incident.id, 'linked', {
          by,
          message: `${link.kind === 'caused-by' ? 'Caused' : 'Fixed'} by ${change}: ${link.reason}`,
          details: { ...link },
        });
      }),

    unlink: (idOrLabel, link, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        const change = await unlinkChange(trx, incident, link, { by, at: now() });
        await note(trx, incident.id, 'unlinked', {
          by,
          message: `Not ${link.kind === 'caused-by' ? 'caused' : 'fixed'} by ${change}: ${link.reason}`,
          details: { ...link },
        });
      }),

    review: (idOrLabel, review, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        if (incident.state !== 'resolved') {
          throw new DomainError(
            'refused',
            `${incidentLabel(incident.number)} is ${incident.state}: it is reviewed when it is resolved.`,
            { code: 'not-resolved' },
          );
        }
        const { whatHappened, rootCause, lessons, criteriaChange, risks } = review;
        await trx('incident_review')
          .insert({
            incident_id: incident.id,
            what_happened: whatHappened,
            root_cause: rootCause,
            lessons,
            criteria_change: criteriaChange,
            reviewed_by: by,
            reviewed_at: now(),
          })
          // What it said before stays in the log.
          .onConflict('incident_id')
          .merge();
        const from = incidentLabel(incident.number);
        for (const risk of new Set(risks)) {
          await noteTrigger(trx, risk, { reason: lessons, from }, { by, at: now() });
        }
        await note(trx, incident.id, 'reviewed', {
          by,
          message: `Reviewed. Root cause: ${rootCause} Lessons: ${lessons}`,
          details: { ...review },
        });
      }),

    close: (idOrLabel, reason, by) =>
      database.transaction(async (trx) => {
        const incident = await findOpenIncident(trx, idOrLabel);
        const label = incidentLabel(incident.number);
        const open = await openAgainstClosing(trx, incident, now());
        if (open.length > 0) {
          throw new DomainError('refused', `${label} cannot be closed yet.`, {
            code: 'incident-not-done',
            complaints: open.map((message) => ({ field: label, message })),
          });
        }
        await noteIncident(trx, {
          ...{ incident: incident.id, key: `person/${uuidv7()}`, actor: by, message: reason },
          ...{ to: 'closed', action: 'closed', alert: true, at: now() },
        });
      }),
  };
}

function openAnew(label: string): DomainError {
  return new DomainError('conflict', `Another incident of the same origin as ${label} is open.`, {
    code: 'opened-anew',
    remedy: 'Write into that one: ctc incident list --state open.',
  });
}
