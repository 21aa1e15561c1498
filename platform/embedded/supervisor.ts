import { EventEmitter } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logging.ts';
import { launch, startUntilReady, waitUntilReady } from './child-process.ts';
import type { ChildExit, ChildSpec, RunningChild } from './child-process.ts';
import { stopLeftOver } from './process-record.ts';

export interface SupervisorEvents {
  /** Launched; not ready yet. */
  started: [name: string, pid: number];
  /** Can be used, `tookMs` after its launch. */
  ready: [name: string, pid: number, tookMs: number];
  /** Ended without being asked to; started again after `backoffMs`. */
  died: [name: string, exit: ChildExit, backoffMs: number];
  stopped: [name: string];
}

export interface Supervisor {
  readonly events: EventEmitter<SupervisorEvents>;
  /**
   * Ends a left-over of this name, starts the child and keeps it running. Resolves when it is ready for the
   * first time; rejects when that fails as often as its spec allows.
   */
  add(spec: ChildSpec): Promise<void>;
  /** The process numbers of those that run now. */
  pids(): Record<string, number>;
  /** Ends all children, the last one added first. Idempotent. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  readonly logDirectory: string;
  readonly runDirectory: string;
  readonly logger: Logger;
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
  /** How long a child may take until it is ready. */
  readonly readyWithinMs?: number;
}

interface Kept {
  readonly spec: ChildSpec;
  child: RunningChild | undefined;
  /** Ends when the child is not to be started any more. */
  keeping: Promise<void>;
}

/** Keeps named children running: one that dies is started again, sooner the longer it had run well. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { logger, runDirectory } = options;
  const firstBackoffMs = options.firstBackoffMs ?? 200;
  const longestBackoffMs = options.longestBackoffMs ?? 5_000;
  const readyWithinMs = options.readyWithinMs ?? 120_000;
  const events = new EventEmitter<SupervisorEvents>();
  const stopping = new AbortController();
  const kept = new Map<string, Kept>();
  let stopped: Promise<void> | undefined;

  const isStopping = () => stopping.signal.aborted;
  const logFile = (name: string) => path.join(options.logDirectory, `${name}.log`);

  async function startOnce(entry: Kept): Promise<RunningChild> {
    const { spec } = entry;
    const launchedAt = performance.now();
    const child = await launch(spec, { logFile: logFile(spec.name), runDirectory });
    entry.child = child;
    events.emit('started', spec.name, child.pid);
    try {
      await waitUntilReady(spec, child, logFile(spec.name), readyWithinMs);
    } catch (error) {
      await child.stop();
      entry.child = undefined;
      throw error;
    }
    const tookMs = Math.round(performance.now() - launchedAt);
    logger.debug({ child: spec.name, pid: child.pid, tookMs }, 'child is ready');
    events.emit('ready', spec.name, child.pid, tookMs);
    return child;
  }

  /** Restarts for ever: what a child needs may come back, and giving up would need a person anyway. */
  async function keep(entry: Kept, first: RunningChild): Promise<void> {
    const { name } = entry.spec;
    let child: RunningChild | undefined = first;
    let backoffMs = firstBackoffMs;
    for (;;) {
      const startedAt = performance.now();
      let exit: ChildExit = { code: null, signal: null };
      if (child !== undefined) exit = await child.exited;
      entry.child = undefined;
      if (isStopping()) return;
      // One that ran well for a while starts at the short pause again.
      if (child !== undefined && performance.now() - startedAt > 2 * longestBackoffMs) {
        backoffMs = firstBackoffMs;
      }
      logger.warn(
        { child: name, ...exit, backoffMs, log: logFile(name) },
        'child ended, restarting',
      );
      events.emit('died', name, exit, backoffMs);
      await delay(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
      try {
        child = await startOnce(entry);
      } catch (error) {
        child = undefined;
        logger.warn({ child: name, err: error }, 'child did not become ready');
      }
    }
  }

  async function stopAll(): Promise<void> {
    stopping.abort();
    for (const entry of [...kept.values()].reverse()) {
      await entry.child?.stop();
      await entry.keeping;
      // A start that was under way when we were told to stop.
      await entry.child?.stop();
      events.emit('stopped', entry.spec.name);
    }
  }

  return {
    events,
    async add(spec) {
      if (stopping.signal.aborted) throw new Error(`${spec.name}: the supervisor is stopping`);
      if (kept.has(spec.name)) throw new Error(`${spec.name} is supervised already`);
      const entry: Kept = { spec, child: undefined, keeping: Promise.resolve() };
      kept.set(spec.name, entry);
      const leftOver = await stopLeftOver(runDirectory, spec.name);
      if (leftOver !== undefined) {
        logger.warn({ child: spec.name, pid: leftOver }, 'ended a left-over of a killed run');
      }
      const first = await startUntilReady(spec, () => startOnce(entry));
      entry.keeping = keep(entry, first);
    },
    pids() {
      const running: Record<string, number> = {};
      for (const [name, { child }] of kept) if (child !== undefined) running[name] = child.pid;
      return running;
    },
    stop: async () => (stopped ??= stopAll()),
  };
}
