import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportInventory } from './export-inventory.ts';

/** What the server answers, a request after the other: version, content, and whether it breaks off. */
interface Answer {
  readonly version: number;
  readonly text: string;
  readonly breaks?: boolean;
}
let answers: Answer[];
let asked: string[];
let server: Server;
let directory: string;
let context: { apiUrl: string; token: string };

beforeEach(async () => {
  answers = [];
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { version, text, breaks } = answers.shift() ?? { version: 0, text: '' };
    response.setHeader('ctc-inventory-version', version);
    response.write(text, () => {
      if (breaks === true) response.destroy();
      else response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  context = { apiUrl: `http://127.0.0.1:${port}`, token: 'secret' };
  directory = await mkdtemp(join(tmpdir(), 'ctc-export-'));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

const options = { format: 'csv', kinds: ['departments', 'teams'] } as const;
const file = (version: number, name: string): Answer => ({ version, text: `id,name\na,${name}\n` });

describe('an export', () => {
  it('begins again when an import has committed between two kinds', async () => {
    answers = [file(1, 'old'), file(2, 'new'), file(2, 'new'), file(2, 'new')];
    const exported = await exportInventory(context, directory, options);
    expect(exported).toEqual({ version: 2, directory, rows: { departments: 1, teams: 1 } });
    expect(await readFile(join(directory, 'departments.csv'), 'utf8')).toContain('new');
    expect(asked).toHaveLength(4);
  });

  it('gives up after three times and leaves nothing behind', async () => {
    answers = Array.from({ length: 6 }, (_, i) => file(i, 'moving'));
    await expect(exportInventory(context, directory, options)).rejects.toMatchObject({
      exitCode: 5,
    });
    expect(asked).toHaveLength(6);
    expect(await readdir(directory)).toEqual([]);
  });

  it('leaves what was there as it was when a file breaks off', async () => {
    await writeFile(join(directory, 'departments.csv'), 'before');
    answers = [file(1, 'new'), { ...file(1, 'half'), breaks: true }];
    const forced = exportInventory(context, directory, { ...options, force: true });
    await expect(forced).rejects.toThrow();
    expect(await readdir(directory)).toEqual(['departments.csv']);
    expect(await readFile(join(directory, 'departments.csv'), 'utf8')).toBe('before');
  });

  it('touches a directory that is not empty only when forced, and leaves no two files of a kind', async () => {
    await writeFile(join(directory, 'departments.csv'), 'before');
    await expect(exportInventory(context, directory, options)).rejects.toMatchObject({
      exitCode: 2,
    });
    expect(asked).toEqual([]);
    answers = [
      { version: 3, text: '{"id":"a"}\n' },
      { version: 3, text: '' },
    ];
    const exported = await exportInventory(context, directory, {
      ...options,
      format: 'ndjson',
      source: 'netbox',
      force: true,
    });
    expect(exported.rows).toEqual({ departments: 1, teams: 0 });
    // An import refuses an empty file.
    expect(await readdir(directory)).toEqual(['departments.ndjson']);
    expect(asked[0]).toBe('/inventory/departments/export?format=ndjson&source=netbox');
  });
});
