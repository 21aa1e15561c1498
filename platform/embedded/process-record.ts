import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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

function describe(name: string, pid: number, stopSignal: NodeJS.Signals): ProcessRecord | undefined {
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
  const record = describe(name, pid, stopSignal);
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

async function readRecordFile(file: string): Promise<ProcessRecord | undefined> {
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

/**
 * Makes this process the only holder of a name in the directory. Answers with the holder when another
 * running process has it; takes over from one that is gone, also when several try at the same moment.
 */
export async function holdAlone(
  directory: string,
  name: string,
): Promise<{ held: true; release(): Promise<void> } | { held: false; holder: ProcessRecord }> {
  const mine = describe(name, process.pid, 'SIGTERM');
  if (mine === undefined) throw new Error('This process cannot read its own start time.');
  const file = recordPath(directory, name);
  const temporary = await writeTemporary(directory, mine);
  try {
    for (;;) {
      try {
        await link(temporary, file); // fails when the name is taken: the one atomic step
        return { held: true, release: async () => rm(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await readRecordFile(file);
      if (holder !== undefined && isRunning(holder)) return { held: false, holder };
      await removeStale(file, holder);
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Two may find the same dead holder. Moving the file away is atomic, so each looks at what it really moved:
 * when the other was faster and that is its fresh hold, it is put back.
 */
async function removeStale(file: string, stale: ProcessRecord | undefined): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readRecordFile(aside);
  const movedALiveOne = moved !== undefined && moved.pid !== stale?.pid && isRunning(moved);
  if (movedALiveOne) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}
