import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chmod } from 'node:fs/promises';
import { searchPath } from '../config.ts';
import { silentLogger } from '../logging.ts';
import { processMark, readProcessRecord } from './process-record.ts';
import { preparePostgres } from './start-postgres.ts';
import { prepareTemporal } from './start-temporal.ts';
import { createSupervisor } from './supervisor.ts';
import type { Supervisor } from './supervisor.ts';

let directory: string;
let supervisor: Supervisor;
const create = () =>
  createSupervisor({
    logDirectory: path.join(directory, 'logs'),
    runDirectory: path.join(directory, 'run'),
    logger: silentLogger,
    firstBackoffMs: 20,
  });
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ctc-test-supervisor-'));
  await chmod(directory, 0o711);
  supervisor = create();
});
afterEach(async () => {
  await supervisor.stop();
  await rm(directory, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

describe('a supervised PostgreSQL', () => {
  const prepare = async () => preparePostgres({ directory: path.join(directory, 'postgres') });

  it('is back with the same data after kill -9', async () => {
    const { url, spec } = await prepare();
    await supervisor.add(spec);
    await query(url, `create table kept as select 'committed' as value`);
    const before = supervisor.pids().postgres!;
    const again = once(supervisor.events, 'ready');
    process.kill(before, 'SIGKILL');
    await again;
    expect(supervisor.pids().postgres).not.toBe(before);
    expect((await query(url, 'select value from kept')).rows).toEqual([{ value: 'committed' }]);
  });

  it('is durable, in UTF-8, and its password is for us alone', async () => {
    const { url, spec, directory: place } = await prepare();
    await supervisor.add(spec);
    expect((await query(url, 'show fsync')).rows).toEqual([{ fsync: 'on' }]);
    expect((await query(url, 'show server_encoding')).rows).toEqual([{ server_encoding: 'UTF8' }]);
    const password = await readFile(path.join(place, 'password'), 'utf8');
    const wrong = url.replace(password, 'wrong');
    await expect(query(wrong, 'select 1')).rejects.toThrow(/password/);
  });

  it('that a killed supervisor left behind is ended before the next starts', async () => {
    const first = await prepare();
    // Launched and recorded like a supervised child, and then forgotten, as by a kill -9 of the supervisor.
    const lost = create();
    await lost.add(first.spec);
    const leftOver = lost.pids().postgres!;
    await supervisor.add((await prepare()).spec).catch(() => undefined);
    expect(processMark(leftOver)).toBeUndefined();
    await lost.stop();
  });
});

describe('a supervised Temporal', () => {
  it('answers at the same address after kill -9, and is gone after stop()', async () => {
    const { spec } = await prepareTemporal({
      dataDirectory: '.ctc',
      storage: { directory: path.join(directory, 'temporal') },
      searchPath: searchPath(),
      logger: silentLogger,
    });
    await supervisor.add(spec);
    const again = once(supervisor.events, 'ready');
    process.kill(supervisor.pids().temporal!, 'SIGKILL');
    await again;
    const last = supervisor.pids().temporal!;
    await supervisor.stop();
    expect(processMark(last)).toBeUndefined();
    expect(await readProcessRecord(path.join(directory, 'run'), 'temporal')).toBeUndefined();
  });
});

describe('a child that cannot start', () => {
  it('fails with the last words it wrote', async () => {
    const add = supervisor.add({
      name: 'broken',
      command: '/bin/sh',
      args: ['-c', 'echo the disk is full >&2; exit 3'],
      whenReady: async () => new Promise(() => {}),
    });
    await expect(add).rejects.toThrow(/code 3.*the disk is full/s);
  });

  it('by bad luck is tried again, where its spec says so', async () => {
    const lucky = path.join(directory, 'lucky');
    await supervisor.add({
      name: 'unlucky',
      command: '/bin/sh',
      args: ['-c', `test -e ${lucky} && exec sleep 60; touch ${lucky}; exit 2`],
      startAttempts: 2,
      whenReady: async (_, signal) => {
        while (!(await readFile(lucky).catch(() => false))) signal.throwIfAborted();
        // Whoever ends at once has been noticed by then.
        await delay(300, undefined, { signal });
      },
    });
    expect(supervisor.pids()).toHaveProperty('unlucky');
  });
});
