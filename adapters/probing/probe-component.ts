import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ProbeRequest, ProbeSample } from '../../domain/deployment/ports.ts';
import type { Answer, GetOptions } from './http-get.ts';
import { parseServerTiming } from './server-timing.ts';

/** Requests under way at once; past this the next one waits. */
const mostInFlight = 100;

/**
 * Sends the requests at a fixed pace whether or not earlier ones were answered, as users do: waiting for a
 * slow answer before asking again would hide how many are slow.
 */
export async function probeComponent(
  request: ProbeRequest,
  ask: (path: string, options: GetOptions) => Promise<Answer>,
  { signal, onProgress }: CallOptions,
): Promise<ProbeSample[]> {
  const { component, samples: total, intervalMs, timeoutMs } = request;
  const samples: ProbeSample[] = [];
  const inFlight = new Set<Promise<void>>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const probe = async (index: number): Promise<void> => {
    const at = new Date().toISOString();
    const answer = await ask(request.path, { timeoutMs, signal });
    samples[index] = {
      component,
      at,
      ok: answer.status !== undefined && answer.status >= 200 && answer.status < 400,
      durationMs: answer.durationMs,
      detail: answer.detail,
      hops: parseServerTiming(answer.serverTiming),
    };
    done += 1;
    onProgress?.({ done, total });
  };
  let done = 0;
  const begun = performance.now();
  for (let index = 0; index < total; index += 1) {
    const waitMs = begun + index * intervalMs - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    if (inFlight.size >= mostInFlight) await Promise.race([...inFlight, failure.promise]);
    const sample: Promise<void> = probe(index)
      .catch((error: unknown) => failure.reject(error))
      .finally(() => inFlight.delete(sample));
    inFlight.add(sample);
  }
  await Promise.race([Promise.all(inFlight), failure.promise]);
  signal?.throwIfAborted();
  return samples;
}

/** No component is data too: none of its requests was answered. */
export function unansweredSamples(
  { component, samples: total }: ProbeRequest,
  detail: string,
  { onProgress }: CallOptions,
): ProbeSample[] {
  const at = new Date().toISOString();
  onProgress?.({ done: total, total });
  return Array.from({ length: total }, () => ({
    component,
    at,
    ok: false,
    durationMs: 0,
    detail,
    hops: [],
  }));
}
