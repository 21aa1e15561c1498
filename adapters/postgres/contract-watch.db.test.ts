import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { releaseChangeSchema } from '../../domain/change/change-request.ts';
import {
  createContractsDatabase,
  on,
  type ContractsDatabase,
} from '../../test/support/contracts-database.ts';
import { importCsv } from '../../test/support/company-database.ts';
import { createAlertInbox } from './alert-inbox.ts';
import { createContractWatch } from './contract-watch.ts';
import { createIncidentReader } from './incident-reader.ts';
import { openIncident } from './incidents.ts';
import { createProposalReader } from './proposal-reader.ts';

let system: ContractsDatabase;
beforeAll(async () => {
  system = await createContractsDatabase();
});
afterAll(async () => system.drop());
beforeEach(async () => {
  await system.empty();
});

const round = (at: string) =>
  createContractWatch({ database: system.database, warningDays: 30 }).round(at);
const register = (more: object = {}, terms: object = {}) =>
  system.contracts.register(system.contract(more, terms), 'marta');
const monthsOf = async (label: string) => (await system.contracts.get(label)).months;
const alertsOf = async (person: string) =>
  (await createAlertInbox(system.database).list(person, { limit: 50 })).rows;
const proposals = async (includeClosed = false) =>
  (await createProposalReader(system.database).list({ includeClosed }, { limit: 50 })).rows;

/** Runs in Madrid on what iberia sells. */
const runShop = async (offer = 'mad-iberia') => {
  const changeId = await system.run({
    application: 'shop',
    assignments: [on('web', offer)],
    verifiedAt: '2026-01-02T00:00:00.000Z',
  });
  return { application: 'shop', changeId, datacentre: 'mad' };
};

describe('the watch of what providers promise', () => {
  it('opens one incident for a month that was not kept, with the evidence and the credit due', async () => {
    await register();
    const shop = await runShop();
    await system.measured(shop, '2026-05-31T23:00:00.000Z', { total: 5000, good: 0 });
    await system.measured(shop, '2026-06-01T00:00:00.000Z', { total: 5000, good: 5000 });
    await system.measured(shop, '2026-06-15T10:00:00.000Z', { total: 5000, good: 4800 });
    // Of May one hour was measured, and nothing was answered.
    expect((await round('2026-06-15T12:00:00.000Z')).breaches).toBe(1);
    const [june] = await monthsOf('CON-1');
    // So far it would be breached; that is no breach before the month is over.
    expect(june).toMatchObject({
      month: '2026-06',
      final: false,
      verdict: 'breached',
      measuredPercent: 98,
      incident: null,
    });
    await round('2026-06-30T12:00:00.000Z');
    await round('2026-07-01T00:59:59.000Z');
    expect((await monthsOf('CON-1')).find(({ month }) => month === '2026-06')?.final).toBe(false);
    const [one, other] = await Promise.all([
      round('2026-07-01T01:00:00.000Z'),
      round('2026-07-01T01:00:00.000Z'),
    ]);
    expect(one.breaches + other.breaches).toBe(1);
    expect((await round('2026-07-01T02:00:00.000Z')).breaches).toBe(0);

    const months = await monthsOf('CON-1');
    const judged = months.find(({ month }) => month === '2026-06');
    expect(judged).toMatchObject({
      final: true,
      verdict: 'breached',
      promisedPercent: 99.9,
      measuredPercent: 98,
      asked: 10_000,
      answered: 9800,
      credit: { amount: 1050, currency: 'EUR' },
      samples: [{ application: 'shop', component: 'web', datacentre: 'mad', asked: 10_000 }],
    });
    const incident = await createIncidentReader(system).get(judged?.incident ?? '');
    expect(incident).toMatchObject({
      application: 'shop',
      change: 'CHG-1',
      state: 'open',
      violated: ['availability'],
      summary:
        'iberia answered 98.0000 % (9800 of 10000) in 2026-06, and CON-1 promises 99.9 %: a credit of 1050.00 EUR is due (25 % of the fee).',
      evidence: { verdict: 'violated', slos: [{ offenders: ['web@mad'] }] },
      breach: { contract: 'CON-1', month: '2026-06', credit: { amount: 1050 } },
    });
    for (const person of ['ana', 'marta', 'olga']) {
      const told = (await alertsOf(person)).filter(({ body }) => body.includes('2026-06'));
      expect(told, person).toMatchObject([{ topic: 'incident', change: 'CHG-1' }]);
    }
  });

  it('is settled by a person, once, which resolves the incident', async () => {
    await register();
    await system.measured(await runShop(), '2026-06-15T10:00:00.000Z', { total: 2000, good: 1900 });
    await round('2026-06-20T00:00:00.000Z');
    await round('2026-07-02T00:00:00.000Z');
    const settle = (month: string) =>
      system.contracts.settle('CON-1', month, { reason: 'credit note 7' }, 'marta');
    await expect(settle('2026-05')).rejects.toMatchObject({ code: 'no-such-breach' });
    const { months } = await settle('2026-06');
    const june = months.find(({ month }) => month === '2026-06');
    expect(june).toMatchObject({ settledAt: system.now() });
    const reader = createIncidentReader(system);
    expect(await reader.get(june?.incident ?? '')).toMatchObject({
      state: 'resolved',
      log: [{ actor: 'contract-watch' }, { actor: 'marta', message: 'credit note 7' }],
    });
    await expect(settle('2026-06')).rejects.toMatchObject({ code: 'breach-settled' });
  });

  it('stands beside the incident of the guardian, and takes no part in it', async () => {
    await register();
    const shop = await runShop();
    await system.database('guardian').insert({
      application: 'shop',
      state: 'watching',
      change_id: shop.changeId,
      attempt: 1,
      evaluation: JSON.stringify({ verdict: 'violated', summary: 'Too slow.', slos: [] }),
      updated_at: system.now(),
    });
    await system.measured(shop, '2026-06-15T10:00:00.000Z', { total: 2000, good: 1900 });
    await round('2026-06-20T00:00:00.000Z');
    await round('2026-07-02T00:00:00.000Z');
    const opened = await openIncident(system.database, 'shop', system.now());
    expect(await openIncident(system.database, 'shop', system.now())).toEqual(opened);
    const reader = createIncidentReader(system);
    expect((await reader.get(opened.label)).breach).toBeNull();
    const { rows } = await reader.list({ application: 'shop' }, { limit: 10 });
    expect(rows.map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('takes too few samples for no data, and those of other contracts for theirs', async () => {
    await register();
    await register({ covers: { offers: ['mad-iberia'] } });
    await register({ provider: 'lutetia' });
    const shop = await runShop('mad-lutetia');
    await system.measured(shop, '2026-06-10T10:00:00.000Z', { total: 900, good: 0 });
    await round('2026-06-20T00:00:00.000Z');
    await round('2026-07-02T00:00:00.000Z');
    const june = async (label: string) =>
      (await monthsOf(label)).find(({ month }) => month === '2026-06');
    expect(await june('CON-1')).toMatchObject({ verdict: 'no-data', asked: 0, incident: null });
    expect(await june('CON-2')).toMatchObject({ verdict: 'no-data', asked: 0 });
    expect(await june('CON-3')).toMatchObject({ verdict: 'no-data', asked: 900, final: true });
    expect(await system.database('incident').select()).toEqual([]);
  });

  it('divides a month between contracts on the day on which a closer one begins', async () => {
    await register();
    const shop = await runShop();
    await register({ application: 'shop', starts: '2026-06-11', ends: '2026-06-21' });
    for (const day of ['10', '11', '20', '21']) {
      await system.measured(shop, `2026-06-${day}T10:00:00.000Z`, { total: 1000, good: 1000 });
    }
    await round('2026-06-25T00:00:00.000Z');
    await round('2026-07-02T00:00:00.000Z');
    for (const label of ['CON-1', 'CON-2']) {
      const june = (await monthsOf(label)).find(({ month }) => month === '2026-06');
      expect(june, label).toMatchObject({ asked: 2000, verdict: 'kept' });
    }
  });

  it('judges by the terms as they stood when the month ended, on its days in force only', async () => {
    await register({ starts: '2026-06-10' });
    const shop = await runShop();
    await system.measured(shop, '2026-06-09T10:00:00.000Z', { total: 5000, good: 0 });
    await system.measured(shop, '2026-06-10T10:00:00.000Z', { total: 5000, good: 4990 });
    await round('2026-06-20T00:00:00.000Z');
    system.setNow('2026-07-01T00:30:00.000Z');
    const contract = system.contract(
      { starts: '2026-06-10' },
      { availabilityPercent: 99.5, credits: [] },
    );
    await system.contracts.change('CON-1', { contract, reason: 'too late', version: 1 }, 'marta');
    await round('2026-07-01T01:00:00.000Z');
    const months = await monthsOf('CON-1');
    expect(months.map(({ month, promisedPercent }) => [month, promisedPercent])).toEqual([
      ['2026-07', 99.5],
      ['2026-06', 99.9],
    ]);
    expect(months[1]).toMatchObject({ verdict: 'breached', asked: 5000, answered: 4990 });
  });

  it('forgets the month at hand when the contract turns out to have ended before it', async () => {
    await register();
    await round('2026-06-15T12:00:00.000Z');
    expect((await monthsOf('CON-1')).map(({ month }) => month)).toContain('2026-06');
    await system.contracts.end('CON-1', { ends: '2026-06-01', reason: 'long gone' }, 'marta');
    await round('2026-06-15T13:00:00.000Z');
    const months = await monthsOf('CON-1');
    expect(months[0]).toMatchObject({ month: '2026-05', final: true, verdict: 'no-data' });
  });

  it('keeps the first day of a month of 31 days, which guardians have dropped by its end', async () => {
    await register();
    const shop = await runShop();
    await system.measured(shop, '2026-05-01T00:00:00.000Z', { total: 3000, good: 3000 });
    await round('2026-05-01T06:00:00.000Z');
    await system.database('guardian_bucket').delete();
    await round('2026-05-31T06:00:00.000Z');
    await round('2026-06-01T06:00:00.000Z');
    const may = (await monthsOf('CON-1')).find(({ month }) => month === '2026-05');
    expect(may).toMatchObject({ verdict: 'kept', asked: 3000, final: true });
  });
});

describe('the watch of what ends', () => {
  const warnAt = '2026-11-05T12:00:00.000Z';

  it('proposes to move what stands on a contract that ends, and tells it once', async () => {
    await register();
    await runShop();
    expect(await round('2026-11-01T12:00:00.000Z')).toMatchObject({ proposals: 0 });
    expect(await round(warnAt)).toMatchObject({ proposals: 1 });
    expect(await round('2026-11-06T12:00:00.000Z')).toMatchObject({ proposals: 0 });
    const [proposal] = await proposals();
    expect(proposal).toMatchObject({
      label: 'PRO-1',
      kind: 'contract-ends',
      contract: 'CON-1',
      application: 'shop',
      reason: 'CON-1 with iberia ends on 2027-01-01, with a notice period of 30 days.',
      whatToDo: expect.stringContaining('move shop out of mad') as string,
    });
    // As it is, it can be asked for.
    const request = releaseChangeSchema.parse(proposal?.request);
    expect(request).toMatchObject({
      application: 'shop',
      release: '1.0.0',
      department: 'hosting',
      datacentres: ['bcn', 'par'],
      window: { start: '2026-11-10T02:00:00', end: '2026-11-10T06:00:00', zone: 'UTC' },
    });
    // Nights pass: the request is for one to come.
    expect(await round('2026-12-29T12:00:00.000Z')).toMatchObject({ proposals: 0 });
    const [later] = await proposals();
    expect(later).toMatchObject({ label: 'PRO-1', proposedAt: warnAt });
    expect(releaseChangeSchema.parse(later?.request).window.start).toBe('2026-12-30T02:00:00');
    for (const person of ['ana', 'marta', 'olga']) {
      expect(await alertsOf(person), person).toMatchObject([
        { topic: 'contract-ends', subject: 'PRO-1 shop', change: 'CHG-1' },
      ]);
    }
  });

  it('closes what has lost its reason: the contract goes on, another follows it, or it moved', async () => {
    await register();
    await runShop();
    await round(warnAt);
    await register({ starts: '2027-01-01', ends: '2029-01-01' });
    expect(await round(warnAt)).toMatchObject({ proposals: 0 });
    expect(await proposals()).toEqual([]);
    expect(await proposals(true)).toMatchObject([{ closedAt: warnAt }]);
    await system.contracts.end('CON-2', { ends: '2027-01-02', reason: 'no' }, 'marta');
    await round(warnAt);
    expect(await proposals()).toMatchObject([{ contract: 'CON-2', application: 'shop' }]);
    await system.contracts.end('CON-1', { ends: '2026-11-05', reason: 'no' }, 'marta');
    await system.contracts.end('CON-2', { ends: '2027-01-02', reason: 'still' }, 'marta');
    await round('2027-01-02T00:00:00.000Z');
    expect(await proposals()).toEqual([]);
  });

  it('warns those who manage contracts of one on which nothing stands', async () => {
    await register({ covers: { datacentres: ['bcn'] } });
    await round(warnAt);
    expect(await proposals()).toMatchObject([
      { contract: 'CON-1', application: null, request: null },
    ]);
    expect(await alertsOf('marta')).toMatchObject([{ change: null, subject: 'PRO-1' }]);
    expect(await alertsOf('ana')).toEqual([]);
    // One that is followed by others is no news.
    await register({
      covers: { datacentres: ['bcn', 'par'] },
      starts: '2027-01-01',
      ends: '2028-01-01',
    });
    await round(warnAt);
    expect(await proposals()).toEqual([]);
  });

  it('says so where an application may go nowhere else', async () => {
    await register({ covers: { datacentres: ['mad', 'bcn'] } });
    await system.run({
      application: 'shop',
      assignments: [on('web', 'mad-iberia'), on('web', 'bcn-iberia')],
      verifiedAt: '2026-01-02T00:00:00.000Z',
      countries: ['ES'],
    });
    await round(warnAt);
    expect(await proposals()).toMatchObject([
      { request: null, whatToDo: expect.stringContaining('may go nowhere else') as string },
    ]);
  });

  it.each([
    ['removed from the catalogue', { 'remove-offers': 'id\nmad-lutetia\n' }],
    [
      'not sold any more',
      {
        offers:
          'id,datacentre,provider,cores,memory_mb,storage_gb,monthly_price,currency,available,valid_to\n' +
          'mad-lutetia,mad,lutetia,1,1024,10,12,EUR,9,2026-06-01\n',
      },
    ],
  ])('proposes to deploy anew what stands on an offer that is %s', async (_, files) => {
    const shop = await runShop('mad-lutetia');
    expect(await round(system.now())).toMatchObject({ proposals: 0 });
    await importCsv(system.database, files);
    expect(await round(system.now())).toMatchObject({ proposals: 1 });
    expect(await round(system.now())).toMatchObject({ proposals: 0 });
    const [proposal] = await proposals();
    expect(proposal).toMatchObject({
      kind: 'offer-withdrawn',
      offer: 'mad-lutetia',
      reason: 'shop stands on mad-lutetia in mad, which is sold no more.',
    });
    expect(releaseChangeSchema.parse(proposal?.request)).toMatchObject({
      title: 'Move shop off mad-lutetia',
      datacentres: ['mad', 'bcn', 'par'],
    });
    expect(await alertsOf('ana')).toMatchObject([{ topic: 'offer-withdrawn', change: 'CHG-1' }]);
    // It moved: nothing is proposed any more.
    await system.run({ ...shop, assignments: [on('web', 'mad-iberia')], verifiedAt: system.now() });
    await round(system.now());
    expect(await proposals()).toEqual([]);
    await importCsv(system.database, {
      offers:
        'id,datacentre,provider,cores,memory_mb,storage_gb,monthly_price,currency,available\n' +
        'mad-lutetia,mad,lutetia,1,1024,10,12,EUR,9\n',
    });
  });
});
