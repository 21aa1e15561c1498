import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

const source = fileURLToPath(new URL('.', import.meta.url));
let clone: string;

/** A clone without dependencies, away from the project: the step removes the node_modules it finds. */
beforeEach(async () => {
  clone = await mkdtemp(path.join(tmpdir(), 'ctc-test-clone-'));
  const install = path.join(clone, 'platform', 'install');
  await mkdir(install, { recursive: true });
  for (const name of ['ensure-dependencies.mjs', 'hydrate-symlinks.mjs']) {
    await cp(path.join(source, name), path.join(install, name));
  }
  await writeFile(
    path.join(clone, 'package.json'),
    JSON.stringify({ name: 'clone', version: '1.0.0' }),
  );
  await writeLock('1.0.0');
});
afterEach(async () => rm(clone, { recursive: true, force: true }));

async function writeLock(version: string): Promise<void> {
  const root = { name: 'clone', version };
  const lock = { ...root, lockfileVersion: 3, requires: true, packages: { '': root } };
  await writeFile(path.join(clone, 'package-lock.json'), JSON.stringify(lock));
}

const run = async () =>
  runCommand(process.execPath, [path.join(clone, 'platform/install/ensure-dependencies.mjs')], {
    withinMs: 120_000,
    cwd: clone,
  });
const stamp = async () => readFile(path.join(clone, 'node_modules/.ctc-installed'), 'utf8');

describe('ensuring the dependencies', () => {
  it('installs in a fresh clone and says nothing the second time', async () => {
    expect(await run()).toContain('Installing');
    const { mtimeMs } = await stat(path.join(clone, 'node_modules/.ctc-installed'));
    expect(await run()).toBe('');
    expect((await stat(path.join(clone, 'node_modules/.ctc-installed'))).mtimeMs).toBe(mtimeMs);
  });

  it('installs again when the lock file has changed', async () => {
    await run();
    const before = await stamp();
    await writeLock('1.0.1');
    expect(await run()).toContain('Installing');
    expect(await stamp()).not.toBe(before);
  });

  it('installs once when two start together', async () => {
    const outputs = await Promise.all([run(), run()]);
    expect(outputs.filter((output) => output.includes('Installing'))).toHaveLength(1);
  });

  it('leaves alone what somebody installed by hand as locked', async () => {
    const precious = path.join(clone, 'node_modules', 'precious');
    await mkdir(precious, { recursive: true });
    const hidden = { name: 'clone', lockfileVersion: 3, requires: true, packages: {} };
    await writeFile(path.join(clone, 'node_modules/.package-lock.json'), JSON.stringify(hidden));
    expect(await run()).toBe('');
    expect((await stat(precious)).isDirectory()).toBe(true);
  });

  it('takes over from an installation that was killed', async () => {
    const lock = path.join(clone, '.ctc', 'installing');
    await mkdir(lock, { recursive: true });
    await writeFile(path.join(lock, 'pid'), '2147483646');
    expect(await run()).toContain('Installing');
  });
});
