import { readdirSync, readFileSync } from 'node:fs';

/**
 * Memory of these processes, of all that they started, of this one, and of every deployed component, in MB:
 * the proportional set size, in which memory that processes share counts once.
 */
export function totalMemoryMb(
  roots: readonly number[],
  isComponent: (marker: string) => boolean,
): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(processes.map((pid) => [pid, parentOf(pid)]));
  const counted = new Set([
    ...roots,
    process.pid,
    ...processes.filter((pid) => isComponent(markerOf(pid))),
  ]);
  let grew = true;
  while (grew) {
    grew = false;
    for (const [pid, parent] of parents) {
      if (counted.has(pid) || !counted.has(parent)) continue;
      counted.add(pid);
      grew = true;
    }
  }
  return [...counted].reduce((sum, pid) => sum + proportionalKb(pid), 0) / 1024;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(read(pid, 'status'))?.[1] ?? 0);
}

function markerOf(pid: number): string {
  const name = 'CTC_INSTANCE=';
  const entry = read(pid, 'environ')
    .split('\0')
    .find((one) => one.startsWith(name));
  return entry?.slice(name.length) ?? '';
}

function proportionalKb(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended, or is somebody else's.
  }
}
