import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contractStates } from '../../domain/acsmi/contract.ts';
import {
  createContractsDatabase,
  on,
  type ContractsDatabase,
} from '../../test/support/contracts-database.ts';
import { importCsv } from '../../test/support/company-database.ts';

let system: ContractsDatabase;
beforeAll(async () => {
  system = await createContractsDatabase();
});
afterAll(async () => system.drop());
beforeEach(async () => {
  await system.empty();
});

const register = (more: object = {}) => system.contracts.register(system.contract(more), 'marta');
const listed = async (filter: object = {}) =>
  system.labels((await system.contracts.list(filter, { limit: 50 })).rows);

describe('contracts', () => {
  it('are registered, found by label and id, and keep all that they ever were', async () => {
    const { id, label, state, version } = await register();
    expect({ label, state, version }).toEqual({ label: 'CON-1', state: 'in-force', version: 1 });
    const longer = system.contract({ ends: '2028-01-01' }, { availabilityPercent: 99.95 });
    system.setNow('2026-07-05T00:00:00.000Z');
    const changed = await system.contracts.change(
      'con-1',
      { contract: longer, reason: 'negotiated', version: 1 },
      'marta',
    );
    expect(changed).toMatchObject({ id, version: 2, contract: { ends: '2028-01-01' } });
    const ended = await system.contracts.end(id, { ends: '2026-08-01', reason: 'moved' }, 'marta');
    expect(ended).toMatchObject({ state: 'in-notice', contract: { ends: '2026-08-01' } });
    const { history, months } = await system.contracts.get('CON-1');
    expect(history.map(({ version: of, contract, reason }) => [of, contract.ends, reason])).toEqual(
      [
        [3, '2026-08-01', 'moved'],
        [2, '2028-01-01', 'negotiated'],
        [1, '2027-01-01', 'registered'],
      ],
    );
    expect(history[2]?.contract).toEqual(system.contract());
    expect(months).toEqual([]);
  });

  it('do not change under somebody who has not seen it, nor once they have ended', async () => {
    await register();
    const change = (contract = system.contract(), version = 1) =>
      system.contracts.change('CON-1', { contract, reason: 'why not', version }, 'marta');
    await change();
    await expect(change()).rejects.toMatchObject({ code: 'version-superseded' });
    await expect(change(system.contract({ provider: 'lutetia' }), 2)).rejects.toMatchObject({
      complaints: [{ field: 'provider', message: 'use "iberia"' }],
    });
    const end = (ends: string) =>
      system.contracts.end('CON-1', { ends, reason: 'why not' }, 'marta');
    await expect(end('2026-01-01')).rejects.toMatchObject({
      complaints: [{ field: 'ends', message: 'is not after the 2026-01-01 on which it starts' }],
    });
    await expect(end('2027-01-02')).rejects.toMatchObject({ complaints: [{ field: 'ends' }] });
    await end('2026-06-15');
    await expect(change(system.contract(), 3)).rejects.toMatchObject({ code: 'contract-ended' });
    await expect(end('2026-06-14')).rejects.toMatchObject({ code: 'contract-ended' });
  });

  it('are refused with what nobody knows, each by its field', async () => {
    const contract = system.contract({
      provider: 'nobody',
      application: 'nothing',
      covers: { datacentres: ['mad', 'atlantis'], offers: ['none', 'mad-lutetia'] },
    });
    const register = system.contracts.register(contract, 'marta');
    await expect(register).rejects.toMatchObject({
      kind: 'invalid',
      remedy: expect.stringContaining('import what is missing') as string,
      complaints: [
        { field: 'provider', message: 'there is no provider "nobody"' },
        { field: 'application', message: 'there is no application "nothing"' },
        { field: 'covers.datacentres[1]', message: 'there is no datacentre "atlantis"' },
        { field: 'covers.offers[0]', message: 'there is no offer "none"' },
        { field: 'covers.offers[1]', message: '"mad-lutetia" is sold by lutetia, not by nobody' },
      ],
    });
    expect(await listed()).toEqual([]);
  });

  it('do not overlap in what they cover, when, and for whom', async () => {
    await register();
    await expect(register({ starts: '2026-12-31', ends: '2028-01-01' })).rejects.toMatchObject({
      kind: 'conflict',
      message: 'CON-1 with iberia covers mad from 2026-01-01 to 2027-01-01 already.',
      complaints: [{ field: 'starts', message: 'use 2027-01-01 or later, when CON-1 has ended' }],
    });
    await register({ starts: '2027-01-01', ends: '2028-01-01' });
    await register({ covers: { datacentres: ['bcn'], offers: ['mad-iberia'] } });
    await register({ provider: 'lutetia' });
    await system.run({ application: 'shop', assignments: [], verifiedAt: system.now() });
    await register({ application: 'shop' });
    await expect(
      register({ application: 'shop', covers: { datacentres: ['mad', 'bcn'] } }),
    ).rejects.toMatchObject({ message: expect.stringContaining('mad for shop') as string });
    // Two at once: one of them sees the other.
    const both = await Promise.allSettled(
      [1, 2].map(() => register({ provider: 'lutetia', covers: { datacentres: ['par'] } })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are listed by provider, application and state, page by page', async () => {
    await register({ starts: '2025-01-01', ends: '2026-01-01' });
    await register();
    await register({ starts: '2027-01-01', ends: '2028-01-01' });
    await register({ provider: 'lutetia', ends: '2026-07-01' });
    expect(await listed()).toEqual(['CON-4', 'CON-3', 'CON-2', 'CON-1']);
    expect(await listed({ provider: 'lutetia' })).toEqual(['CON-4']);
    const states = { ended: 'CON-1', 'in-force': 'CON-2', upcoming: 'CON-3', 'in-notice': 'CON-4' };
    // By SQL and by the domain alike.
    for (const state of contractStates) {
      expect(await listed({ states: [state] }), state).toEqual([states[state]]);
      expect(await system.contracts.get(states[state])).toMatchObject({ state });
    }
    const first = await system.contracts.list({}, { limit: 3 });
    const cursor = first.nextCursor ?? '';
    const second = await system.contracts.list({}, { limit: 3, cursor });
    expect(system.labels([...first.rows, ...second.rows])).toEqual(await listed());
    expect(second.nextCursor).toBeUndefined();
    await expect(system.contracts.get('CON-9')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('hold their provider in the inventory, and outlive the offers they name', async () => {
    await register({ provider: 'lutetia', covers: { offers: ['mad-lutetia'] } });
    await importCsv(system.database, { 'remove-offers': 'id\nmad-lutetia\n' });
    const contract = system.contract({
      provider: 'lutetia',
      covers: { offers: ['mad-lutetia', 'par-lutetia'] },
    });
    const given = { contract, reason: 'more', version: 1 };
    expect(await system.contracts.change('CON-1', given, 'marta')).toMatchObject({ version: 2 });
    await expect(
      importCsv(system.database, {
        'remove-providers': 'id\nlutetia\n',
        'remove-offers': 'id\npar-lutetia\n',
      }),
    ).rejects.toMatchObject({ code: 'inventory-row-in-use' });
    await importCsv(system.database, {
      offers:
        'id,datacentre,provider,cores,memory_mb,storage_gb,monthly_price,currency,available\n' +
        'mad-lutetia,mad,lutetia,1,1024,10,12,EUR,9\n',
    });
  });

  it('are kept with a deployment as they were when it was verified', async () => {
    await register();
    const changeId = await system.run({
      application: 'shop',
      assignments: [on('web', 'mad-iberia'), on('api', 'mad-iberia'), on('web', 'par-lutetia')],
      verifiedAt: '2026-06-15T12:00:00.000Z',
    });
    await system.contracts.end('CON-1', { ends: '2026-06-16', reason: 'moved' }, 'marta');
    const kept = await system
      .database('deployment_terms')
      .where({ change_id: changeId })
      .orderBy('offer')
      .select<{ offer: string; terms: object }[]>('offer', 'terms');
    expect(kept).toMatchObject([
      {
        offer: 'mad-iberia',
        terms: { source: 'contract', contract: 'CON-1', promisedPercent: 99.9 },
      },
      { offer: 'par-lutetia', terms: { source: 'catalogue', promisedPercent: 99 } },
    ]);
  });
});
