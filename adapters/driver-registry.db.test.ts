import type { Knex } from 'knex';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importCsv, smallestCompany } from '../test/support/company-database.ts';
import { noSignal } from '../test/support/metric-requests.ts';
import { createTestDatabase, type TestDatabase } from '../test/support/postgres.ts';
import { createDriverRegistry } from './driver-registry.ts';
import { createDatabase } from './postgres/database.ts';

let testDatabase: TestDatabase;
let database: Knex;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, poolMax: 2 });
  await importCsv(database, smallestCompany);
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

describe('the health of a cluster', () => {
  const read = (datacentre: string) => {
    const { clusterHealth } = createDriverRegistry({
      database,
      logger: pino({ level: 'silent' }),
    });
    return clusterHealth.readHealth({ application: 'shop', datacentre }, noSignal());
  };

  it('is refused of a datacentre that is no cluster, by its name and with a way out', async () => {
    await expect(read('mad')).rejects.toMatchObject({
      kind: 'invalid',
      code: 'no-cluster',
      message: 'Datacentre "mad" has the driver "local", which is no Kubernetes cluster.',
      remedy: 'Measure there in another way, or deploy to datacentres with a cluster only.',
    });
  });

  it('is refused of a cluster while nobody has said how clusters are reached', async () => {
    const like: object = await database('datacentre').where({ id: 'mad' }).first();
    await database('datacentre').insert({ ...like, id: 'bcn', name: 'bcn', driver: 'kubernetes' });
    await expect(read('bcn')).rejects.toMatchObject({
      code: 'no-driver',
      remedy: 'Name the file of clusters in CTC_KUBERNETES_CLUSTERS.',
    });
  });

  it('is refused of a datacentre that nobody knows', async () => {
    await expect(read('nowhere')).rejects.toMatchObject({ code: 'no-such-datacentre' });
  });
});
