import pg from 'pg';

export function heading(text: string): void {
  console.log(`\n── ${text}`);
}

/** How long it takes, in seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'ctc-bench' });
  await client.connect();
  return client;
}

/** The value below which this share of them lies; of few values the next one up. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function spreadOf(values: readonly number[], unit = 'ms'): string {
  const at = (share: number): string => percentile(values, share).toFixed(3);
  return `p50 ${at(0.5)} ${unit}, p95 ${at(0.95)}, p99 ${at(0.99)}, worst ${at(1)}`;
}

/** The best of several runs: what the code can do, without what else the machine did. */
export function bestMs(runs: number, work: () => unknown): number {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const startedMs = performance.now();
    work();
    best = Math.min(best, performance.now() - startedMs);
  }
  return best;
}

export class Difference extends Error {}

/** Fails the benchmark when two answers are not the same set. */
export function expectSame(what: string, ours: Iterable<string>, theirs: Iterable<string>): void {
  const [a, b] = [new Set(ours), new Set(theirs)];
  const missing = [...b].filter((each) => !a.has(each));
  const extra = [...a].filter((each) => !b.has(each));
  if (missing.length === 0 && extra.length === 0) return;
  throw new Difference(
    `${what}: the engine lacks ${missing.length} (${missing.slice(0, 5).join(', ')}) and has ${extra.length} more (${extra.slice(0, 5).join(', ')}) than SQL`,
  );
}
