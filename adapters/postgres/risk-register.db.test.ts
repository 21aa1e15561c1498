import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { riskCriteriaSchema } from '../../domain/risks/criteria.ts';
import {
  reportAsMarkdown,
  statementOfApplicability,
  treatmentPlan,
} from '../../domain/risks/reports.ts';
import { riskSchema } from '../../domain/risks/risk.ts';
import {
  createRegistersDatabase,
  registersStart,
  type RegistersDatabase,
} from '../../test/support/registers-database.ts';

const example = (name: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '../../examples/risks', name), 'utf8'));
const criteria = riskCriteriaSchema.parse(example('criteria.yaml'));
const risk = riskSchema.parse(example('risk.yaml'));
const treated = (more: object) =>
  riskSchema.parse({ ...risk, treatment: { ...risk.treatment, ...more } });

let system: RegistersDatabase;
beforeAll(async () => {
  system = await createRegistersDatabase();
});
afterAll(async () => system.drop());
beforeEach(async () => {
  await system.empty();
});

const later = (days: number): string =>
  new Date(Date.parse(registersStart) + days * 86_400_000).toISOString();
const adopt = (seenVersion = 0) =>
  system.risks.adoptCriteria(criteria, { reason: 'yearly', seenVersion }, 'sofia');
const accept = (by: string, more: object = {}) =>
  system.risks.accept(
    'RSK-1',
    { reason: 'It is little.', exception: null, seenVersion: 1, ...more },
    by,
  );
const kinds = async () =>
  (await system.risks.findings())
    .filter(({ kind }) => kind !== 'controls-undecided')
    .map(({ kind, subject }) => `${kind} ${subject}`);

describe('risks', () => {
  it('are assessed only by criteria that were there before, and those that are in force', async () => {
    await expect(system.risks.register(risk, 'sofia')).rejects.toMatchObject({
      code: 'no-criteria',
      remedy: expect.stringContaining('ctc risk criteria adopt'),
    });
    const both = await Promise.allSettled([adopt(), adopt()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await system.risks.register(risk, 'sofia')).toMatchObject({
      ...{ label: 'RSK-1', version: 1, criteriaVersion: 1, state: 'open', acceptance: null },
      inherent: { impact: 4, score: 12, band: 'extreme' },
      residual: { impact: 4, score: 4, band: 'medium' },
      reviewOn: '2027-11-01',
    });
    await adopt(1);
    expect(await kinds()).toContain('criteria-changed RSK-1');
    expect((await system.risks.criteriaOf(1)).criteria).toEqual(criteria);
    await system.risks.assess('RSK-1', { risk, reason: 'new criteria' }, 'sofia');
    expect(await kinds()).not.toContain('criteria-changed RSK-1');
    expect((await system.risks.get('RSK-1')).history).toMatchObject([
      { version: 2, criteriaVersion: 2 },
      { version: 1, criteriaVersion: 1 },
    ]);
  });

  it('need an owner who may accept them, and levels that the scales have', async () => {
    await adopt();
    const wrong = { ...risk, owner: 'ana', inherent: { likelihood: 5, availability: 4 } };
    await expect(system.risks.register(wrong, 'sofia')).rejects.toMatchObject({
      complaints: [
        { field: 'inherent.likelihood', message: 'the scale ends at 4' },
        { field: 'owner', message: expect.stringContaining('there is no "ana" who may') },
      ],
    });
    await system.risks.register(risk, 'sofia');
    await system
      .database('principal')
      .where({ id: 'oscar' })
      .update({ disabled_at: later(0) });
    expect(await kinds()).toContain('owner-gone RSK-1');
    await system.database('principal').where({ id: 'oscar' }).update({ disabled_at: null });
  });

  it('are accepted by the owner and nobody else, as they were seen, until they are assessed anew', async () => {
    await adopt();
    await system.risks.register(risk, 'sofia');
    expect(await system.alertsOf('oscar')).toMatchObject([
      { subject: expect.stringContaining('yours to accept') },
    ]);
    await expect(accept('sofia')).rejects.toMatchObject({ code: 'not-the-owner' });
    await expect(accept('oscar', { seenVersion: 2 })).rejects.toMatchObject({
      code: 'version-superseded',
    });
    const both = await Promise.allSettled([accept('oscar'), accept('oscar')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await system.risks.get('RSK-1')).toMatchObject({
      acceptance: { acceptedBy: 'oscar', acceptedAt: registersStart, exception: null },
    });
    expect(await kinds()).not.toContain('not-accepted RSK-1');
    await system.risks.assess('RSK-1', { risk, reason: 'yearly' }, 'sofia');
    expect(await system.risks.get('RSK-1')).toMatchObject({
      acceptance: null,
      acceptances: [{ version: 1 }],
    });
    expect(await kinds()).toContain('not-accepted RSK-1');
    expect((await system.logged('risk')).slice(-3)).toEqual([
      'risk.registered',
      'risk.accepted',
      'risk.assessed',
    ]);
  });

  it('are accepted above the criteria only as an exception, which shows', async () => {
    await adopt();
    const high = treated({ residual: { likelihood: 2, availability: 4 } });
    await system.risks.register(high, 'sofia');
    await expect(accept('oscar')).rejects.toMatchObject({ code: 'above-criteria' });
    await accept('oscar', { exception: 'Until the transformer is there.' });
    expect(await kinds()).toContain('above-criteria RSK-1');
    await system.risks.register({ ...risk, treatment: null }, 'sofia');
    expect(await kinds()).toContain('treatment-missing RSK-2');
    await expect(
      system.risks.accept(
        'RSK-2',
        { reason: 'why not', exception: 'none', seenVersion: 1 },
        'oscar',
      ),
    ).rejects.toMatchObject({ code: 'no-treatment' });
  });

  it('are assessed again at their interval, and when something has happened', async () => {
    await adopt();
    await system.risks.register(risk, 'sofia');
    system.setNow(later(365));
    expect(await kinds()).not.toContain('review-overdue RSK-1');
    system.setNow(later(366));
    expect(await kinds()).toContain('review-overdue RSK-1');
    system.setNow(later(1));
    const incident = await system.incident();
    await system.incidents.step(incident, { step: 'recover', what: 'Mended.' }, 'oscar');
    const review = {
      ...{ whatHappened: 'Both failed.', rootCause: 'One transformer.', lessons: 'It is likely.' },
      ...{ criteriaChange: null, risks: ['rsk-1'] },
    };
    await system.incidents.review(incident, review, 'sofia');
    expect(await system.risks.get('RSK-1')).toMatchObject({
      triggers: [{ from: incident, reason: 'It is likely.', by: 'sofia' }],
    });
    expect(await kinds()).toContain('reassessment-due RSK-1');
    await system.risks.assess('RSK-1', { risk, reason: incident }, 'sofia');
    expect(await kinds()).not.toContain('reassessment-due RSK-1');
    // A review that names a risk that is none is not written down.
    const unknown = { ...review, risks: ['RSK-9'], lessons: 'Another.' };
    await expect(system.incidents.review(incident, unknown, 'sofia')).rejects.toMatchObject({
      code: 'no-such-risk',
    });
    expect((await system.reader.get(incident)).review?.lessons).toBe('It is likely.');
  });

  it('are treated by actions, and closed when none is open', async () => {
    await adopt();
    await system.risks.register(risk, 'sofia');
    expect(await kinds()).toContain('treatment-without-actions RSK-1');
    const action = { title: 'A second transformer', owner: 'rosa', dueOn: '2026-11-02' };
    await system.actions.add({ kind: 'risk', of: 'RSK-1' }, action, 'sofia');
    expect(await kinds()).not.toContain('treatment-without-actions RSK-1');
    system.setNow(later(2));
    expect(await kinds()).toContain('action-overdue RSK-1');
    await expect(system.risks.close('RSK-1', 'sold', 'sofia')).rejects.toMatchObject({
      complaints: [{ field: 'ACT-1' }],
    });
    const done = { state: 'done', outcome: 'It stands.' } as const;
    await system.actions.settle('ACT-1', done, { id: 'rosa', manages: [] });
    await system.risks.close('RSK-1', 'sold', 'sofia');
    expect(await kinds()).toEqual(['no-risks risks']);
    await expect(accept('oscar')).rejects.toMatchObject({ code: 'risk-closed' });
    expect((await system.actions.list({ subjects: ['incident'] }, { limit: 9 })).rows).toEqual([]);
    expect((await system.actions.list({ subjects: ['risk'] }, { limit: 9 })).rows).toMatchObject([
      { of: 'RSK-1', subject: 'risk' },
    ]);
  });

  it('are listed by what they are, page by page', async () => {
    await adopt();
    for (let n = 0; n < 3; n++) await system.risks.register(risk, 'sofia');
    await system.risks.register({ ...risk, treatment: null, owner: 'sofia' }, 'sofia');
    const labels = async (filter: object, page: object = {}) =>
      (await system.risks.list(filter, { limit: 9, ...page })).rows.map(({ label }) => label);
    expect(await labels({ band: 'extreme' })).toEqual(['RSK-4']);
    expect(await labels({ owner: 'oscar' })).toEqual(['RSK-3', 'RSK-2', 'RSK-1']);
    const { rows, nextCursor = '' } = await system.risks.list({}, { limit: 3 });
    expect(rows).toHaveLength(3);
    expect(await labels({}, { cursor: nextCursor })).toEqual(['RSK-1']);
  });
});

describe('controls', () => {
  const decide = (number: string, more: object) =>
    system.risks.decideControl(number, { reason: 'because', ...more } as never, 'sofia');

  it('are undecided until somebody decides, and a contradiction to the risks shows', async () => {
    await adopt();
    await system.risks.register(risk, 'sofia');
    const undecided = async () =>
      (await system.risks.findings()).find(({ kind }) => kind === 'controls-undecided')?.detail;
    expect(await undecided()).toContain('93 of 93');
    await decide('7.11', { applicable: false });
    expect(await undecided()).toContain('92 of 93');
    expect(await kinds()).toContain('control-excluded-but-used 7.11');
    const again = await decide('7.11', { applicable: true, implementation: 'not-started' });
    expect(again).toMatchObject({ risks: ['RSK-1'], decision: { version: 2 } });
    expect(await kinds()).toContain('control-not-implemented 7.11');
    await expect(decide('8.35', { applicable: false })).rejects.toMatchObject({
      code: 'no-such-control',
    });
  });

  it('and risks are reported with what is missing, by version and instant', async () => {
    const none = statementOfApplicability(
      await system.risks.criteria(),
      await system.risks.controls(),
      registersStart,
    );
    expect(none.rows).toHaveLength(93);
    expect(none.missing).toHaveLength(94);
    expect(none.rows[0]).toContain('not decided');
    await adopt();
    await system.risks.register({ ...risk, title: 'A | B <script>' }, 'sofia');
    for (const { number } of await system.risks.controls()) {
      await decide(number, { applicable: true, implementation: 'planned' });
    }
    const soa = statementOfApplicability(
      await system.risks.criteria(),
      await system.risks.controls(),
      registersStart,
    );
    expect(soa).toMatchObject({ criteriaVersion: 1, at: registersStart, missing: [] });
    const plan = treatmentPlan(
      await system.risks.criteria(),
      await system.risks.openRisks(),
      registersStart,
    );
    expect(plan.missing).toEqual(['RSK-1: oscar has not accepted what is left']);
    const text = reportAsMarkdown(plan);
    expect(text).toContain('A \\| B &lt;script&gt;');
    expect(text).toContain('by version 1 of the risk criteria');
    expect(text).toContain('- RSK-1: oscar has not accepted what is left');
    // Every row has every column.
    for (const report of [soa, plan]) {
      for (const row of report.rows) expect(row).toHaveLength(report.columns.length);
    }
  });
});
