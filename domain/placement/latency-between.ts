import type { Latency } from './simulation.ts';

/** Round trip between two datacentres in milliseconds: 0 within one, Infinity for a pair that cannot talk. */
export function latencyBetween(
  latencies: readonly Latency[],
): (from: string, to: string) => number {
  const known = new Map(
    latencies.flatMap(({ from, to, ms }) => [
      [`${from}>${to}`, ms],
      [`${to}>${from}`, ms],
    ]),
  );
  return (from, to) => (from === to ? 0 : (known.get(`${from}>${to}`) ?? Number.POSITIVE_INFINITY));
}
