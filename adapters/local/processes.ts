import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that a later one with the same number is not mistaken for. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot. */
  readonly startTime: string;
}

/** The variable by which a driver knows the processes that are its own, whoever started them. */
export const markerVariable = 'CTC_INSTANCE';

const pageBytes = 4096;
const ticksPerSecond = 100;

interface ProcessStat {
  readonly parent: number;
  readonly state: string;
  readonly startTime: string;
  readonly cpuSeconds: number;
}

/** Undefined when there is no such process. */
function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in parentheses may hold anything, blanks and parentheses included.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    startTime: fields[19] ?? '',
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

/** When a process that was just started began, even if it has ended already and nobody has reaped it. */
export function startTimeOf(pid: number): string {
  return readStat(pid)?.startTime ?? '';
}

/** The identity of a process that lives; a zombie does not. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat === undefined || stat.state === 'Z' ? undefined : { pid, startTime: stat.startTime };
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identify(pid)?.startTime === startTime;
}

/** Who started it; 0 when it is gone. */
export function parentOf(pid: number): number {
  return readStat(pid)?.parent ?? 0;
}

/** Memory and processor time, while it lives. */
export function usage(
  process: ProcessIdentity,
): { readonly memoryBytes: number; readonly cpuSeconds: number } | undefined {
  const stat = readStat(process.pid);
  if (stat?.startTime !== process.startTime) return undefined;
  try {
    const resident = Number(readFileSync(`/proc/${process.pid}/statm`, 'utf8').split(' ')[1]);
    return { memoryBytes: resident * pageBytes, cpuSeconds: stat.cpuSeconds };
  } catch {
    return undefined;
  }
}

export interface MarkedProcess extends ProcessIdentity {
  readonly marker: string;
}

/** Living processes whose marker begins with `prefix`; those of other users cannot be read and are not ours. */
export function findMarked(prefix: string): MarkedProcess[] {
  const wanted = `${markerVariable}=${prefix}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      let environment: string;
      try {
        environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      } catch {
        return [];
      }
      const entry = environment.split('\0').find((one) => one.startsWith(wanted));
      const identity = entry === undefined ? undefined : identify(Number(name));
      return entry === undefined || identity === undefined
        ? []
        : [{ ...identity, marker: entry.slice(markerVariable.length + 1) }];
    });
}

const termGraceMs = 3_000;
const killGraceMs = 5_000;
const pollMs = 20;

/**
 * Ends a process and its group, politely first, and waits until it is gone. A process that only has the
 * same number is left alone.
 */
export async function endProcess(process: ProcessIdentity): Promise<void> {
  for (const [signal, graceMs] of [
    ['SIGTERM', termGraceMs],
    ['SIGKILL', killGraceMs],
  ] as const) {
    if (!isAlive(process)) return;
    signalGroup(process.pid, signal);
    const deadline = performance.now() + graceMs;
    while (isAlive(process) && performance.now() < deadline) await delay(pollMs);
  }
  if (isAlive(process)) throw new Error(`Process ${process.pid} does not end.`);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group: it is not its leader; or it has just ended.
    }
  }
}
