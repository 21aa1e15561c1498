import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createRegistersDatabase,
  type RegistersDatabase,
} from '../../test/support/registers-database.ts';

let system: RegistersDatabase;
beforeAll(async () => {
  system = await createRegistersDatabase();
});
afterAll(async () => system.drop());
beforeEach(async () => {
  await system.empty();
});

const reason = 'by its log';
const open = (links: readonly object[] = []) =>
  system.problems.open(
    { title: 'Switches reboot', description: 'Every 49 days.', links: links as never },
    'oscar',
  );
const diagnose = () =>
  system.problems.diagnose(
    'PRB-1',
    { rootCause: 'A counter overflows.', workaround: 'Reboot them by hand.' },
    'rosa',
  );
const close = (uncorrected: string | null = null) =>
  system.problems.close('PRB-1', { reason: 'It is over.', uncorrected }, 'oscar');
const ended = (outcome: string | null, day = '10', more: object = {}) =>
  system.change(outcome ?? 'scheduled', {
    ...{ outcome, ended_at: outcome === null ? null : `2026-10-${day}T12:00:00.000Z` },
    ...more,
  });

describe('problems', () => {
  it('come from incidents and changes, become known errors, and end with their correction', async () => {
    const incident = await system.incident();
    const cause = await ended('completed');
    const opened = await open([
      { kind: 'incident', to: incident, reason },
      { kind: 'caused-by', to: cause.label, reason },
    ]);
    expect(opened).toMatchObject({ label: 'PRB-1', state: 'open', rootCause: null });
    await expect(close()).rejects.toMatchObject({
      message: 'PRB-1 is open: what can be done is diagnose, dismiss.',
    });
    await diagnose();
    expect(
      (await system.problems.list({ states: ['known-error'] }, { limit: 9 })).rows,
    ).toMatchObject([{ label: 'PRB-1', workaround: 'Reboot them by hand.' }]);
    await expect(close()).rejects.toMatchObject({
      complaints: [{ message: expect.stringContaining('nothing has corrected it') }],
    });
    const correction = await ended(null);
    const link = { kind: 'corrected-by', to: correction.label, reason } as const;
    await system.problems.link('PRB-1', link, 'rosa');
    await expect(close()).rejects.toMatchObject({ code: 'problem-not-done' });
    // Somebody's excuse does not outweigh a correction that is under way.
    await expect(close('too dear')).rejects.toMatchObject({ code: 'problem-not-done' });
    await system.database('change').where({ id: correction.id }).update({ outcome: 'completed' });
    await close();
    expect(await system.problems.get('PRB-1')).toMatchObject({
      ...{ state: 'closed', openForClosing: [], uncorrected: null },
      links: [
        { to: incident },
        { to: cause.label },
        { to: correction.label, outcome: 'completed' },
      ],
    });
    expect(await system.logged('problem')).toEqual(
      ['opened', 'linked', 'linked', 'diagnosed', 'linked', 'closed'].map(
        (one) => `problem.${one}`,
      ),
    );
    await expect(system.problems.link('PRB-1', link, 'rosa')).rejects.toMatchObject({
      code: 'problem-ended',
    });
    await system.problems.reopen('PRB-1', 'It rebooted.', 'oscar');
    expect((await system.problems.get('prb-1')).state).toBe('open');
  });

  it('wait for their actions, and can be left uncorrected, or be none, with the reason', async () => {
    await open();
    await diagnose();
    const action = { title: 'Ask the maker', owner: 'rosa', dueOn: '2026-11-02' };
    await system.actions.add({ kind: 'problem', of: 'PRB-1' }, action, 'oscar');
    await expect(close('too dear')).rejects.toMatchObject({
      complaints: [{ message: expect.stringContaining('ACT-1') }],
    });
    await expect(system.problems.dismiss('PRB-1', 'no', 'oscar')).rejects.toMatchObject({
      code: 'problem-not-done',
    });
    const dropped = { state: 'dropped', outcome: 'They are gone.' } as const;
    await system.actions.settle('ACT-1', dropped, { id: 'oscar', manages: ['problem'] });
    await expect(close()).rejects.toMatchObject({ code: 'problem-not-done' });
    await close('The switches are sold next month.');
    expect((await system.problems.get('PRB-1')).uncorrected).toContain('sold');
    await open();
    await system.problems.dismiss('PRB-2', 'The same as PRB-1.', 'oscar');
    expect((await system.problems.get('PRB-2')).state).toBe('dismissed');
  });

  it('name nothing that is not there, and nothing twice', async () => {
    await expect(open([{ kind: 'incident', to: 'INC-9', reason }])).rejects.toMatchObject({
      code: 'no-such-incident',
    });
    // All or nothing.
    expect((await system.problems.list({}, { limit: 9 })).rows).toEqual([]);
    await open();
    const { label } = await ended('completed');
    const link = { kind: 'caused-by', to: label, reason } as const;
    const problem = (await system.problems.list({}, { limit: 9 })).rows[0]?.label ?? '';
    await system.problems.link(problem, link, 'rosa');
    await expect(system.problems.link(problem, link, 'rosa')).rejects.toMatchObject({
      code: 'linked-already',
    });
    await system.problems.unlink(problem, link, 'rosa');
    await expect(system.problems.unlink(problem, link, 'rosa')).rejects.toMatchObject({
      code: 'not-linked',
    });
    expect((await system.problems.list({ text: '49 DAYS' }, { limit: 9 })).rows).toHaveLength(1);
    expect((await system.problems.list({ text: '4_ days' }, { limit: 9 })).rows).toEqual([]);
  });
});

describe('the change failure rate', () => {
  const october = { from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z' };
  const failures = (page: object = {}) => system.failures.failures(october, { limit: 50, ...page });

  it('counts what did not complete and what caused an incident, each change once, by class', async () => {
    expect(await failures()).toMatchObject({ changes: 0, ratePercent: null, rows: [] });
    await ended('completed');
    const guilty = await ended('completed', '11', { state: 'closed', class: 'emergency' });
    const back = await ended('rolled-back', '12');
    const broken = await ended('rollback-incomplete', '31');
    // What has touched nothing, or not in the period, does not count.
    for (const outcome of ['rejected', 'cancelled', 'expired']) await ended(outcome);
    await ended('completed', '10', { ended_at: october.to });
    await ended('rolled-back', '10', { ended_at: '2026-09-30T23:59:59.999Z' });
    for (const change of [guilty, back]) {
      for (let n = 0; n < 2; n++) {
        const incident = await system.incident();
        const link = { change: change.label, kind: 'caused-by', reason } as const;
        await system.incidents.link(incident, link, 'oscar');
        // What fixes it did not cause it.
        const fix = { change: 'CHG-1', kind: 'fixed-by', reason } as const;
        await system.incidents.link(incident, fix, 'oscar');
      }
    }
    const found = await failures();
    expect(found).toMatchObject({
      ...{ changes: 4, failed: 3, ratePercent: 75 },
      ...{ rolledBack: 1, rollbackIncomplete: 1, causedIncident: 2 },
      byClass: [
        { class: 'emergency', changes: 1, failed: 1, ratePercent: 100 },
        { class: 'normal', changes: 3, failed: 2 },
      ],
    });
    expect(found.definition).toContain('caused-by, not withdrawn');
    expect(found.rows.map(({ change, incidents }) => [change, incidents])).toEqual([
      [broken.label, []],
      [back.label, ['INC-3', 'INC-4']],
      [guilty.label, ['INC-1', 'INC-2']],
    ]);
    const { rows, nextCursor = '' } = await failures({ limit: 2 });
    expect(rows).toHaveLength(2);
    expect((await failures({ limit: 2, cursor: nextCursor })).rows).toMatchObject([
      { change: guilty.label },
    ]);
  });

  it('forgets an attribution that is withdrawn, and needs a period', async () => {
    const { label } = await ended('completed');
    const incident = await system.incident();
    const link = { change: label, kind: 'caused-by', reason } as const;
    await system.incidents.link(incident, link, 'oscar');
    expect((await failures()).ratePercent).toBe(100);
    await system.incidents.unlink(incident, { ...link, reason: 'It was not.' }, 'oscar');
    expect((await failures()).ratePercent).toBe(0);
    const empty = { from: october.to, to: october.to };
    await expect(system.failures.failures(empty, { limit: 1 })).rejects.toMatchObject({
      code: 'invalid-period',
    });
  });
});
