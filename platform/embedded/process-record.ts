import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A process as it can be found again: a number alone is not enough, because the system gives it to another
 * process later. The mark is the time it started, so that we never signal a stranger.
 */
export interface ProcessRecord {
  readonly pid: number;
  readonly mark: string;
  /** For the reader of the file. */
  readonly name: string;
  /** What asks the process to end in good order. */
  readonly stopSignal: NodeJS.Signals;
}

/** The start mark of a running process; undefined when there is none (or only its zombie). */
export function processMark(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid.toString()}/stat`, 'utf8');
      // The second field is the name in brackets and may hold spaces and brackets itself.
      const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || state === 'X') return undefined;
      return `${bootId()}:${rest[18] ?? ''}`; // field 22: start time in clock ticks since boot
    } catch {
      return undefined;
    }
  }
  try {
    const shown = execFileSync('ps', ['-o', 'lstart=', '-p', pid.toString()], { encoding: 'utf8' });
    return shown.trim() || undefined;
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;
function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

export function isRunning(record: Pick<ProcessRecord, 'pid' | 'mark'>): boolean {
  return processMark(record.pid) === record.mark;
}

const recordPath = (directory: string, name: string) => path.join(directory, `${name}.json`);

export function describeProcess(
  name: string,
  pid: number,
  stopSignal: NodeJS.Signals,
): ProcessRecord | undefined {
  const mark = processMark(pid);
  return mark === undefined ? undefined : { name, pid, mark, stopSignal };
}

/** Remembers a child so that a later start can end it should we be killed before we end it ourselves. */
export async function recordProcess(
  directory: string,
  name: string,
  pid: number,
  stopSignal: NodeJS.Signals,
): Promise<void> {
  const record = describeProcess(name, pid, stopSignal);
  if (record === undefined) return;
  const temporary = await writeTemporary(directory, record);
  await rename(temporary, recordPath(directory, name));
}

async function writeTemporary(directory: string, record: ProcessRecord): Promise<string> {
  await mkdir(directory, { recursive: true });
  const temporary = path.join(directory, `.${randomUUID()}`);
  await writeFile(temporary, `${JSON.stringify(record)}\n`);
  return temporary;
}

export async function readProcessRecord(
  directory: string,
  name: string,
): Promise<ProcessRecord | undefined> {
  return readRecordFile(recordPath(directory, name));
}

/** Undefined when the file is absent or does not hold a record. */
export async function readRecordFile(file: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
  } catch {
    return undefined; // absent, or half written by a machine that lost its power: nothing to go by
  }
}

export async function forgetProcess(directory: string, name: string): Promise<void> {
  await rm(recordPath(directory, name), { force: true });
}

/**
 * Ends what a killed supervisor left behind under this name, and forgets it. Does nothing to a process that
 * merely has the same number. Returns the number it ended.
 */
export async function stopLeftOver(
  directory: string,
  name: string,
  graceMs = 15_000,
): Promise<number | undefined> {
  const record = await readProcessRecord(directory, name);
  if (record === undefined) return undefined;
  const stopped = isRunning(record);
  if (stopped) {
    signal(record, record.stopSignal);
    if (!(await waitUntilGone(record, graceMs))) {
      signal(record, 'SIGKILL');
      await waitUntilGone(record, graceMs);
    }
  }
  await forgetProcess(directory, name);
  return stopped ? record.pid : undefined;
}

function signal(record: ProcessRecord, name: NodeJS.Signals): void {
  try {
    if (isRunning(record)) process.kill(record.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Polls, because the process is not our child any more and so cannot be waited for. */
async function waitUntilGone(record: ProcessRecord, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isRunning(record)) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}
