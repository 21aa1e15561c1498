import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultIncidentPlan } from '../../domain/incidents/plan.ts';
import {
  createRegistersDatabase,
  registersStart,
  type RegistersDatabase,
} from '../../test/support/registers-database.ts';
import { followRollback } from './failed-rollbacks.ts';
import { watchRegisters } from './register-watch.ts';

let system: RegistersDatabase;
beforeAll(async () => {
  system = await createRegistersDatabase();
});
afterAll(async () => system.drop());
beforeEach(async () => {
  await system.empty();
});

const later = (hours: number): string =>
  new Date(Date.parse(registersStart) + hours * 3_600_000).toISOString();
const step = (incident: string, name: string, what = 'It was done.') =>
  system.incidents.step(incident, { step: name as never, what }, 'oscar');
const kinds = async () =>
  (await system.findings.list()).map(({ kind, subject }) => [kind, subject]);

describe('events', () => {
  it('are told to those who assess them, and kept once however often they are sent', async () => {
    const report = { title: 'Odd', description: 'Very odd.', noticedAt: registersStart };
    const once = await system.events.report(report, 'ana', 'key-1');
    expect(await system.events.report(report, 'ana', 'key-1')).toEqual(once);
    expect(await system.events.list({}, { limit: 10 })).toEqual({ rows: [once] });
    for (const person of ['oscar', 'sofia']) {
      expect(await system.alertsOf(person)).toMatchObject([{ topic: 'event' }]);
    }
    expect(await system.alertsOf('rosa')).toEqual([]);
    const ahead = { ...report, noticedAt: later(1) };
    await expect(system.events.report(ahead, 'ana', 'key-2')).rejects.toMatchObject({
      complaints: [{ field: 'noticedAt', message: expect.stringContaining('still to come') }],
    });
    const elsewhere = { ...report, application: 'ghost' };
    await expect(system.events.report(elsewhere, 'ana', 'key-3')).rejects.toMatchObject({
      code: 'no-such-application',
    });
  });

  it('are assessed once, by one of two, with who and why, and the reporter is told', async () => {
    const event = await system.reported();
    const dismiss = (by: string) =>
      system.events.assess(event, { decision: 'dismissed', reason: 'A drill.' }, by);
    const both = await Promise.allSettled([dismiss('oscar'), dismiss('sofia')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(dismiss('oscar')).rejects.toMatchObject({ code: 'event-assessed' });
    expect(await system.events.get(event)).toMatchObject({
      ...{ state: 'dismissed', incident: null, decisionReason: 'A drill.' },
      decidedAt: registersStart,
    });
    expect((await system.alertsOf('ana')).map(({ subject }) => subject)).toEqual([
      'EVT-1 Strange logins: dismissed',
    ]);
    expect((await system.logged('event')).slice(-2)).toEqual(['event.reported', 'event.assessed']);
  });

  it('become an incident by the plan, or part of one that is open', async () => {
    const wrong = system.incident({ severity: 'dire' });
    await expect(wrong).rejects.toMatchObject({
      complaints: [{ field: 'severity', message: expect.stringContaining('critical, major') }],
    });
    const incident = await system.incident({ severity: 'critical', personalData: true });
    const more = await system.reported('More of it');
    const partOf = { decision: 'part-of', incident, reason: 'The same address.' } as const;
    await system.events.assess(more, partOf, 'oscar');
    const shown = await system.reader.get(incident);
    expect(shown).toMatchObject({
      ...{ source: 'event', state: 'open', severity: 'critical', personalData: true },
      ...{ planVersion: 0, classifiedBy: 'oscar', events: ['EVT-2', 'EVT-3'] },
      respondBy: '2026-11-01T12:15:00.000Z',
    });
    expect(shown.duties.map(({ duty, dueAt, state }) => [duty, dueAt, state])).toEqual([
      ['early-warning', later(24), 'running'],
      ['personal-data', later(72), 'running'],
      ['final-report', '2026-12-01T12:00:00.000Z', 'running'],
    ]);
  });
});

describe('incidents', () => {
  it('are answered step by step, each with its own time, and only where the table leads', async () => {
    const incident = await system.incident();
    system.setNow(later(3));
    const at = later(1);
    await system.incidents.step(incident, { step: 'respond', what: 'I am on it.', at }, 'oscar');
    await expect(step(incident, 'respond')).rejects.toMatchObject({
      message: expect.stringContaining('what can be done is contain, recover'),
    });
    await expect(
      system.incidents.step(incident, { step: 'contain', what: 'No.', at: later(-1) }, 'oscar'),
    ).rejects.toMatchObject({ complaints: [{ field: 'at' }] });
    await step(incident, 'contain', 'Locked the account.');
    await step(incident, 'recover', 'New passwords.');
    await step(incident, 'reopen', 'It is there again.');
    expect(await system.reader.get(incident)).toMatchObject({
      ...{ state: 'responding', resolvedAt: null, mitigatedAt: null },
    });
    const { log } = await system.reader.get(incident);
    expect(log.map(({ step: name, happenedAt }) => [name, happenedAt])).toEqual([
      [null, null],
      ['respond', at],
      ['contain', later(3)],
      ['recover', later(3)],
      ['reopen', later(3)],
    ]);
    const logged = await system.logged('incident');
    expect(logged.slice(-5)).toEqual(
      ['opened', 'respond', 'contain', 'recover', 'reopen'].map((name) => `incident.${name}`),
    );
  });

  it('settle what they owe with proof, late when it was late, or say why it is not owed', async () => {
    const incident = await system.incident({ severity: 'critical', personalData: true });
    system.setNow(later(100));
    const notify = (duty: string, at: string) =>
      system.incidents.notify(incident, duty, { at, proof: 'letter 7' }, 'sofia');
    await expect(notify('ghost', later(1))).rejects.toMatchObject({ code: 'no-such-duty' });
    await expect(notify('early-warning', later(101))).rejects.toMatchObject({
      complaints: [{ field: 'at' }],
    });
    await notify('early-warning', later(24));
    await notify('personal-data', later(73));
    await system.incidents.waive(incident, 'final-report', 'not significant', 'sofia');
    await expect(notify('early-warning', later(1))).rejects.toMatchObject({ code: 'duty-settled' });
    const { duties } = await system.reader.get(incident);
    expect(duties.map(({ state }) => state)).toEqual(['notified', 'notified-late', 'waived']);
    expect(await kinds()).toContainEqual(['duty-late', incident]);
  });

  it('start the clocks of a worse classification from the moment of awareness', async () => {
    const incident = await system.incident();
    system.setNow(later(30));
    const worse = { category: 'data', severity: 'major', personalData: true, reason: 'Copied.' };
    await system.incidents.classify(incident, worse, 'sofia');
    const { duties, log } = await system.reader.get(incident);
    expect(duties.map(({ duty, state }) => [duty, state])).toEqual([
      ['early-warning', 'overdue'],
      ['personal-data', 'running'],
      ['final-report', 'running'],
    ]);
    expect(log.at(-1)?.message).toContain('with personal data');
    // What runs goes on as it was.
    await system.incidents.classify(incident, { ...worse, severity: 'low' }, 'sofia');
    expect((await system.reader.get(incident)).duties).toHaveLength(3);
  });

  it('close when everything is settled, reviewed and done, and stay as they are then', async () => {
    const incident = await system.incident({ severity: 'major' });
    const close = () => system.incidents.close(incident, 'All done.', 'oscar');
    const review = {
      whatHappened: 'Somebody guessed a password.',
      rootCause: 'It could be guessed.',
      lessons: 'Second factors.',
      criteriaChange: null,
    };
    await expect(
      system.incidents.review(incident, { ...review, risks: [] }, 'oscar'),
    ).rejects.toMatchObject({
      code: 'not-resolved',
    });
    const action = await system.actions.add(
      { kind: 'incident', of: incident },
      { title: 'Second factors', owner: 'rosa', dueOn: '2026-11-20' },
      'oscar',
    );
    await expect(close()).rejects.toMatchObject({
      complaints: [1, 2, 3, 4, 5].map(() => ({ field: incident })),
    });
    await step(incident, 'recover');
    await system.incidents.review(incident, { ...review, risks: [] }, 'oscar');
    for (const duty of ['early-warning', 'final-report']) {
      await system.incidents.waive(incident, duty, 'not significant', 'sofia');
    }
    await expect(close()).rejects.toMatchObject({
      complaints: [{ message: expect.stringContaining(action.label) }],
    });
    await expect(
      system.actions.settle(
        action.label,
        { state: 'done', outcome: 'Rolled out.' },
        { id: 'ana', manages: [] },
      ),
    ).rejects.toMatchObject({ code: 'not-the-owner' });
    const done = { state: 'done', outcome: 'Rolled out.' } as const;
    await system.actions.settle(action.label, done, { id: 'rosa', manages: [] });
    await close();
    expect(await system.reader.get(incident)).toMatchObject({
      ...{ state: 'closed', openForClosing: [], review },
      actions: [{ state: 'done', outcome: 'Rolled out.' }],
    });
    await expect(step(incident, 'reopen')).rejects.toMatchObject({ code: 'incident-closed' });
    await expect(close()).rejects.toMatchObject({ code: 'incident-closed' });
  });

  it('are linked with what caused and what fixed them, and an attribution can be withdrawn', async () => {
    const incident = await system.incident();
    const { label } = await system.change('closed');
    const link = { change: label, kind: 'caused-by', reason: 'By its log.' } as const;
    await system.incidents.link(incident, link, 'oscar');
    await expect(system.incidents.link(incident, link, 'sofia')).rejects.toMatchObject({
      code: 'linked-already',
    });
    expect((await system.reader.get(incident)).changes).toMatchObject([
      { change: label, kind: 'caused-by', linkedBy: 'oscar' },
    ]);
    await system.incidents.unlink(incident, { ...link, reason: 'It was not.' }, 'sofia');
    expect((await system.reader.get(incident)).changes).toEqual([]);
    await system.incidents.link(incident, link, 'oscar');
    const unknown = { ...link, change: 'CHG-99' };
    await expect(system.incidents.link(incident, unknown, 'oscar')).rejects.toMatchObject({
      code: 'no-such-change',
    });
  });
});

describe('evidence', () => {
  const given = {
    what: 'The log of the gateway',
    how: 'copied with cp -a',
    location: 'gateway 2, /var/log',
    obtainedBy: 'oscar',
    obtainedAt: registersStart,
  };
  const content = Buffer.from([0, 255, 10, 13, 7]);
  const file = { fileName: 'gateway.log', mediaType: 'text/plain', content };

  it('is hashed, handed from one to the next, and read as it was taken', async () => {
    const incident = await system.incident();
    const taken = await system.evidence.addFile(incident, { ...given, ...file }, 'oscar');
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(taken).toMatchObject({ label: 'E1', sha256, sizeBytes: 5, custodian: 'oscar' });
    system.setNow(later(2));
    const give = (to: string, at: string) =>
      system.evidence.handOver(incident, 'e1', { to, reason: 'forensics', at }, 'sofia');
    await give('sofia', later(1));
    await expect(give('lab', later(0.5))).rejects.toMatchObject({ complaints: [{ field: 'at' }] });
    await expect(give('sofia', later(2))).rejects.toMatchObject({ code: 'same-custodian' });
    const { handovers, custodian } = await give('the laboratory', later(2));
    expect(custodian).toBe('the laboratory');
    expect(handovers.map(({ givenBy, takenBy }) => [givenBy, takenBy])).toEqual([
      ['oscar', 'sofia'],
      ['sofia', 'the laboratory'],
    ]);
    const read = await system.evidence.read(incident, 'E1', 'sofia');
    expect(read.content.equals(content)).toBe(true);
    expect((await system.logged('incident')).at(-1)).toBe('incident.evidence-read');
  });

  it('has one chain although two hand it over at the same time', async () => {
    const incident = await system.incident();
    await system.evidence.addFile(incident, { ...given, ...file }, 'oscar');
    await Promise.all(
      ['sofia', 'rosa', 'ana'].map((to) =>
        system.evidence.handOver(
          incident,
          'E1',
          { to, reason: 'forensics', at: registersStart },
          'oscar',
        ),
      ),
    );
    const { custody } = await system.reader.get(incident);
    const chain = custody[0]?.handovers ?? [];
    expect(chain.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(chain.slice(1).map(({ givenBy }) => givenBy)).toEqual(
      chain.slice(0, -1).map(({ takenBy }) => takenBy),
    );
  });

  it('cannot be changed or removed, and what is altered all the same is found out', async () => {
    const incident = await system.incident();
    await system.evidence.addFile(incident, { ...given, ...file }, 'oscar');
    const { database } = system;
    for (const table of ['incident_evidence', 'incident_evidence_content']) {
      await expect(database(table).delete()).rejects.toThrow(/stays as it is/);
    }
    await expect(database('incident_evidence').update({ what: 'x' })).rejects.toThrow(/stays/);
    await database.transaction(async (trx) => {
      await trx.raw('alter table incident_evidence_content disable trigger user');
      await trx('incident_evidence_content').update({ content: Buffer.from('forged') });
      await trx.raw('alter table incident_evidence_content enable trigger user');
    });
    await expect(system.evidence.read(incident, 'E1', 'sofia')).rejects.toMatchObject({
      code: 'evidence-altered',
    });
  });

  it('may stay elsewhere, known by its hash', async () => {
    const incident = await system.incident();
    const sha256 = 'a'.repeat(64);
    const kept = await system.evidence.addReference(incident, { ...given, sha256 }, 'oscar');
    expect(kept).toMatchObject({ stored: false, sizeBytes: null, sha256 });
    await expect(system.evidence.read(incident, 'E1', 'sofia')).rejects.toMatchObject({
      code: 'evidence-elsewhere',
      remedy: expect.stringContaining('gateway 2, /var/log'),
    });
    await expect(system.evidence.read(incident, 'E2', 'sofia')).rejects.toMatchObject({
      code: 'no-such-evidence',
    });
  });
});

describe('failed rollbacks', () => {
  const follow = (changeId: string, key: string, to: string, from = 'rolling-back') =>
    system.database.transaction((trx) =>
      followRollback(
        trx,
        {
          ...{ changeId, key, actor: 'workflow', event: 'fail-to-restore' as const },
          ...{ from: from as never, to: to as never, message: 'par cannot be reached.' },
          waitingFor: null,
        },
        system.now(),
      ),
    );

  it('open one incident of a change, which says what caused it and is contained when it is restored', async () => {
    const { id, label } = await system.change();
    await follow(id, 'a', 'rollback-incomplete');
    await follow(id, 'b', 'rollback-incomplete');
    const { rows } = await system.reader.list({}, { limit: 10 });
    expect(rows).toMatchObject([
      {
        ...{ source: 'change', state: 'open', change: label, severity: 'minor' },
        personalData: null,
      },
    ]);
    const incident = rows[0]?.label ?? '';
    expect((await system.reader.get(incident)).changes).toMatchObject([
      { change: label, kind: 'caused-by', linkedBy: 'change' },
    ]);
    expect(await kinds()).toContainEqual(['unclassified', incident]);
    await follow(id, 'c', 'rolled-back', 'rollback-incomplete');
    expect((await system.reader.get(incident)).state).toBe('mitigated');
    await follow(id, 'd', 'rollback-incomplete');
    expect((await system.reader.get(incident)).state).toBe('open');
    await step(incident, 'recover');
    await follow(id, 'e', 'rollback-incomplete');
    const after = await system.reader.list({}, { limit: 10 });
    expect(after.rows.map(({ state }) => state)).toEqual(['open', 'resolved']);
    // The other of the same origin is open: this one stays over.
    await expect(step(incident, 'reopen')).rejects.toMatchObject({ code: 'opened-anew' });
  });

  it('owe at once what the plan makes owed of them, and the rest when a person has looked', async () => {
    const change = { category: 'change', severity: 'major' };
    const plan = {
      ...defaultIncidentPlan,
      automatic: { ...defaultIncidentPlan.automatic, change },
    };
    await system.plan.adopt(plan, { reason: 'worse', seenVersion: 0 }, 'sofia');
    const { id } = await system.change();
    await follow(id, 'a', 'rollback-incomplete');
    const owed = async () => (await system.reader.get('INC-1')).duties.map(({ duty }) => duty);
    expect(await owed()).toEqual(['early-warning', 'final-report']);
    const looked = { ...change, personalData: true, reason: 'Customers were shown to others.' };
    await system.incidents.classify('INC-1', looked, 'sofia');
    expect(await owed()).toEqual(['early-warning', 'personal-data', 'final-report']);
  });

  it('open nothing where a rollback succeeds', async () => {
    const { id } = await system.change();
    await follow(id, 'a', 'rolled-back');
    expect((await system.reader.list({}, { limit: 10 })).rows).toEqual([]);
  });
});

describe('the incident plan', () => {
  const contacts = [{ id: 'night', name: 'Night shift', reach: '+34 600 000 000' }];
  const plan = { ...defaultIncidentPlan, title: 'Ours', contacts };

  it('is adopted version by version, by one who has seen the last, and kept', async () => {
    expect(await system.plan.inForce()).toMatchObject({ version: 0, adoptedBy: null });
    const adopt = (seenVersion: number, title: string) =>
      system.plan.adopt({ ...plan, title }, { reason: 'yearly', seenVersion }, 'sofia');
    const both = await Promise.allSettled([adopt(0, 'one'), adopt(0, 'other')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await adopt(1, 'two');
    expect((await system.plan.version(1)).plan.title).toMatch(/one|other/);
    expect(await system.plan.inForce()).toMatchObject({ version: 2, plan: { title: 'two' } });
    await expect(system.plan.version(3)).rejects.toMatchObject({ code: 'no-such-plan' });
    expect(await system.plan.versions()).toMatchObject([{ version: 2 }, { version: 1 }]);
  });

  it('counts contacts as verified only as they are reached now, and exercises from their day', async () => {
    expect((await kinds()).map(([kind]) => kind)).toEqual([
      'no-plan',
      'plan-untested',
      'no-contacts',
    ]);
    await system.plan.adopt(plan, { reason: 'first', seenVersion: 0 }, 'sofia');
    expect((await kinds()).map(([kind]) => kind)).toEqual(['plan-untested', 'contact-unverified']);
    await system.plan.verifyContact('night', 'called, answered', 'sofia');
    const exercise = {
      ...{ heldOn: '2026-10-30', scenario: 'Ransom', participants: ['sofia', 'oscar'] },
      outcome: 'Nobody had the number.',
    };
    await system.plan.recordExercise(exercise, 'sofia');
    expect(await kinds()).toEqual([]);
    const [other] = contacts;
    const moved = { ...plan, contacts: [{ ...other!, reach: '+34 611 111 111' }] };
    await system.plan.adopt(moved, { reason: 'new number', seenVersion: 1 }, 'sofia');
    expect(await kinds()).toEqual([['contact-unverified', 'night']]);
    await expect(
      system.plan.recordExercise({ ...exercise, heldOn: '2026-11-02' }, 'sofia'),
    ).rejects.toMatchObject({ complaints: [{ field: 'heldOn' }] });
  });
});

describe('clocks that run out', () => {
  it('are told once, however often and by however many it is looked', async () => {
    const incident = await system.incident({ personalData: true });
    await system.actions.add(
      { kind: 'incident', of: incident },
      { title: 'Second factors', owner: 'rosa', dueOn: '2026-11-03' },
      'oscar',
    );
    const toldAfter = async (hours: number) => {
      const before = (await system.alertsOf('sofia')).length;
      system.setNow(later(hours));
      await Promise.all([1, 2].map(() => watchRegisters(system.database, later(hours))));
      return (await system.alertsOf('sofia')).slice(before).map(({ subject }) => subject);
    };
    expect(await toldAfter(1)).toEqual([]);
    expect(await toldAfter(9)).toEqual([`${incident}: nobody responds`]);
    expect(await toldAfter(54)).toEqual([
      `${incident}: Notification of a breach of personal data is due soon`,
    ]);
    expect((await toldAfter(73)).sort()).toEqual([
      `ACT-1 of ${incident} is overdue`,
      `${incident}: Notification of a breach of personal data is overdue`,
    ]);
    expect(await toldAfter(74)).toEqual([]);
    expect((await system.alertsOf('rosa')).map(({ subject }) => subject)).toContain(
      `ACT-1 of ${incident} is overdue`,
    );
    const found = await kinds();
    for (const kind of ['response-late', 'duty-overdue']) {
      expect(found).toContainEqual([kind, incident]);
    }
    expect(found).toContainEqual(['action-overdue', 'ACT-1']);
    await system.incidents.notify(
      incident,
      'personal-data',
      { at: later(74), proof: 'receipt 9' },
      'sofia',
    );
    expect(await toldAfter(200)).toEqual([]);
  });

  it('are events that nobody looks at', async () => {
    const event = await system.reported();
    system.setNow(later(25));
    expect(await kinds()).toContainEqual(['event-unassessed', event]);
  });
});
