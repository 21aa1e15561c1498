import type { ChangeState } from '../change/life-cycle.ts';
import { formatUtc } from '../format-utc.ts';
import type { ExpectedDuration } from './durations.ts';
import type { Scenario } from './scenario.ts';

/** All instants are ISO strings, of the time that was skipped through. */
export interface RehearsedEntry {
  readonly at: string;
  readonly actor: string;
  readonly event: string;
  readonly from: ChangeState | null;
  readonly to: ChangeState | null;
  readonly message: string;
  /** Who would be told of it. */
  readonly told: readonly string[];
}

export interface ScenarioRun {
  readonly scenario: Scenario;
  /** The scenario in words. */
  readonly name: string;
  /** The state that it ends in, or stands in when nothing more happens by itself. */
  readonly outcome: ChangeState;
  /** Whether it came to an end by itself. */
  readonly ended: boolean;
  /** What it waits for where it did not. */
  readonly waitsFor: string | null;
  /** When its work began; null where it never did. */
  readonly beganAt: string | null;
  readonly endedAt: string | null;
  /** When it began to lead back; null where it did not. */
  readonly rolledBackFrom: string | null;
  /** Of its own last window: it may have moved to the next of its series. */
  readonly windowClosesAt: string;
  /** The last word on each datacentre. */
  readonly sites: Readonly<Record<string, string>>;
  readonly timeline: readonly RehearsedEntry[];
}

export interface RehearsalFacts {
  readonly revision: number;
  readonly planHash: string;
  readonly windowOpensAt: string;
  readonly windowClosesAt: string;
  readonly durations: readonly ExpectedDuration[];
  /** Found before anything ran, such as approvals that would be refused. */
  readonly findings: readonly string[];
  /** Of a runbook: the step behind which there is no way back, in words. */
  readonly pointOfNoReturn?: { readonly step: string; readonly name: string };
}

export interface RehearsalReport {
  readonly revision: number;
  readonly planHash: string;
  readonly rehearsedAt: string;
  readonly window: { readonly opensAt: string; readonly closesAt: string };
  readonly expected: RehearsedLength | null;
  readonly worst: RehearsedLength | null;
  readonly pointOfNoReturn: { readonly at: string; readonly because: string } | null;
  readonly durations: readonly ExpectedDuration[];
  readonly findings: readonly string[];
  readonly scenarios: readonly ScenarioRun[];
  readonly summary: string;
}

export interface RehearsedLength {
  readonly scenario: string;
  readonly outcome: ChangeState;
  /** From the beginning of the work to its end; null where it does not end by itself. */
  readonly seconds: number | null;
  readonly endsAt: string | null;
  /** What is left of the window then; negative when it ends too late. */
  readonly spareSeconds: number | null;
}

/** What the runs of a rehearsal say about its change. */
export function reportRehearsal(
  facts: RehearsalFacts,
  runs: readonly ScenarioRun[],
  rehearsedAt: string,
): RehearsalReport {
  const lengths = runs.map(lengthOf);
  const asExpected = runs.findIndex(({ scenario }) => scenario.kind === 'as-expected');
  const expected = lengths[asExpected] ?? null;
  // What never began is no measure of the work's length.
  const worst =
    lengths
      .filter((_, index) => runs[index]?.beganAt !== null)
      .toSorted((a, b) => (a.spareSeconds ?? -Infinity) - (b.spareSeconds ?? -Infinity))[0] ?? null;
  const findings = [...facts.findings, ...runs.flatMap(findingsOf)];
  return {
    revision: facts.revision,
    planHash: facts.planHash,
    rehearsedAt,
    window: { opensAt: facts.windowOpensAt, closesAt: facts.windowClosesAt },
    expected,
    worst,
    pointOfNoReturn: pointOfNoReturnOf(facts, runs),
    durations: facts.durations,
    findings,
    scenarios: runs,
    summary: [
      expected === null ? undefined : `Expected: ${describeLength(expected)}.`,
      worst === null || worst.scenario === expected?.scenario
        ? undefined
        : `Worst: ${describeLength(worst)} (${worst.scenario}).`,
      findings.length === 0
        ? `${runs.length} scenarios, and nothing to mend.`
        : `${runs.length} scenarios; ${findings.length} to look at: ${findings.join('; ')}.`,
    ]
      .filter((words) => words !== undefined)
      .join(' '),
  };
}

function lengthOf({
  name,
  outcome,
  beganAt,
  endedAt,
  windowClosesAt,
}: ScenarioRun): RehearsedLength {
  const between = (from: string, to: string): number =>
    Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return {
    scenario: name,
    outcome,
    seconds: beganAt === null || endedAt === null ? null : between(beganAt, endedAt),
    endsAt: endedAt,
    spareSeconds: endedAt === null ? null : between(endedAt, windowClosesAt),
  };
}

/** What somebody should mend, or know, before the night. */
function findingsOf(run: ScenarioRun): string[] {
  const { name, ended, waitsFor, endedAt, beganAt, windowClosesAt, outcome } = run;
  if (!ended)
    return [`when ${name}, it stays ${outcome}${waitsFor === null ? '' : `: ${waitsFor}`}`];
  if (beganAt !== null && endedAt !== null && endedAt > windowClosesAt) {
    const lateMs = Date.parse(endedAt) - Date.parse(windowClosesAt);
    return [`when ${name}, it ends ${formatLength(lateMs)} after its window (${outcome})`];
  }
  if (run.scenario.kind === 'as-expected' && outcome !== 'completed') {
    const last = run.timeline.findLast(({ to }) => to === outcome);
    return [`when ${name}, it ends ${outcome}${last === undefined ? '' : `: ${last.message}`}`];
  }
  return [];
}

/**
 * A release can be led back at any time; after this instant it no longer ends within the window. Of a runbook
 * it is the step that says so.
 */
function pointOfNoReturnOf(
  facts: RehearsalFacts,
  runs: readonly ScenarioRun[],
): RehearsalReport['pointOfNoReturn'] {
  const { pointOfNoReturn, windowClosesAt } = facts;
  if (pointOfNoReturn !== undefined) {
    const expected = runs.find(({ scenario }) => scenario.kind === 'as-expected');
    const begun = expected?.timeline.find(
      ({ event, message }) =>
        event === 'start-step' && message.includes(`"${pointOfNoReturn.step}"`),
    );
    return begun === undefined
      ? null
      : {
          at: begun.at,
          because: `${pointOfNoReturn.name} begins, as expected; nothing leads back from it`,
        };
  }
  const longest = runs
    .flatMap(({ name, rolledBackFrom, endedAt }) =>
      rolledBackFrom === null || endedAt === null
        ? []
        : [{ name, ms: Date.parse(endedAt) - Date.parse(rolledBackFrom) }],
    )
    .toSorted((a, b) => b.ms - a.ms)[0];
  if (longest === undefined) return null;
  return {
    at: new Date(Date.parse(windowClosesAt) - longest.ms).toISOString(),
    because: `a rollback that begins later does not end within the window: the longest took ${formatLength(longest.ms)} (${longest.name})`,
  };
}

function describeLength({ seconds, endsAt, spareSeconds, outcome }: RehearsedLength): string {
  if (seconds === null || endsAt === null || spareSeconds === null) return `ends ${outcome}`;
  const spare =
    spareSeconds >= 0
      ? `${formatLength(spareSeconds * 1000)} before its window closes`
      : `${formatLength(-spareSeconds * 1000)} too late`;
  return `${outcome} after ${formatLength(seconds * 1000)}, at ${formatUtc(Date.parse(endsAt))}, ${spare}`;
}

/** `1 h 05 min`, `12 min`, `45 s`. */
export function formatLength(ms: number): string {
  const allSeconds = Math.round(ms / 1000);
  if (allSeconds < 120) return `${allSeconds} s`;
  const allMinutes = Math.round(allSeconds / 60);
  if (allMinutes < 60) return `${allMinutes} min`;
  return `${Math.floor(allMinutes / 60)} h ${String(allMinutes % 60).padStart(2, '0')} min`;
}
