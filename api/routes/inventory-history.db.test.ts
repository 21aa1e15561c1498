import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChangeReader } from '../../adapters/postgres/change-reader.ts';
import { createInventoryHistory } from '../../adapters/postgres/inventory-history.ts';
import { createInventoryReadModel } from '../../adapters/postgres/inventory-read-model.ts';
import { heldGrant } from '../../domain/access/actor.ts';
import { everywhere } from '../../domain/access/grants.ts';
import type { Role } from '../../domain/access/roles.ts';
import { addPrincipal, insertChange, manualRequest } from '../../test/support/company-database.ts';
import {
  createTestInventory,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { buildApp } from '../app.ts';
import type { AppDeps } from '../app-deps.ts';
import type { TypedApp } from '../typed-app.ts';

let inventory: TestInventory;
let app: TypedApp;

beforeAll(async () => {
  inventory = await createTestInventory();
  const { db } = inventory;
  await inventory.run(smallCompany);
  await inventory.run(
    {
      items: smallCompany.items.replace('Switch 2', 'Core switch'),
      latencies: smallCompany.latencies.replace('18.5', '20'),
      dependencies: smallCompany.dependencies.replace('site-1,host,,hv-1', 'site-1,host,,sw-1'),
    },
    { importedBy: 'ben' },
  );
  await inventory.run({ 'remove-teams': 'id\nnight-crew\n' });
  await addPrincipal(db, 'ana');
  const access = {
    authenticate: (role: string) =>
      Promise.resolve({
        ...{ id: role, name: role, limitedTo: null },
        grants: [heldGrant(everywhere(role))],
      }),
  };
  app = await buildApp(
    {
      access,
      history: createInventoryHistory(db),
      inventory: createInventoryReadModel(db),
      changes: createChangeReader({ database: db, engine: {} as never }),
    } as unknown as AppDeps,
    { logger: pino({ level: 'silent' }), bodyLimitBytes: 1024 },
  );
});
afterAll(async () => {
  await app.close();
  await inventory.drop();
});

const ask = async (path: string, role: Role = 'requester') => {
  const response = await app.inject({
    url: `/inventory/${path}`,
    headers: { authorization: `Bearer ${role}` },
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
};

describe('the history of a row', () => {
  it('lists each time it came, changed and went', async () => {
    const { body } = await ask('items/sw-2/history');
    expect(body['rows']).toMatchObject([
      { version: 1, importedBy: 'ana', rows: [{ id: 'sw-2', name: 'Switch 2' }] },
      { version: 2, importedBy: 'ben', rows: [{ id: 'sw-2', name: 'Core switch' }] },
    ]);
    expect((await ask('teams/night-crew/history')).body['rows']).toMatchObject([
      { version: 1, source: 'manual' },
      { version: 3, rows: [] },
    ]);
  });

  it('names a latency by both sites in any order, and dependencies by their dependent', async () => {
    for (const id of ['mad%2Fpar', 'par%2Fmad']) {
      expect((await ask(`latencies/${id}?version=1`)).body).toMatchObject({ rows: [{ ms: 18.5 }] });
      expect((await ask(`latencies/${id}/history`)).body['rows']).toHaveLength(2);
    }
    expect((await ask('dependencies/hv-1')).body['rows']).toHaveLength(2);
  });

  it('says what a row is, and what it was in a version', async () => {
    expect((await ask('items/sw-2')).body).toEqual({
      kind: 'items',
      id: 'sw-2',
      version: 3,
      rows: [
        {
          id: 'sw-2',
          kind: 'switch',
          name: 'Core switch',
          datacentre: 'mad',
          department: 'network',
        },
      ],
    });
    expect((await ask('items/sw-2?version=1')).body).toMatchObject({
      version: 1,
      rows: [{ name: 'Switch 2' }],
    });
  });

  it('says what a row was when a change was last assessed', async () => {
    const { db } = inventory;
    const change = await insertChange(db, 'ana', {
      ...manualRequest({ start: '2026-12-01T01:00', end: '2026-12-01T03:00', items: ['sw-2'] }),
      department: 'web',
    });
    expect((await ask(`items/sw-2?change=${change}`)).body).toMatchObject({
      type: 'urn:ctc:problem:not-assessed',
    });
    for (const [revision, version] of [
      [1, 2],
      [2, 1],
    ]) {
      await db('impact_assessment').insert({
        change_id: change,
        revision,
        inventory_version: version,
        impact: JSON.stringify({ version }),
        assessed_at: new Date().toISOString(),
      });
    }
    const { number } = await db('change').where({ id: change }).first<{ number: number }>('number');
    for (const named of [change, `CHG-${number}`]) {
      expect((await ask(`items/sw-2?change=${named}`)).body).toMatchObject({
        version: 1,
        rows: [{ name: 'Switch 2' }],
      });
    }
    expect((await ask('items/sw-2?change=CHG-9999')).status).toBe(404);
  });

  it('is not found where there never was a row, or none in that version', async () => {
    for (const path of [
      'items/nothing',
      'items/nothing/history',
      'items/site-1',
      'teams/night-crew',
      'items/sw-2?version=0',
      'items/sw-2?version=99',
    ]) {
      expect(await ask(path), path).toMatchObject({ status: 404 });
    }
    expect((await ask('teams/night-crew?version=2')).status).toBe(200);
    expect((await ask('items/a%00b')).status).toBe(422);
    expect((await ask('items/sw-2?version=1&change=CHG-1')).status).toBe(422);
  });

  it('of a customer is for those who may see customers', async () => {
    for (const path of ['customers/acme', 'customers/acme/history']) {
      expect((await ask(path)).status).toBe(403);
      expect((await ask(path, 'auditor')).status).toBe(200);
    }
  });
});
