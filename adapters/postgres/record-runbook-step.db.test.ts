import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunbookStepEntry, TransitionEntry } from '../../domain/change/story.ts';
import {
  addPrincipal,
  importCsv,
  insertChange,
  manualRequest,
  smallestCompany,
} from '../../test/support/company-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { createDatabase } from './database.ts';
import { recordRunbookStep, stopRunningSteps } from './record-runbook-step.ts';

let database: TestDatabase;
let db: Knex;
let id: string;
const at = '2031-05-07T00:00:00.000Z';

beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.url, poolMax: 10 });
  await importCsv(db, smallestCompany);
  for (const person of ['ana', 'olga', 'ben']) await addPrincipal(db, person);
  id = await insertChange(
    db,
    'ana',
    manualRequest({ start: '2031-05-07T00:00', end: '2031-05-07T04:00' }),
  );
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const entry = (step: string, more: Partial<RunbookStepEntry> = {}): RunbookStepEntry => ({
  changeId: id,
  key: randomUUID(),
  event: 'start-step',
  step,
  try: 1,
  state: 'running',
  role: 'implementer',
  actor: 'olga',
  reason: '',
  message: `${step} is begun`,
  ...more,
});
const ended = (step: string, more: Partial<RunbookStepEntry> = {}): RunbookStepEntry =>
  entry(step, { event: 'complete-step', state: 'done', ...more });
const record = (one: RunbookStepEntry) => db.transaction((trx) => recordRunbookStep(trx, one, at));
const rows = (step: string) =>
  db('runbook_step')
    .where({ change_id: id, step })
    .orderBy('try')
    .select<Record<string, unknown>[]>('*');

describe('the record of a step', () => {
  it('is written once with its log entry, however often it is sent, also at the same time', async () => {
    const start = entry('drain', { dueAt: '2031-05-07T00:10:00.000Z', alertAlso: ['ben'] });
    await Promise.all([record(start), record(start), record(start)]);
    const end = ended('drain', { evidence: { kind: 'text', content: 'no traffic' }, reason: 'ok' });
    await Promise.all([record(end), record(end)]);
    await record(start);
    expect(await rows('drain')).toEqual([
      expect.objectContaining({
        state: 'done',
        started_by: 'olga',
        ended_by: 'olga',
        ended_as: 'implementer',
        evidence: 'no traffic',
        evidence_kind: 'text',
        reason: 'ok',
      }),
    ]);
    const log = await db('change_log').whereIn('key', [start.key, end.key]).pluck('event');
    expect(log.sort()).toEqual(['complete-step', 'start-step']);
    const alerts = await db('alert').where({ change_id: id, recipient: 'ben' });
    expect(alerts).toHaveLength(1);
  });

  it('keeps each try of a step', async () => {
    await record(entry('swap'));
    await record(ended('swap', { event: 'fail-step', state: 'failed', reason: 'no link' }));
    await record(entry('swap', { try: 2 }));
    expect((await rows('swap')).map(({ state }) => state)).toEqual(['failed', 'running']);
  });

  it('is refused, log entry and all, for an end without a beginning, unless it is left out', async () => {
    const end = ended('label');
    await expect(record(end)).rejects.toMatchObject({ code: 'step-moved-on' });
    expect(await db('change_log').where({ key: end.key })).toHaveLength(0);
    await record(ended('label', { event: 'skip-step', state: 'skipped' }));
    expect(await rows('label')).toMatchObject([{ state: 'skipped', started_at: null }]);
  });

  it('of what runs is stopped when its way is given up, and not when it is put on hold', async () => {
    await record(entry('erase'));
    const move = (to: TransitionEntry['to']) =>
      db.transaction((trx) =>
        stopRunningSteps(
          trx,
          {
            changeId: id,
            key: randomUUID(),
            actor: 'olga',
            message: 'moves on',
            event: 'pause',
            from: 'implementing',
            to,
            waitingFor: null,
          },
          at,
        ),
      );
    await move('paused');
    expect(await rows('erase')).toMatchObject([{ state: 'running' }]);
    await move('rolling-back');
    expect(await rows('erase')).toMatchObject([{ state: 'stopped', ended_by: null }]);
  });
});
