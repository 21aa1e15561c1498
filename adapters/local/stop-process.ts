import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.ts';
import { findMarked, isAlive, readStat } from './proc.ts';
import type { ProcessIdentity } from './proc.ts';

export interface StopOptions {
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Runs `send` under the lock after checking that nobody newer holds the site. */
  readonly fenced: (send: () => void) => void;
}

const pollMs = 20;
/** SIGKILL is immediate unless the kernel holds the process, for example on a dead network disk. */
const killTimeoutMs = 10_000;

/**
 * Ends a replica with its whole process group and waits until it is gone: SIGTERM, then SIGKILL.
 * @throws DomainError `unavailable` when even SIGKILL does not end it, `stale` from `fenced`.
 */
export async function stopProcess(
  identity: ProcessIdentity,
  marker: string,
  options: StopOptions,
): Promise<void> {
  const { graceMs, fenced } = options;
  const send = (name: NodeJS.Signals): void =>
    fenced(() => {
      if (!isAlive(identity, marker)) return;
      const leads = readStat(identity.pid)?.processGroup === identity.pid;
      signal(leads ? -identity.pid : identity.pid, name);
    });
  const gone = (withinMs: number): Promise<boolean> =>
    waitUntil(() => !isAlive(identity, marker), withinMs, options.signal);

  if (isAlive(identity, marker)) {
    send('SIGTERM');
    if (!(await gone(graceMs))) {
      send('SIGKILL');
      if (!(await gone(killTimeoutMs))) {
        throw new DomainError('unavailable', `Process ${identity.pid} does not end on SIGKILL.`, {
          code: 'process-does-not-end',
          remedy: 'Look at what it waits for (state D in ps); the step is tried again.',
        });
      }
    }
  }
  // What it started itself and left behind could still hold the port.
  const leftBehind = (): ReturnType<typeof findMarked> =>
    findMarked(marker).filter((found) => found.marker === marker);
  if (leftBehind().length === 0) return;
  fenced(() => {
    for (const { pid } of leftBehind()) signal(pid, 'SIGKILL');
  });
  await waitUntil(() => leftBehind().length === 0, killTimeoutMs, options.signal);
}

/** Polls, because a process that another worker started cannot be waited for. */
async function waitUntil(
  condition: () => boolean,
  withinMs: number,
  aborted: AbortSignal | undefined,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await delay(pollMs, undefined, aborted === undefined ? {} : { signal: aborted });
  }
  return true;
}

/** A negative number means the whole process group. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
