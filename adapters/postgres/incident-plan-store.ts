import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type { IncidentPlan } from '../../domain/incidents/plan.ts';
import type { Exercise, IncidentPlanStore } from '../../domain/incidents/plan-ports.ts';
import { planInForce, planOfVersion } from './incident-plan-rows.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';

export interface RegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

/** The incident plan in all its versions, with exercises and verified contacts. */
export function createIncidentPlanStore({ database, now }: RegisterDeps): IncidentPlanStore {
  const inForce = async () => {
    const stored = await planInForce(database);
    return { ...stored, contactsVerifiedAt: await verifiedContacts(database, stored.plan) };
  };
  return {
    inForce,

    async version(version) {
      const stored = await planOfVersion(database, version);
      if (stored !== undefined) return stored;
      throw new DomainError('not-found', `The incident plan has no version ${version}.`, {
        code: 'no-such-plan',
        remedy: 'ctc incident plan history lists its versions.',
      });
    },

    async versions() {
      const rows = await database('incident_plan')
        .orderBy('version', 'desc')
        .select<{ version: number; reason: string; adopted_by: string; adopted_at: string }[]>(
          'version',
          'reason',
          'adopted_by',
          'adopted_at',
        );
      return rows.map((row) => ({
        version: row.version,
        reason: row.reason,
        adoptedBy: row.adopted_by,
        adoptedAt: row.adopted_at,
      }));
    },

    async adopt(plan, { reason, seenVersion }, by) {
      const superseded = () =>
        new DomainError('conflict', `The incident plan is no longer at version ${seenVersion}.`, {
          code: 'version-superseded',
          remedy: 'Read it again and send the new one with If-Match and its ETag.',
        });
      await explainingConstraints({ incident_plan_pkey: superseded }, () =>
        database.transaction(async (trx) => {
          if ((await planInForce(trx)).version !== seenVersion) throw superseded();
          const version = seenVersion + 1;
          await trx('incident_plan').insert({
            version,
            definition: JSON.stringify(plan),
            reason,
            adopted_by: by,
            adopted_at: now(),
          });
          await appendToLedger(trx, {
            at: now(),
            actor: by,
            action: 'incident-plan.adopted',
            subject: { kind: 'incident-plan', id: String(version) },
            details: { reason },
            sealed: { plan },
          });
        }),
      );
      return inForce();
    },

    verifyContact: (contact, how, by) =>
      database.transaction(async (trx) => {
        const { plan } = await planInForce(trx);
        const known = plan.contacts.find(({ id }) => id === contact);
        if (known === undefined) {
          throw new DomainError('not-found', `The incident plan has no contact "${contact}".`, {
            code: 'no-such-contact',
            remedy: `It has: ${plan.contacts.map(({ id }) => id).join(', ') || 'none; adopt a plan with contacts'}.`,
          });
        }
        const { reach } = known;
        await trx('contact_verification').insert({
          ...{ id: uuidv7(), contact, reach, how },
          verified_by: by,
          verified_at: now(),
        });
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: 'incident-plan.contact-verified',
          subject: { kind: 'contact', id: contact },
          sealed: { reach, how },
        });
      }),

    recordExercise: ({ heldOn, scenario, participants, outcome }, by) =>
      database.transaction(async (trx) => {
        if (heldOn > now().slice(0, 10)) {
          throw new DomainError('invalid', 'An exercise is recorded after it was held.', {
            code: 'invalid-exercise',
            complaints: [{ field: 'heldOn', message: `is after today, ${now().slice(0, 10)}` }],
          });
        }
        const id = uuidv7();
        const { version } = await planInForce(trx);
        await trx('incident_exercise').insert({
          ...{ id, plan_version: version, held_on: heldOn, scenario, outcome },
          participants: [...participants],
          recorded_by: by,
          recorded_at: now(),
        });
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: 'incident-plan.exercised',
          subject: { kind: 'incident-plan', id: String(version) },
          details: { exercise: id, heldOn },
          sealed: { scenario, participants, outcome },
        });
        const [exercise] = (await exercisesOf(trx)).filter((one) => one.id === id);
        if (exercise === undefined) throw new Error('the exercise was not stored');
        return exercise;
      }),

    exercises: () => exercisesOf(database),
  };
}

/** When each contact was last verified under the reach that the plan has now. */
export async function verifiedContacts(
  trx: Knex,
  { contacts }: Pick<IncidentPlan, 'contacts'>,
): Promise<Record<string, string>> {
  const rows = await trx('contact_verification')
    .groupBy('contact', 'reach')
    .select<{ contact: string; reach: string; at: string }[]>(
      'contact',
      'reach',
      trx.raw('max(verified_at) as at'),
    );
  return Object.fromEntries(
    rows
      .filter((row) => contacts.some(({ id, reach }) => id === row.contact && reach === row.reach))
      .map(({ contact, at }) => [contact, at]),
  );
}

async function exercisesOf(trx: Knex): Promise<Exercise[]> {
  const rows = await trx('incident_exercise')
    .orderBy([
      { column: 'held_on', order: 'desc' },
      { column: 'recorded_at', order: 'desc' },
    ])
    .limit(1000)
    .select<ExerciseRow[]>('*', trx.raw('held_on::text as held_on_day'));
  return rows.map((row) => ({
    id: row.id,
    planVersion: row.plan_version,
    heldOn: row.held_on_day,
    scenario: row.scenario,
    participants: row.participants,
    outcome: row.outcome,
    recordedBy: row.recorded_by,
    recordedAt: row.recorded_at,
  }));
}

interface ExerciseRow {
  readonly id: string;
  readonly plan_version: number;
  readonly held_on_day: string;
  readonly scenario: string;
  readonly participants: string[];
  readonly outcome: string;
  readonly recorded_by: string;
  readonly recorded_at: string;
}
