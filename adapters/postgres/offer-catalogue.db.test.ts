import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OfferFilter } from '../../domain/acsmi/catalogue.ts';
import {
  complaints,
  createTestInventory,
  csv,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { createInventoryReadModel } from './inventory-read-model.ts';
import { createOfferCatalogue } from './offer-catalogue.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
const exampleFile = (path: string) => readFileSync(join(examples, path));
const oldColumns = 'id,datacentre,cores,memory_mb,storage_gb,monthly_price,currency,available';

let inventory: TestInventory;
beforeAll(async () => {
  inventory = await createTestInventory();
});
afterAll(async () => inventory.drop());
beforeEach(async () => {
  await inventory.empty();
});

const importExamples = async () => {
  const files = Object.fromEntries(
    ['departments', 'datacentres', 'providers'].map((kind) => [
      kind,
      exampleFile(`inventory/${kind}.csv`),
    ]),
  );
  const offers = exampleFile('acsmi/offers.csv');
  expect(complaints(await inventory.run({ ...files, offers }))).toEqual([]);
};
const found = async (filter: Partial<OfferFilter>) => {
  const catalogue = createOfferCatalogue(inventory.db);
  const page = await catalogue.find({ validAt: '2026-11-27', ...filter }, { limit: 50 });
  return page.rows.map(({ id }) => id);
};

describe('offers of a catalogue', () => {
  it('are imported as before from files that know nothing of it, and read as they were', async () => {
    await inventory.run(smallCompany);
    expect(await createInventoryReadModel(inventory.db).offers()).toEqual([
      {
        id: 'mad-small',
        datacentre: 'mad',
        cores: 2,
        memoryMb: 4096,
        storageGb: 50,
        monthlyPrice: 19.9,
        currency: 'EUR',
        available: 10,
      },
    ]);
    const again = await inventory.run({ offers: smallCompany.offers });
    expect(again.counts.offers).toMatchObject({ inserted: 0, updated: 0 });
  });

  it('are placed with what their provider and catalogue say, a price by the hour for 730 hours', async () => {
    await importExamples();
    const reader = createInventoryReadModel(inventory.db);
    const [gpu] = await reader.offers(['mad'], new Date('2026-11-27T12:00:00Z'));
    expect(gpu).toEqual({
      id: 'mad-cloud-gpu',
      datacentre: 'mad',
      cores: 16,
      memoryMb: 65536,
      storageGb: 500,
      monthlyPrice: 912.5,
      currency: 'EUR',
      available: 4,
      provider: 'iberia-cloud',
      region: 'eu-south',
      operatingSystems: ['ubuntu-26.04'],
      gpus: 2,
      certifications: ['ens-high', 'iso-27001'],
      jurisdiction: 'ES',
      securityLevel: 4,
      financialRisk: 1,
      technologicalRisk: 2,
      slaPercent: 99.5,
    });
    const { rows } = await reader.list('offers', { limit: 10, text: 'gpu' });
    expect(rows[0]).toMatchObject({ hourlyPrice: 1.25, priceModel: 'hourly' });
    // The same again is no change, although the file has no price by the month.
    const again = await inventory.run({ offers: exampleFile('acsmi/offers.csv') });
    expect(again.counts.offers).toMatchObject({ inserted: 0, updated: 0 });
  });

  it('are not placed before they are sold, nor from the day on when they are sold no more', async () => {
    await inventory.run(smallCompany);
    await inventory.run({
      offers: csv(`${oldColumns},valid_from,valid_to`, 'x,mad,1,1,1,1,EUR,1,2026-06-01,2026-07-01'),
    });
    const reader = createInventoryReadModel(inventory.db);
    const on = async (at: string) =>
      (await reader.offers(['mad'], new Date(at))).map(({ id }) => id);
    expect(await on('2026-05-31T23:59:59Z')).toEqual(['mad-small']);
    expect(await on('2026-06-01T00:00:00Z')).toEqual(['mad-small', 'x']);
    expect(await on('2026-06-30T23:59:59Z')).toEqual(['mad-small', 'x']);
    expect(await on('2026-07-01T00:00:00Z')).toEqual(['mad-small']);
    expect(await reader.offers(undefined, new Date('2026-05-01'))).toHaveLength(1);
    // What it costs is known all the same: it may be rented still.
    expect(await reader.offers()).toHaveLength(2);
  });

  it.each([
    ['provider', 'nobody', 'there is no provider "nobody"; correct the id, or add it to providers'],
    ['gpus', '-1', '"-1": use 0 or more'],
    [
      'certifications',
      'a;b',
      '"a;b": use words of letters, digits and . _ + / : -, with spaces between them',
    ],
    [
      'jurisdiction',
      'Spain',
      '"Spain": use the two-letter country code of ISO 3166-1 in capitals, such as ES',
    ],
    ['security_level', '6', '"6": use 1 to 5'],
    ['price_model', 'yearly', '"yearly": use monthly, hourly, reserved'],
    ['hourly_price', '0', '"0": use more than 0'],
    ['hourly_price', '-0.5', '"-0.5": use more than 0'],
    ['sla_percent', '100.5', '"100.5": use at most 100 (per cent)'],
    ['valid_from', '2026-02-30', '"2026-02-30": use a date such as 2026-12-31'],
  ])(
    'are refused with a wrong %s (%s), naming line and way out',
    async (column, value, message) => {
      await inventory.run(smallCompany);
      const report = await inventory.run({
        offers: csv(
          `${oldColumns},${column}`,
          `x,mad,1,1,1,${column === 'hourly_price' ? '' : 1},EUR,1,${value}`,
        ),
      });
      expect(complaints(report)).toEqual([`offers 2 ${column}: ${message}`]);
    },
  );

  it.each([
    ['a negative price', oldColumns, 'x,mad,1,1,1,-1,EUR,1', 'monthly_price: "-1": use 0 or more'],
    ['no price', oldColumns, 'x,mad,1,1,1,,EUR,1', 'monthly_price: is empty; fill it in'],
    [
      'no price at all',
      oldColumns.replace('monthly_price,', ''),
      'x,mad,1,1,1,EUR,1',
      'monthly_price: column "monthly_price" is missing; the columns of offers are',
    ],
    [
      'two prices that differ',
      `${oldColumns},hourly_price`,
      'x,mad,1,1,1,10,EUR,1,1',
      'monthly_price: "10": is not 730 times hourly_price; leave it empty, and it is computed',
    ],
    [
      'an end before its beginning',
      `${oldColumns},valid_from,valid_to`,
      'x,mad,1,1,1,1,EUR,1,2026-02-01,2026-02-01',
      'valid_to: "2026-02-01": is not after valid_from; correct one of the two dates',
    ],
  ])('are refused with %s', async (_, header, line, complaint) => {
    await inventory.run(smallCompany);
    const [first, ...more] = complaints(await inventory.run({ offers: csv(header, line) }));
    expect(first).toContain(`offers 2 ${complaint}`);
    expect(more).toEqual([]);
  });

  it('keep their provider in the inventory', async () => {
    await importExamples();
    const report = await inventory.run({ 'remove-providers': csv('id', 'lutetia') });
    expect(complaints(report)).toEqual([
      'providers 2: "lutetia" still has the offer "par-cloud-small"; remove its offers first',
    ]);
  });

  it('take lists in NDJSON, too', async () => {
    await inventory.run(smallCompany);
    const offer = {
      id: 'x',
      datacentre: 'mad',
      ...{ cores: 1, memory_mb: 1, storage_gb: 1, monthly_price: 1, currency: 'EUR', available: 1 },
      certifications: ['iso-27001', 'hds', 'hds'],
      region: null,
    };
    const report = await inventory.run({ offers: JSON.stringify(offer) }, { format: 'ndjson' });
    expect(complaints(report)).toEqual([]);
    expect(await found({ certifications: ['HDS'] })).toEqual(['x']);
  });
});

describe('offers are found', () => {
  it.each<[Partial<OfferFilter>, string[]]>([
    [{}, ['bcn-cloud-small', 'mad-cloud-gpu', 'mad-cloud-small', 'par-cloud-small']],
    [{ provider: 'lutetia' }, ['par-cloud-small']],
    [{ region: 'eu-south', datacentre: 'bcn' }, ['bcn-cloud-small']],
    [{ jurisdiction: 'FR' }, ['par-cloud-small']],
    [{ certifications: ['ENS-high', 'iso-27001'] }, ['mad-cloud-gpu', 'mad-cloud-small']],
    [{ certifications: ['iso'] }, []],
    [{ operatingSystem: 'Debian-13', minSlaPercent: 99.95 }, ['par-cloud-small']],
    [{ minCores: 4 }, ['mad-cloud-gpu']],
    [{ minGpus: 1 }, ['mad-cloud-gpu']],
    // What is not known of an offer does not count as enough.
    [{ minGpus: 0 }, ['mad-cloud-gpu']],
    [{ minMemoryMb: 4096.5, minCores: 0.5 }, ['mad-cloud-gpu']],
    [{ minMemoryMb: 1e30 }, []],
    [{ minStorageGb: 51 }, ['mad-cloud-gpu']],
    [{ maxMonthlyPrice: 19, currency: 'EUR' }, ['bcn-cloud-small', 'mad-cloud-small']],
    [{ maxMonthlyPrice: 19, currency: 'USD' }, []],
    [{ minSecurityLevel: 5 }, ['par-cloud-small']],
    [{ validAt: '2028-01-01' }, ['mad-cloud-gpu', 'mad-cloud-small', 'par-cloud-small']],
    [{ validAt: '2025-12-31' }, []],
  ])('by %j', async (filter, ids) => {
    await importExamples();
    expect(await found(filter)).toEqual(ids);
  });

  it('page by page, and by no cursor of another list', async () => {
    await importExamples();
    const catalogue = createOfferCatalogue(inventory.db);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await catalogue.find(
        { validAt: '2026-11-27' },
        { limit: 3, ...(cursor === undefined ? {} : { cursor }) },
      );
      ids.push(...page.rows.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(ids).toEqual(await found({}));
    await expect(
      catalogue.find({ validAt: '2026-11-27' }, { limit: 3, cursor: 'none' }),
    ).rejects.toMatchObject({ code: 'invalid-cursor' });
  });
});
