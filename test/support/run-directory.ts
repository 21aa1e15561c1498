import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  isRunning,
  readProcessRecord,
  recordProcess,
  stopLeftOver,
} from '../../platform/embedded/process-record.ts';

/**
 * A temporary directory for the servers of one kind of this run; their processes are recorded in its `run`.
 * Before, it ends what runs that were killed left behind: their servers would hold memory until the machine
 * restarts.
 */
export async function createRunDirectory(
  server: 'postgres' | 'temporal' | 'kubernetes',
): Promise<string> {
  const prefix = `ctc-test-run-${server}-`;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const old = path.join(tmpdir(), name);
    const owner = await readProcessRecord(old, 'owner');
    // Without a record it was made a moment ago, or by another user: not ours to judge.
    if (owner === undefined || isRunning(owner)) continue;
    const run = path.join(old, 'run');
    for (const record of await readdir(run).catch(() => [])) {
      if (record.endsWith('.json')) await stopLeftOver(run, path.basename(record, '.json'));
    }
    await rm(old, { recursive: true, force: true });
  }
  const directory = await mkdtemp(path.join(tmpdir(), prefix));
  await chmod(directory, 0o711); // the account PostgreSQL runs under has to pass through
  await recordProcess(directory, 'owner', process.pid, 'SIGTERM');
  return directory;
}
