import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, ProbeRequest, ProbeSample } from '../../domain/deployment/ports.ts';

/**
 * Real GET requests to one address, started `intervalMs` apart or as soon as the one before is answered.
 * Redirects are answers like any other and are not followed.
 */
export async function probeHttp(
  url: string | undefined,
  request: ProbeRequest,
  { signal, onProgress }: CallOptions,
): Promise<ProbeSample[]> {
  const samples: ProbeSample[] = [];
  let nextAtMs = performance.now();
  for (let done = 0; done < request.samples; done += 1) {
    const waitMs = nextAtMs - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    nextAtMs = Math.max(performance.now(), nextAtMs) + request.intervalMs;
    samples.push(await probeOnce(url, request));
    onProgress?.({ done: done + 1, total: request.samples });
  }
  return samples;
}

async function probeOnce(
  url: string | undefined,
  { component, path, timeoutMs }: ProbeRequest,
): Promise<ProbeSample> {
  const at = new Date().toISOString();
  const startedMs = performance.now();
  const sample = (ok: boolean, detail: string, hops: ProbeSample['hops'] = []): ProbeSample => ({
    component,
    at,
    ok,
    durationMs: performance.now() - startedMs,
    detail,
    hops,
  });
  if (url === undefined) return sample(false, 'nothing of it runs here');
  try {
    const response = await fetch(new URL(path, url), {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    return sample(
      response.ok,
      `${response.status} ${response.statusText}`.trim(),
      readServerTiming(response.headers.get('server-timing')),
    );
  } catch (error) {
    return sample(false, describe(error, timeoutMs));
  }
}

/** Hops from `Server-Timing` entries of the form `name;desc="datacentre";dur=12.3`; others are left out. */
function readServerTiming(header: string | null): ProbeSample['hops'] {
  return (header ?? '').split(',').flatMap((entry) => {
    const match = /^\s*([\w.-]+)\s*;\s*desc="?([\w.-]+)"?\s*;\s*dur=(\d+(?:\.\d+)?)\s*$/.exec(
      entry,
    );
    return match?.[1] === undefined || match[2] === undefined
      ? []
      : [{ component: match[1], datacentre: match[2], durationMs: Number(match[3]) }];
  });
}

function describe(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs} ms`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
