import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '../../domain/errors.ts';
import { temporalServer } from '../install/temporal-programs.ts';
import type { TemporalSource } from '../install/temporal-sources.ts';
import { silentLogger } from '../logging.ts';
import { cachedName, resolveTemporalBinary } from './temporal-binary.ts';

let dataDirectory: string;
beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'ctc-test-binary-'));
});
afterEach(async () => rm(dataDirectory, { recursive: true, force: true }));

/** A real program that answers to --version. */
async function writeProgram(file: string, says: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho "${says}"\n`);
  await chmod(file, 0o755);
  return file;
}
const right = 'temporal version 9.9.9 (Server 9.9.9)';
const cached = () => path.join(dataDirectory, 'bin', cachedName(temporalServer));
const resolve = async (sources: TemporalSource[], searchPath = '') =>
  resolveTemporalBinary({
    program: temporalServer,
    dataDirectory,
    logger: silentLogger,
    searchPath,
    sources,
  });
const source = (name: string, says: string, onFetch = () => {}): TemporalSource => ({
  name,
  fetch: async (directory) => {
    onFetch();
    return writeProgram(path.join(directory, 'temporal'), says);
  },
});

describe('finding the Temporal server', () => {
  it('prefers the one on the PATH', async () => {
    const onPath = await writeProgram(path.join(dataDirectory, 'path', 'temporal'), right);
    await writeProgram(cached(), right);
    expect(await resolve([], path.dirname(onPath))).toBe(onPath);
  });

  it('passes over something else of that name on the PATH', async () => {
    const other = await writeProgram(path.join(dataDirectory, 'path', 'temporal'), 'a calendar');
    await writeProgram(cached(), right);
    expect(await resolve([], path.dirname(other))).toBe(cached());
  });

  it('goes on to the next source when one fails or delivers something else', async () => {
    const fetched: string[] = [];
    const broken: TemporalSource = { name: 'none', fetch: async () => Promise.reject(new Error()) };
    const found = await resolve([
      broken,
      source('wrong', 'something else', () => fetched.push('wrong')),
      source('right', right, () => fetched.push('right')),
      source('never', right, () => fetched.push('never')),
    ]);
    expect(found).toBe(cached());
    expect(fetched).toEqual(['wrong', 'right']);
    expect(await readdir(path.join(dataDirectory, 'bin'))).toEqual([cachedName(temporalServer)]);
  });

  it('fetches once for several that ask at the same time', async () => {
    let fetches = 0;
    const one = source('one', right, () => (fetches += 1));
    const found = await Promise.all([resolve([one]), resolve([one]), resolve([one])]);
    expect(new Set(found)).toEqual(new Set([cached()]));
    expect(fetches).toBe(1);
  });

  it('says everything it tried and what to install when nothing works', async () => {
    const failing: TemporalSource = {
      name: 'the moon',
      fetch: async () => Promise.reject(new Error('too far')),
    };
    const error = await resolve([failing]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DomainError);
    const { complaints, remedy } = error as DomainError;
    expect(complaints.map(({ message }) => message)).toContain('the moon: too far');
    expect(remedy).toContain('TEMPORAL_ADDRESS');
  });
});
