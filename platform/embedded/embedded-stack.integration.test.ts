import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrateDatabase } from '../../migrations/migrate.ts';
import { DomainError } from '../../domain/errors.ts';
import { silentLogger } from '../logging.ts';
import { startEmbeddedStack } from './embedded-stack.ts';
import { processMark } from './process-record.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let dataDirectory: string;
beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(tmpdir(), 'ctc-test-stack-'));
  await chmod(dataDirectory, 0o711);
  // The programs the test run has fetched already.
  await mkdir(path.join(root, '.ctc', 'bin'), { recursive: true });
  await symlink(path.join(root, '.ctc', 'bin'), path.join(dataDirectory, 'bin'));
});
afterEach(async () => rm(dataDirectory, { recursive: true, force: true }));

const options = () => ({
  dataDirectory,
  migrate: migrateDatabase,
  logger: silentLogger,
  api: false,
  worker: false,
});

describe('the embedded stack', () => {
  it('starts the servers, migrates, and leaves no process behind', async () => {
    const stack = await startEmbeddedStack(options());
    const pids = stack.pids();
    expect(Object.keys(pids).sort()).toEqual(['postgres', 'temporal']);
    const client = new pg.Client({ connectionString: stack.databaseUrl });
    await client.connect();
    const { rows } = await client.query('select count(*)::int as count from schema_migration');
    expect(rows[0].count).toBeGreaterThan(0);
    await client.end();
    await stack.stop();
    for (const pid of Object.values(pids)) expect(processMark(pid)).toBeUndefined();
  });

  it('refuses a second start on the same data and names the first', async () => {
    const stack = await startEmbeddedStack(options());
    try {
      const error = await startEmbeddedStack(options()).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DomainError);
      expect((error as DomainError).kind).toBe('conflict');
      expect((error as DomainError).message).toContain(`process ${process.pid.toString()}`);
    } finally {
      await stack.stop();
    }
  });

  it('starts again with its data after the supervisor was killed', async () => {
    const script = `
      const { startEmbeddedStack } = await import('${root}platform/embedded/embedded-stack.ts');
      const { migrateDatabase } = await import('${root}migrations/migrate.ts');
      const { silentLogger } = await import('${root}platform/logging.ts');
      const stack = await startEmbeddedStack({
        dataDirectory: ${JSON.stringify(dataDirectory)},
        migrate: migrateDatabase, logger: silentLogger, api: false, worker: false,
      });
      console.log(JSON.stringify(stack.pids()));`;
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(supervisor.stdout, 'data')) as [Buffer];
    const orphans = Object.values(JSON.parse(line.toString()) as Record<string, number>);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');

    const stack = await startEmbeddedStack(options());
    try {
      for (const pid of orphans) expect(processMark(pid)).toBeUndefined();
      expect(Object.keys(stack.pids()).sort()).toEqual(['postgres', 'temporal']);
    } finally {
      await stack.stop();
    }
  });

  it('ends what it had started when a later step fails', async () => {
    const failing = {
      ...options(),
      migrate: async () => Promise.reject(new Error('no such step')),
    };
    await expect(startEmbeddedStack(failing)).rejects.toThrow('no such step');
    const stack = await startEmbeddedStack(options());
    await stack.stop();
  });
});
