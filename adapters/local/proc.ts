import { readFileSync, readdirSync } from 'node:fs';

/** A process that cannot be confused with a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks between boot and start. */
  readonly startTicks: string;
  readonly bootId: string;
}

export interface ProcessStat {
  readonly state: string;
  readonly processGroup: number;
  readonly startTicks: string;
  readonly cpuSeconds: number;
}

export interface MarkedProcess extends ProcessIdentity {
  readonly marker: string;
  readonly processGroup: number;
}

export const markerVariable = 'CTC_INSTANCE';

/** Linux reports CPU time to programs in hundredths of a second, whatever the kernel's own tick is. */
const ticksPerSecond = 100;

let knownBootId: string | undefined;

/** Start times only mean something within one boot. */
export function bootId(): string {
  return (knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

/** Undefined when there is no such process. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  if (text === undefined) return undefined;
  // The command's name stands in parentheses and may hold anything, also spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  return {
    state: field(3),
    processGroup: Number(field(5)),
    startTicks: field(22),
    cpuSeconds: (Number(field(14)) + Number(field(15))) / ticksPerSecond,
  };
}

/** Resident memory; undefined when the process is gone. */
export function residentBytes(pid: number): number | undefined {
  // status counts in kB; statm in pages, whose size differs between machines and is not in /proc.
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** What the process was marked with at its start; undefined for strangers and for zombies. */
export function markerOf(pid: number): string | undefined {
  const prefix = `${markerVariable}=`;
  return readProc(pid, 'environ')
    ?.split('\0')
    .find((entry) => entry.startsWith(prefix))
    ?.slice(prefix.length);
}

/**
 * Whether exactly this process still runs. A zombie is dead: nobody may ever reap it when its worker died
 * in a container whose first process does not.
 */
export function isAlive(identity: ProcessIdentity, marker: string): boolean {
  if (identity.pid <= 0 || identity.bootId !== bootId()) return false;
  const stat = readStat(identity.pid);
  return (
    stat !== undefined &&
    !isDeadState(stat.state) &&
    stat.startTicks === identity.startTicks &&
    markerOf(identity.pid) === marker
  );
}

/** Every living process whose marker begins with `prefix`. */
export function findMarked(prefix: string): MarkedProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const marker = markerOf(pid);
    if (!marker?.startsWith(prefix)) return [];
    const stat = readStat(pid);
    if (stat === undefined || isDeadState(stat.state)) return [];
    const { startTicks, processGroup } = stat;
    return [{ pid, marker, processGroup, startTicks, bootId: bootId() }];
  });
}

/** Local TCP ports that cannot be listened on now. */
export function portsInUse(): Set<number> {
  const waiting = '06'; // TIME_WAIT does not hinder a listener
  const ports = new Set<number>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readOptional(file)?.split('\n').slice(1) ?? []) {
      const [, local, , state] = line.trim().split(/\s+/);
      const port = local?.split(':').at(-1);
      if (port !== undefined && state !== waiting) ports.add(Number.parseInt(port, 16));
    }
  }
  return ports;
}

function isDeadState(state: string): boolean {
  return state === 'Z' || state === 'X' || state === 'x';
}

function readProc(pid: number, file: string): string | undefined {
  return readOptional(`/proc/${pid}/${file}`);
}

/** Processes end while one reads about them, and those of other users are not ours to read. */
function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM')
      return undefined;
    throw error;
  }
}
