import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { bootId, findMarked, isAlive, portsInUse, readStat, residentBytes } from './proc.ts';

it('tells a process from every other one by start time, boot and marker', async () => {
  const marker = `test/${process.pid}/identity`;
  const child = spawn('sleep', ['600'], { env: { ...process.env, CTC_INSTANCE: marker } });
  const pid = child.pid!;
  const identity = { pid, startTicks: readStat(pid)!.startTicks, bootId: bootId() };
  expect(isAlive(identity, marker)).toBe(true);
  expect(isAlive({ ...identity, startTicks: '1' }, marker)).toBe(false);
  expect(isAlive({ ...identity, bootId: 'another boot' }, marker)).toBe(false);
  expect(isAlive(identity, `${marker}/other`)).toBe(false);
  expect(isAlive({ ...identity, pid: 0 }, marker)).toBe(false);
  expect(findMarked(marker).map((found) => found.pid)).toEqual([pid]);
  expect(residentBytes(pid)).toBeGreaterThan(0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity, marker)).toBe(false);
  expect(findMarked(marker)).toEqual([]);
});

it('takes a zombie for dead', async () => {
  // The shell becomes a program that never asks how its child ended; only then the child ends.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 601'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  const programOf = async () => (await readFile(`/proc/${parent.pid!}/comm`, 'utf8')).trim();
  await expect.poll(programOf, { timeout: 60_000 }).toBe('sleep');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => readStat(pid)?.state, { timeout: 60_000 }).toBe('Z');
  const { startTicks } = readStat(pid)!;
  expect(isAlive({ pid, startTicks, bootId: bootId() }, '')).toBe(false);
  parent.kill('SIGKILL');
});

it('sees the ports that programs listen on', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(portsInUse()).toContain((server.address() as AddressInfo).port);
  server.close();
});
