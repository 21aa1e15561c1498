import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { forgetProcess, recordProcess } from './process-record.ts';

/** How to start a program and to know that it is ready. */
export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Opens a message channel, over which the child also notices our death. */
  readonly ipc?: boolean;
  /** What asks for an end in good order; SIGTERM unless said. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long that may take before SIGKILL. */
  readonly stopGraceMs?: number;
  /** How often a first start that ends before it is ready is tried; once unless said. */
  readonly startAttempts?: number;
  /** Resolves when the program can be used. `signal` is aborted when it is given up or has ended. */
  readonly whenReady: (child: RunningChild, signal: AbortSignal) => Promise<void>;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningChild {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly exited: Promise<ChildExit>;
  /** SIGTERM (or the program's own signal), SIGKILL after the grace; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface LaunchOptions {
  /** Output of the program, appended. */
  readonly logFile: string;
  /** Where the process is recorded while it runs (process-record.ts). */
  readonly runDirectory: string;
}

/** Starts the program and records it; does not wait until it is ready. */
export async function launch(spec: ChildSpec, options: LaunchOptions): Promise<RunningChild> {
  mkdirSync(path.dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a', 0o600);
  const spawnOptions: SpawnOptions = {
    stdio: ['ignore', log, log, ...(spec.ipc === true ? (['ipc'] as const) : [])],
    // A group of its own: Ctrl-C in the terminal reaches the supervisor only, which ends all in order.
    detached: true,
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
  };
  let child: ChildProcess;
  try {
    child = spawn(spec.command, [...spec.args], spawnOptions);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } finally {
    closeSync(log);
  }
  child.on('error', () => {}); // a failed kill or send; the end of the process is what counts
  const pid = child.pid ?? 0;
  const exited = new Promise<ChildExit>((resolve) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null) => {
      resolve({ code, signal });
    };
    if (child.exitCode !== null || child.signalCode !== null) {
      finish(child.exitCode, child.signalCode);
    } else child.once('exit', finish);
  });
  const stopSignal = spec.stopSignal ?? 'SIGTERM';
  await recordProcess(options.runDirectory, spec.name, pid, stopSignal);

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    child.kill(stopSignal);
    const timer = setTimeout(() => child.kill('SIGKILL'), spec.stopGraceMs ?? 10_000);
    await exited;
    clearTimeout(timer);
    await forgetProcess(options.runDirectory, spec.name);
  };
  return {
    pid,
    process: child,
    exited,
    stop: () => (stopping ??= stop()),
  };
}

/**
 * Starts the program until it is ready, so often as its spec says. A first start may fail by bad luck, such as a
 * port that somebody else took in between; what is really wrong fails every time.
 */
export async function startUntilReady(
  spec: ChildSpec,
  start: () => Promise<RunningChild>,
): Promise<RunningChild> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt >= (spec.startAttempts ?? 1)) throw error;
    }
  }
}

/** The last lines a program wrote, for the error that says why it did not start. */
export async function lastLines(logFile: string, count = 5): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/**
 * Waits until the program is ready. Throws when it ends before (with its last lines) or when `withinMs` pass.
 */
export async function waitUntilReady(
  spec: ChildSpec,
  child: RunningChild,
  logFile: string,
  withinMs: number,
): Promise<void> {
  const given = new AbortController();
  const timer = setTimeout(() => {
    given.abort(new Error(`${spec.name} was not ready within ${(withinMs / 1000).toString()} s`));
  }, withinMs);
  const aborted = new Promise<never>((_, reject) => {
    given.signal.addEventListener('abort', () => {
      reject(given.signal.reason as Error);
    });
  });
  void child.exited.then(async ({ code, signal }) => {
    const how = signal === null ? `code ${String(code)}` : signal;
    given.abort(new Error(`${spec.name} ended (${how}): ${await lastLines(logFile)}`));
  });
  try {
    await Promise.race([spec.whenReady(child, given.signal), aborted]);
  } finally {
    clearTimeout(timer);
    aborted.catch(() => {});
    given.abort();
  }
}
