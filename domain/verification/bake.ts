import { isSoft, type Nfrs } from '../application/nfrs.ts';
import { p95 } from './judge-verification.ts';

/** What was counted at one place while a release bakes; small enough for a heartbeat. */
export interface BakeTally {
  readonly total: number;
  readonly answered: number;
  /** Of the newest answers, oldest first. */
  readonly durationsMs: readonly number[];
}

export interface BakeTallies {
  /** Looks at the datacentre; answered: all of it was ready. */
  readonly looks: BakeTally;
  /** Probes of each entry that has an address. */
  readonly entries: Readonly<Record<string, BakeTally>>;
}

/** Enough for a 95th percentile; older answers only count. */
const durationsKept = 500;

export function addSamples(
  before: BakeTally | undefined,
  samples: readonly { readonly ok: boolean; readonly durationMs: number }[],
): BakeTally {
  const { total, answered, durationsMs } = before ?? { total: 0, answered: 0, durationsMs: [] };
  const good = samples.filter(({ ok }) => ok);
  return {
    total: total + samples.length,
    answered: answered + good.length,
    durationsMs: [
      ...durationsMs,
      ...good.map(({ durationMs }) => Math.round(durationMs * 10) / 10),
    ].slice(-durationsKept),
  };
}

export function availabilityOf({ total, answered }: BakeTally): number {
  return total === 0 ? 0 : (100 * answered) / total;
}

export interface BakeVerdict {
  /** `enough`: everything was seen often enough, and holds. */
  readonly verdict: 'enough' | 'too-few' | 'violated';
  readonly detail: string;
}

/**
 * Holds what was seen against availability and response time. Probes of the entries decide where there are
 * any, else the looks at the datacentre. Without a minimum of `samples` as many are wanted as `otherwise`
 * says, which is what a verification takes: nothing passes unseen.
 */
export function bakeVerdict(
  nfrs: Pick<Nfrs, 'availability' | 'responseTime'>,
  { looks, entries }: BakeTallies,
  wanted: { readonly samples: number; readonly otherwise: number },
): BakeVerdict {
  const least = wanted.samples > 0 ? wanted.samples : wanted.otherwise;
  // What is bad enough for a verification is bad enough long before the last sample.
  const judgedFrom = Math.min(least, wanted.otherwise);
  const probed: Seen[] = Object.entries(entries);
  const seen: Seen[] = probed.length > 0 ? probed : [['readiness', looks]];
  // A soft requirement does not stop a release.
  const minPercent = isSoft(nfrs, 'availability') ? 0 : nfrs.availability.minPercent;
  const p95MaxMs = isSoft(nfrs, 'responseTime') ? Infinity : nfrs.responseTime.p95MaxMs;
  const say = (some: readonly Seen[]): string => some.map(describe).join(', ');
  const violated = seen.filter(
    ([, tally]) =>
      tally.total >= judgedFrom &&
      (availabilityOf(tally) < minPercent || (p95(tally.durationsMs) ?? 0) > p95MaxMs),
  );
  if (violated.length > 0) {
    const limits = `at least ${minPercent} %, p95 at most ${p95MaxMs} ms`;
    return { verdict: 'violated', detail: `does not hold (${limits}): ${say(violated)}` };
  }
  const few = seen.some(([, { total }]) => total < least);
  return { verdict: few ? 'too-few' : 'enough', detail: say(seen) };
}

type Seen = readonly [what: string, tally: BakeTally];

function describe([what, tally]: Seen): string {
  const slowest = p95(tally.durationsMs) ?? 0;
  const speed = slowest === 0 ? '' : `, p95 ${slowest.toFixed(0)} ms`;
  return `${what} ${tally.answered} of ${tally.total}${speed}`;
}
