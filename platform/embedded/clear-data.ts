import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findMarked } from '../../adapters/local/proc.ts';
import { fallbackDirectory } from './postgres-account.ts';
import { stopLeftOver } from './process-record.ts';

/** What the markers of this data directory's components begin with; undefined before there is any. */
export function componentOwner(dataDirectory: string): string | undefined {
  try {
    const directory = realpathSync(path.join(dataDirectory, 'datacentres'));
    return createHash('sha256').update(directory).digest('hex').slice(0, 16);
  } catch {
    return undefined;
  }
}

const graceMs = 3_000;
const pollMs = 50;

/**
 * Ends the deployed components that local datacentres of this data directory run; nothing else of the
 * machine. They outlive CTC by design, so a demonstration that leaves nothing behind must end them itself.
 */
export async function endLocalComponents(dataDirectory: string): Promise<void> {
  const owner = componentOwner(dataDirectory);
  if (owner === undefined) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of findMarked(`${owner}/`)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself meanwhile.
      }
    }
    const deadline = performance.now() + graceMs;
    while (findMarked(`${owner}/`).length > 0 && performance.now() < deadline) await delay(pollMs);
  }
}

/** Ends what an earlier run with this data directory left running, and deletes its data. */
export async function clearData(dataDirectory: string): Promise<void> {
  for (const name of ['worker', 'api', 'temporal', 'postgres']) {
    await stopLeftOver(path.join(dataDirectory, 'run'), name);
  }
  await endLocalComponents(dataDirectory);
  const postgres = path.join(dataDirectory, 'postgres');
  for (const directory of [dataDirectory, fallbackDirectory(postgres)]) {
    await rm(directory, { recursive: true, force: true });
  }
}
