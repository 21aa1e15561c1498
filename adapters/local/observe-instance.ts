import type { ObservedInstance } from '../../domain/deployment/ports.ts';
import { httpGet } from '../probing/http-get.ts';
import type { Instance } from './instances.ts';
import { readLogTail } from './log-tail.ts';
import { isAlive, readStat, residentBytes } from './proc.ts';

const healthTimeoutMs = 2_000;

/** What is true of one replica right now: its process, and a real request to its health check. */
export async function observeInstance(
  instance: Instance,
  exitDetail: () => Promise<string>,
  signal: AbortSignal | undefined,
): Promise<ObservedInstance> {
  const { component, release, releaseDigest, url, startedAt, pid } = instance;
  const facts = { component, release, releaseDigest, url, startedAt };
  const failed = async (detail: string): Promise<ObservedInstance> => ({
    ...facts,
    state: 'failed',
    detail,
    logTail: await readLogTail(instance.logFile, instance.logOffset),
    ...usageOf(instance),
  });

  const health = isAlive(instance, instance.marker)
    ? await checkHealth(instance, signal)
    : undefined;
  // Asked after the request: another program could have answered on the port of a dead one.
  if (health === undefined || !isAlive(instance, instance.marker)) {
    return instance.stopping === 1
      ? { ...facts, state: 'starting', detail: 'stopped, to be replaced or removed' }
      : failed(await exitDetail());
  }
  if (instance.stopping === 1) {
    return { ...facts, state: 'starting', detail: `process ${pid} is being stopped` };
  }
  if (health.ok) {
    const detail = `process ${pid}: ${health.detail}`;
    return { ...facts, state: 'ready', detail, ...usageOf(instance) };
  }
  return Date.now() > Date.parse(instance.readyDeadline)
    ? failed(`process ${pid} runs but is not healthy past its ready time-out: ${health.detail}`)
    : {
        ...facts,
        state: 'starting',
        detail: `process ${pid}: ${health.detail}`,
        ...usageOf(instance),
      };
}

export async function checkHealth(
  { url, healthPath }: Instance,
  signal: AbortSignal | undefined,
): Promise<{ ok: boolean; detail: string }> {
  const { status, detail } = await httpGet(url + healthPath, {
    timeoutMs: healthTimeoutMs,
    signal,
  });
  return {
    ok: status !== undefined && status >= 200 && status < 300,
    detail: `${healthPath} answers ${detail}`,
  };
}

/** Of the process itself, without what it started; nothing once it is gone. */
function usageOf(instance: Instance): { memoryBytes?: number; cpuSeconds?: number } {
  if (!isAlive(instance, instance.marker)) return {};
  const memoryBytes = residentBytes(instance.pid);
  const cpuSeconds = readStat(instance.pid)?.cpuSeconds;
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
  };
}
