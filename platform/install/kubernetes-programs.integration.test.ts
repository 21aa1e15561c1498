import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '../../domain/errors.ts';
import { silentLogger } from '../logging.ts';
import { kubernetesPrograms, resolveKubernetesPrograms } from './kubernetes-programs.ts';

let dataDirectory: string;
let builds: number;
beforeEach(async () => {
  builds = 0;
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'ctc-test-kubernetes-programs-'));
});
afterEach(async () => rm(dataDirectory, { recursive: true, force: true }));

const builder = () => async (directory: string) => {
  builds += 1;
  await mkdir(directory, { recursive: true });
  for (const name of kubernetesPrograms) {
    await writeFile(path.join(directory, name), '#!/bin/sh\n', { mode: 0o755 });
  }
};
const noGo = async () => Promise.reject(new Error('spawn go ENOENT'));
const resolve = async (
  options: { go?: () => Promise<string>; build?: (directory: string) => Promise<void> } = {},
) =>
  resolveKubernetesPrograms({
    dataDirectory,
    logger: silentLogger,
    goVersion: options.go ?? (async () => Promise.resolve('go1.99.0')),
    build: options.build ?? builder(),
  });
const kept = async () => readdir(path.join(dataDirectory, 'kubernetes'));

describe('the programs of the control plane', () => {
  it('are built once for several that ask at the same time', async () => {
    const [one, two, three] = await Promise.all([resolve(), resolve(), resolve()]);
    expect(one).toEqual(two);
    expect(one).toEqual(three);
    expect(Object.keys(one)).toEqual(kubernetesPrograms);
    expect(builds).toBe(1);
    expect(await kept()).toHaveLength(1);
  });

  it('are built again by another Go', async () => {
    await resolve();
    await resolve({ go: async () => Promise.resolve('go1.99.1') });
    expect(builds).toBe(2);
  });

  it('are used without Go when they were built before', async () => {
    const built = await resolve();
    expect(await resolve({ go: noGo })).toEqual(built);
  });

  it('leave nothing behind when their build fails, and can be built after', async () => {
    const failing = async (directory: string) => {
      await mkdir(directory, { recursive: true });
      throw new Error('the disk is full');
    };
    await expect(resolve({ build: failing })).rejects.toMatchObject({
      complaints: [{ message: 'the disk is full' }],
    });
    expect(await kept()).toEqual([]);
    await resolve();
    expect(builds).toBe(1);
  });

  it('replace a build that a killed process left half done', async () => {
    await mkdir(path.join(dataDirectory, 'kubernetes', '.build-of-a-killed-one'), {
      recursive: true,
    });
    await resolve();
    expect(await kept()).toHaveLength(1);
  });

  it('say what to do when there is neither a build nor Go', async () => {
    const error = await resolve({ go: noGo }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DomainError);
    const { message, remedy } = error as DomainError;
    expect(message).toContain('no Go');
    expect(remedy).toContain('Install Go');
    expect(remedy).toContain('CTC_TEST_KUBECONFIGS');
    expect(builds).toBe(0);
  });
});
