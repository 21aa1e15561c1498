import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueImporter } from '../../domain/acsmi/catalogue-ports.ts';
import { startHttpSource, type HttpSource } from '../../test/support/http-source.ts';
import {
  complaints,
  createTestInventory,
  csv,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';
import { createInventoryReadModel } from '../postgres/inventory-read-model.ts';
import { createCatalogueImporter } from './catalogue-importer.ts';
import { readCatalogueSources } from './catalogue-sources.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
const secret = 'a-token-that-nobody-sees';
const offer = (id: string, more: object = {}) => ({
  ...{ id, datacentre: 'mad', provider: 'iberia', cores: 2, memoryMb: 4096, storageGb: 50 },
  ...{ monthlyPrice: 19, currency: 'EUR', available: 5 },
  ...more,
});

let inventory: TestInventory;
let server: HttpSource;
let directory: string;
let catalogues: CatalogueImporter;
/** What the provider sells, in pages. */
let pages: readonly (readonly object[])[] = [];
/** Takes the place of the next answers. */
let troubles: ((response: ServerResponse) => void)[] = [];

const json = (response: ServerResponse, body: unknown, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

beforeAll(async () => {
  inventory = await createTestInventory();
  server = await startHttpSource(({ path, headers }, response) => {
    const trouble = troubles.shift();
    if (trouble !== undefined) {
      trouble(response);
      return;
    }
    if (headers.authorization !== `Bearer ${secret}`) {
      json(response, {}, 401);
      return;
    }
    const { searchParams } = new URL(path, 'http://localhost');
    const page = Number(searchParams.get('cursor') ?? 0);
    const rows = pages[page] ?? [];
    json(response, { rows, ...(page + 1 < pages.length ? { nextCursor: String(page + 1) } : {}) });
  });
  directory = await mkdtemp(join(tmpdir(), 'ctc-catalogue-'));
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, `${secret}\n`);
  catalogues = createCatalogueImporter(
    [{ name: 'iberia', url: server.url, tokenFile }],
    inventory.importer,
    { pageTimeoutMs: 300, attempts: 3, firstDelayMs: 1 },
  );
});
afterAll(async () => {
  await server.close();
  await inventory.drop();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  pages = [[offer('a'), offer('b')], [offer('c')]];
  troubles = [];
  await inventory.empty();
  await inventory.run(smallCompany);
});

const sync = (source = 'iberia', options: object = {}) =>
  catalogues.import(source, { importedBy: 'ana', ...options });
const stored = async () =>
  (await createInventoryReadModel(inventory.db).offers()).map(({ id }) => id);

describe('synchronising with a catalogue', () => {
  it('brings all of its pages, by its name or its address, as its own', async () => {
    pages = [[offer('a', { certifications: ['hds'], more: 'unknown to us' })], [], [offer('b')]];
    const report = await sync(server.url);
    expect(report).toMatchObject({ imported: true, counts: { offers: { inserted: 2 } } });
    expect(await stored()).toEqual(['a', 'b', 'mad-small']);
    const row = await inventory.db('offer').where({ id: 'a' }).first();
    expect(row).toMatchObject({ source: 'iberia', certifications: 'hds', provider: 'iberia' });
    expect((await sync()).counts.offers).toMatchObject({ inserted: 0, updated: 0, removed: 0 });
  });

  it('withdraws what it has no more, and nothing of others', async () => {
    await sync();
    pages = [[offer('b', { monthlyPrice: 21 })]];
    expect((await sync()).counts.offers).toMatchObject({ updated: 1, removed: 2 });
    expect(await stored()).toEqual(['b', 'mad-small']);
    pages = [[]];
    expect((await sync('iberia', { dryRun: true })).counts.offers).toMatchObject({ removed: 1 });
    expect(await stored()).toEqual(['b', 'mad-small']);
    expect((await sync()).counts.offers).toMatchObject({ removed: 1 });
    expect(await stored()).toEqual(['mad-small']);
  });

  it('stores nothing when an offer is wrong, and says which', async () => {
    pages = [[offer('a'), offer('b', { provider: 'nobody' })], [offer('c', { cores: -1 })]];
    expect(complaints(await sync())).toEqual([
      'offers 2 provider: there is no provider "nobody"; correct the id, or add it to providers',
      'offers 3 cores: -1: use more than 0',
    ]);
    pages = [[offer('mad-small')]];
    expect(complaints(await sync())).toEqual([
      'offers 1: "mad-small" belongs to the source "manual" and differs there; change it there, or import with foreign rows kept',
    ]);
    expect(await stored()).toEqual(['mad-small']);
  });

  it('is patient with one that is busy, slow or breaks off', async () => {
    troubles = [
      (response) => {
        response.writeHead(503, { 'retry-after': '0' }).end();
      },
      (response) => response.destroy(),
    ];
    expect(await sync()).toMatchObject({ imported: true });
    // Silent for longer than it is waited for.
    troubles = [() => undefined];
    expect(await sync()).toMatchObject({ imported: true });
  });

  it.each([
    [
      'stays away',
      (response: ServerResponse) => json(response, {}, 500),
      'catalogue-unavailable',
      'unavailable',
    ],
    [
      'refuses the token',
      (response: ServerResponse) => json(response, {}, 403),
      'catalogue-forbidden',
      'forbidden',
    ],
    [
      'is not there',
      (response: ServerResponse) => json(response, {}, 404),
      'catalogue-refused',
      'invalid',
    ],
    [
      'leads elsewhere',
      (response: ServerResponse) =>
        void response.writeHead(302, { location: 'http://elsewhere.example/' }).end(),
      'catalogue-redirects',
      'invalid',
    ],
    [
      'is no JSON',
      (response: ServerResponse) => void response.end('<html>'),
      'catalogue-answer-invalid',
      'invalid',
    ],
    [
      'has no rows',
      (response: ServerResponse) => json(response, { offers: [] }),
      'catalogue-answer-invalid',
      'invalid',
    ],
    [
      'goes round in a circle',
      (response: ServerResponse) => json(response, { rows: [], nextCursor: 'x' }),
      'catalogue-answer-invalid',
      'invalid',
    ],
  ])('imports nothing of one that %s', async (_, answer, code, kind) => {
    await sync();
    const before = await stored();
    troubles = Array.from({ length: 5 }, () => answer);
    const failed = await sync().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code, kind, remedy: expect.any(String) as string });
    expect(String(failed)).not.toContain(secret);
    expect(await stored()).toEqual(before);
  });

  it('asks no address that is not configured', async () => {
    const before = server.received.length;
    await expect(sync('http://169.254.169.254/')).rejects.toMatchObject({
      kind: 'not-found',
      remedy: `Use one of iberia (${server.url}).`,
    });
    expect(server.received).toHaveLength(before);
  });

  it('belongs beside what people import: their offers may refer to the same provider', async () => {
    await sync();
    const report = await inventory.run({
      offers: csv(
        'id,datacentre,provider,cores,memory_mb,storage_gb,monthly_price,currency,available',
        'own,mad,iberia,1,1,1,1,EUR,1',
      ),
    });
    expect(complaints(report)).toEqual([]);
  });
});

describe('the file of catalogues', () => {
  const read = async (text: string) => {
    const path = join(directory, 'catalogues.yaml');
    await writeFile(path, text);
    return readCatalogueSources(path);
  };

  it('names files of tokens beside itself', async () => {
    expect(await read(`- { name: hq, url: 'https://hq.example/v1', tokenFile: token }\n`)).toEqual([
      { name: 'hq', url: 'https://hq.example/v1', tokenFile: join(directory, 'token') },
    ]);
  });

  it('is like the one in the examples', async () => {
    const example = await readFile(join(examples, 'acsmi', 'catalogues.yaml'), 'utf8');
    const sources = await read(example.replace('iberia-cloud.token', 'token'));
    expect(sources.map(({ name }) => name)).toEqual(['iberia-cloud', 'lutetia']);
  });

  it.each([
    [
      'a name that is taken',
      `- { name: manual, url: 'https://a.example' }`,
      'is the source of what people import',
    ],
    [
      'a name twice',
      `[{ name: a, url: 'https://a.example' }, { name: a, url: 'https://b.example' }]`,
      '[1].name: is used twice',
    ],
    [
      'an address with a password',
      `- { name: a, url: 'https://me:secret@a.example' }`,
      "[0].url: The catalogue's address cannot be used.",
    ],
    [
      'a token that is not there',
      `- { name: a, url: 'https://a.example', tokenFile: none }`,
      '[0].tokenFile',
    ],
    ['no YAML', '{', 'is not YAML'],
  ])('is refused with %s when the process starts', async (_, text, message) => {
    const refused = await read(text).catch((error: unknown) => error);
    expect(String(refused)).toContain(message);
    expect(String(refused)).not.toContain('secret');
  });
});
