import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdAlone } from './hold-alone.ts';
import { processMark, readProcessRecord, recordProcess, stopLeftOver } from './process-record.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ctc-test-record-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

describe('process records', () => {
  it('end a left-over that is still the recorded process', async () => {
    const child = spawn('sleep', ['600']);
    const exited = once(child, 'exit');
    await recordProcess(directory, 'sleeper', child.pid!, 'SIGTERM');
    expect(await stopLeftOver(directory, 'sleeper')).toBe(child.pid);
    await exited;
    expect(child.signalCode).toBe('SIGTERM');
    expect(await readProcessRecord(directory, 'sleeper')).toBeUndefined();
  });

  it('leave a stranger alone that has the number of a process long gone', async () => {
    const stranger = spawn('sleep', ['600']);
    const record = { name: 'x', pid: stranger.pid, mark: 'another boot:1', stopSignal: 'SIGKILL' };
    await writeFile(path.join(directory, 'x.json'), JSON.stringify(record));
    expect(await stopLeftOver(directory, 'x')).toBeUndefined();
    expect(processMark(stranger.pid!)).toBeDefined();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it('kill one that does not listen', async () => {
    const deaf = spawn('sh', ['-c', 'trap "" TERM; echo on; while :; do sleep 1; done']);
    const exited = once(deaf, 'exit');
    await once(deaf.stdout, 'data');
    await recordProcess(directory, 'deaf', deaf.pid!, 'SIGTERM');
    await stopLeftOver(directory, 'deaf', 100);
    await exited;
    expect(deaf.signalCode).toBe('SIGKILL');
  });
});

describe('holding a name alone', () => {
  it('names the holder to the second, and is free again after the release', async () => {
    const first = await holdAlone(directory, 'up');
    expect(first.held).toBe(true);
    expect(await holdAlone(directory, 'up')).toMatchObject({
      held: false,
      holder: { pid: process.pid },
    });
    if (first.held) await first.release();
    expect((await holdAlone(directory, 'up')).held).toBe(true);
  });

  it('lets exactly one of many take over from a dead holder', async () => {
    const dead = { name: 'up', pid: 2_147_483_646, mark: 'gone', stopSignal: 'SIGTERM' };
    await writeFile(path.join(directory, 'up.dead.claim'), JSON.stringify(dead));
    const all = await Promise.all(
      Array.from({ length: 12 }, async () => holdAlone(directory, 'up')),
    );
    expect(all.filter(({ held }) => held)).toHaveLength(1);
    const names = await readdir(directory);
    expect(names.filter((name) => name.endsWith('.claim'))).toHaveLength(1);
  });
});
