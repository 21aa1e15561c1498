import { randomUUID } from 'node:crypto';
import { createActionRegister } from '../../adapters/postgres/action-register.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { createEventRegister } from '../../adapters/postgres/event-register.ts';
import { createEvidenceStore } from '../../adapters/postgres/evidence-store.ts';
import { createIncidentFindings } from '../../adapters/postgres/incident-findings.ts';
import { createIncidentPlanStore } from '../../adapters/postgres/incident-plan-store.ts';
import { createIncidentReader } from '../../adapters/postgres/incident-reader.ts';
import { createIncidentRegister } from '../../adapters/postgres/incident-register.ts';
import { createChangeFailureReader } from '../../adapters/postgres/change-failures.ts';
import { createProblemRegister } from '../../adapters/postgres/problem-register.ts';
import { createRiskRegister } from '../../adapters/postgres/risk-register.ts';
import { addPeople } from './company-database.ts';
import { createTestDatabase } from './postgres.ts';

export const registersStart = '2026-11-01T12:00:00.000Z';

/** People, a change, and a clock that stands until it is set: the registers with nothing in them. */
export async function createRegistersDatabase() {
  const test = await createTestDatabase();
  const database = createDatabase({ url: test.url, poolMax: 6 });
  await database('department').insert({ id: 'web', name: 'Web' }).onConflict('id').ignore();
  await addPeople(database, {
    ana: ['requester'],
    oscar: ['operator'],
    sofia: ['security-officer'],
    rosa: ['deployment-engineer'],
  });
  let now = registersStart;
  const deps = { database, now: () => now };

  return {
    ...deps,
    setNow: (at: string) => void (now = at),
    events: createEventRegister(deps),
    incidents: createIncidentRegister(deps),
    reader: createIncidentReader(deps),
    plan: createIncidentPlanStore(deps),
    findings: createIncidentFindings(deps),
    evidence: createEvidenceStore(deps),
    actions: createActionRegister(deps),
    risks: createRiskRegister(deps),
    problems: createProblemRegister(deps),
    failures: createChangeFailureReader(database),

    /** A change in some state, which nothing has worked on. @returns its id and label. */
    async change(
      state = 'rolling-back',
      more: Readonly<Record<string, unknown>> = {},
    ): Promise<{ id: string; label: string }> {
      const id = randomUUID();
      const [row] = await database('change')
        .insert({
          ...{ id, request_key: id, request_hash: '', state, revision: 1, version: 1 },
          ...{ kind: 'infrastructure', class: 'normal', title: 'Swap the switch' },
          ...{ department: 'web', requester: 'ana' },
          definition: JSON.stringify({ request: { kind: 'infrastructure' } }),
          window_opens_at: '2026-11-01T10:00:00.000Z',
          window_closes_at: '2026-11-01T14:00:00.000Z',
          ...{ created_at: now, updated_at: now },
          ...more,
        })
        .returning<{ number: number }[]>('number');
      return { id, label: `CHG-${row?.number ?? 0}` };
    },

    async reported(title = 'Strange logins'): Promise<string> {
      const report = { title, description: 'At night, from nowhere.', noticedAt: now };
      const { label } = await this.events.report(report, 'ana', randomUUID());
      return label;
    },

    /** An incident that oscar has made of an event. */
    async incident(
      more: {
        readonly severity?: string;
        readonly personalData?: boolean;
        readonly category?: string;
      } = {},
    ): Promise<string> {
      const event = await this.reported();
      const { incident } = await this.events.assess(
        event,
        {
          ...{ decision: 'incident', category: 'access', severity: 'minor', personalData: false },
          ...more,
          reason: 'It was nobody of ours.',
        },
        'oscar',
      );
      return incident ?? '';
    },

    /** What the log of all says of one subject, oldest first. */
    async logged(kind: string): Promise<string[]> {
      const rows = await database('ledger_entry')
        .where({ subject_kind: kind })
        .orderBy('sequence')
        .pluck<string[]>('action');
      return rows;
    },

    async alertsOf(person: string): Promise<{ topic: string; subject: string }[]> {
      return database('alert')
        .where({ recipient: person })
        .orderBy('id')
        .select<{ topic: string; subject: string }[]>('topic', 'subject');
    },

    async empty(): Promise<void> {
      await database.raw(
        `truncate incident, reported_event, incident_plan, incident_exercise, contact_verification,
           register_action, change, alert, risk, risk_criteria, control_decision,
           problem restart identity cascade`,
      );
      now = registersStart;
    },
    async drop(): Promise<void> {
      await database.destroy();
      await test.drop();
    },
  };
}

export type RegistersDatabase = Awaited<ReturnType<typeof createRegistersDatabase>>;
