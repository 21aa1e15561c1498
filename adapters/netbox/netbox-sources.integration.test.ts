import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { DomainError } from '../../domain/errors.ts';
import { readNetboxSources } from './netbox-sources.ts';

const example = join(import.meta.dirname, '../../examples/netbox/sources.yaml');
const mapping = {
  country: 'ES',
  driver: 'local',
  availabilityPercent: 99.9,
  userLatencyMs: 10,
  contractLevel: 'business',
  departments: [{ id: 'infrastructure', name: 'Infrastructure' }],
};
const source = { name: 'hq', url: 'https://netbox.example.com', tokenFile: 'token', mapping };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ctc-netbox-'));
  await writeFile(join(directory, 'token'), 'secret-token\n');
  await writeFile(join(directory, 'netbox.token'), 'secret-token\n');
  await writeFile(join(directory, 'empty'), '\n');
});
afterAll(async () => rm(directory, { recursive: true }));

async function read(content: unknown) {
  const path = join(directory, 'sources.yaml');
  await writeFile(path, typeof content === 'string' ? content : stringify(content));
  return readNetboxSources(path);
}
async function complaintsAbout(content: unknown): Promise<Record<string, string>> {
  try {
    await read(content);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.message).not.toContain('secret');
    return Object.fromEntries(error.complaints.map(({ field, message }) => [field, message]));
  }
  return {};
}

describe('the file of NetBox sources', () => {
  it('is what the example says, tokens looked for beside it', async () => {
    const [found] = await read(await readFile(example, 'utf8'));
    expect(found).toMatchObject({
      name: 'netbox',
      url: 'https://netbox.example.com',
      tokenFile: join(directory, 'netbox.token'),
      mapping: { country: 'ES', spareHosts: 1, departmentOf: { router: 'network' } },
    });
    expect(await read([])).toEqual([]);
  });

  it('is refused with every mistake at once, where each is', async () => {
    expect(
      Object.keys(
        await complaintsAbout([
          { ...source, name: 'Head Quarters', mapping: { ...mapping, country: 'Spain' } },
          { ...source, password: 'x', mapping: { ...mapping, idPrefix: 'other' } },
        ]),
      ),
    ).toEqual(['[0].name', '[0].mapping.country', '[1]']);
    expect(Object.keys(await complaintsAbout([source, { name: 'other' }, 'third']))).toEqual([
      '[1].url',
      '[1].tokenFile',
      '[1].mapping',
      '[2]',
    ]);
    expect(await complaintsAbout([{ ...source, name: 'manual' }])).toHaveProperty(['[0].name']);
  });

  it('gives each source a name and ids of its own', async () => {
    const complaints = await complaintsAbout([source, source]);
    expect(Object.keys(complaints)).toEqual(['[1].name', '[1].mapping.idPrefix']);
  });

  it('is refused for an address or a token that cannot be used', async () => {
    const complaints = await complaintsAbout([
      { ...source, url: 'https://user:secret@netbox.example.com' },
      {
        ...source,
        name: 'other',
        tokenFile: 'absent',
        mapping: { ...mapping, idPrefix: 'other' },
      },
      { ...source, name: 'third', tokenFile: 'empty', mapping: { ...mapping, idPrefix: 'third' } },
    ]);
    expect(Object.keys(complaints)).toEqual(['[0].url', '[1].tokenFile', '[2].tokenFile']);
  });

  it('is refused when it is absent, no YAML or no list', async () => {
    await expect(readNetboxSources(join(directory, 'nowhere.yaml'))).rejects.toMatchObject({
      code: 'netbox-sources-invalid',
    });
    for (const text of ['- name: [', '', 'name: hq']) {
      expect(Object.keys(await complaintsAbout(text))).toHaveLength(1);
    }
  });
});
