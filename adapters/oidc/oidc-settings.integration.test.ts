import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOidcSettings } from './oidc-settings.ts';

const example = join(import.meta.dirname, '..', '..', 'examples', 'oidc', 'provider.yaml');
let directory: string;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ctc-oidc-'));
  file = join(directory, 'provider.yaml');
  await writeFile(join(directory, 'client-secret'), 'a-secret-of-the-client\n');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const changed = async (from: string, to: string): Promise<void> => {
  const text = await readFile(example, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
};

describe('the file that names the identity provider', () => {
  it('is read with the secret beside it; the example is a good one', async () => {
    await copyFile(example, file);
    const settings = await readOidcSettings(file);
    expect(settings).toMatchObject({
      ...{ clientSecret: 'a-secret-of-the-client', issuer: 'https://id.example.com' },
    });
    expect(settings.groups[1]).toEqual({
      ...{ group: 'operations-madrid', role: 'operator' },
      ...{ departments: null, datacentres: ['mad'], solutions: null },
    });
  });

  it.each([
    ['an issuer that anybody on the way could play', 'https://id.', 'http://id.', 'issuer'],
    ['limits that name nothing', 'datacentres: [mad]', 'datacentres: []', 'groups[1].datacentres'],
    ['a word that is none', 'scopes:', 'scope:', ''],
  ])('is refused for %s', async (_what, from, to, field) => {
    await changed(from, to);
    await expect(readOidcSettings(file)).rejects.toMatchObject({
      ...{ code: 'oidc-settings-invalid', complaints: [{ field }] },
    });
  });

  it('is refused without the secret', async () => {
    await changed('client-secret', 'no-such-file');
    await expect(readOidcSettings(file)).rejects.toMatchObject({ code: 'oidc-secret-unreadable' });
  });
});
