import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldGrant } from '../../domain/access/actor.ts';
import { everywhere } from '../../domain/access/grants.ts';
import type { Role } from '../../domain/access/roles.ts';
import { createInventoryExporter } from '../../adapters/postgres/inventory-exporter.ts';
import { appendToLedger } from '../../adapters/postgres/ledger-append.ts';
import type { NewLedgerEntry } from '../../domain/ledger/entry.ts';
import {
  createTestInventory,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { buildApp } from '../app.ts';
import type { AppDeps } from '../app-deps.ts';
import type { TypedApp } from '../typed-app.ts';

/** More than all the buffers on the way hold. */
const rows = 300_000;
let inventory: TestInventory;
let app: TypedApp;
let url: string;

beforeAll(async () => {
  inventory = await createTestInventory();
  await inventory.run(smallCompany);
  await inventory.db.raw(
    `insert into node (id, name, kind, datacentre, department)
     select 'many-' || i, 'One of many items, with a long name', 'host', 'mad', 'web' from generate_series(1, :rows) as i`,
    { rows },
  );
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
      exporter: createInventoryExporter(inventory.db),
      ledger: {
        record: (entry: NewLedgerEntry) =>
          inventory.db.transaction((trx) => appendToLedger(trx, entry)),
      },
    } as unknown as AppDeps,
    { logger: pino({ level: 'silent' }), bodyLimitBytes: 1024 },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await app.close();
  await inventory.drop();
});

const ask = (path: string, role: Role = 'requester', signal?: AbortSignal) =>
  fetch(`${url}/inventory/${path}`, {
    headers: { authorization: `Bearer ${role}` },
    ...(signal === undefined ? {} : { signal }),
  });
const used = () => (inventory.db.client as { pool: { numUsed(): number } }).pool.numUsed();
const copying = async () => {
  const { rows } = await inventory.db.raw<{ rows: unknown[] }>(
    `select from pg_stat_activity where datname = current_database() and query ilike 'copy %' and state = 'active'`,
  );
  return rows.length;
};

describe('GET /inventory/{kind}/export', () => {
  it('streams a file with the version it is of', async () => {
    const response = await ask('items/export?format=ndjson');
    expect(response.status).toBe(200);
    expect(response.headers.get('ctc-inventory-version')).toBe('1');
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(rows + 3);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ id: 'sw-2' });
    await expect.poll(used).toBe(0);
    const entry = inventory.db('ledger_entry').where({ action: 'inventory.exported' });
    expect(await entry.first('actor')).toEqual({ actor: 'requester' });
  });

  it('gives nothing away that cannot be written into the log', async () => {
    await inventory.db.raw('alter table ledger_intake rename to ledger_intake_away');
    try {
      const response = await ask('items/export');
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('sw-2');
    } finally {
      await inventory.db.raw('alter table ledger_intake_away rename to ledger_intake');
    }
  });

  it('gives its connection back when the reader goes away in the middle', async () => {
    for (let round = 0; round < 6; round += 1) {
      const controller = new AbortController();
      const response = await ask('items/export', 'requester', controller.signal);
      const reader = response.body!.getReader();
      expect((await reader.read()).done).toBe(false);
      expect(used()).toBe(1);
      controller.abort();
      await expect.poll(used, { timeout: 10_000 }).toBe(0);
      await expect.poll(copying, { timeout: 10_000 }).toBe(0);
    }
    expect((await (await ask('teams/export')).text()).split('\n')[0]).toBe('id,name,department');
  });

  it('refuses a fifth reader at once, and takes it when another has gone', async () => {
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    await Promise.all(controllers.map(({ signal }) => ask('items/export', 'requester', signal)));
    const refused = await ask('teams/export');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    for (const controller of controllers) controller.abort();
    await expect.poll(async () => (await ask('teams/export')).status).toBe(200);
  });

  it('shows customers to those who may see them only', async () => {
    const refused = await ask('customers/export');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: 'urn:ctc:problem:not-allowed' });
    const given = await ask('customers/export', 'customer-care');
    expect(await given.text()).toContain('acme,"Acme, S.L.",ES,gold');
  });
});
