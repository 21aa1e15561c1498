import type { Placement, PredictedNfrs, RankedPlacement } from '../placement/simulation.ts';
import { formatUtc } from '../format-utc.ts';
import type { CorrectionWay, EvacuationRate, GuardianPolicy } from './policy.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** When nothing says sooner or later, a wait looks again after this. */
const lookAgainMs = 15 * minuteMs;

/** What Optimus answered about one way out, and how old its figures were. */
export interface SimulatedWay {
  readonly way: CorrectionWay;
  readonly release: string;
  readonly measuredAtMs: number;
  readonly simulatedAtMs: number;
  /** By rising cost, each meeting every requirement; empty when none does. */
  readonly placements: readonly RankedPlacement[];
  /** Why there is none. */
  readonly contradictions: readonly string[];
}

/** A correction that was begun before. */
export interface Move {
  readonly begunAtMs: number;
  /** Null while it is under way. */
  readonly endedAtMs: number | null;
  /** Whether what runs now is what it led to. */
  readonly completed: boolean;
  /** Datacentres that the application left for good. */
  readonly left: readonly string[];
  /** `component@datacentre` of replicas that left. */
  readonly leftReplicas: readonly string[];
}

export interface CorrectionFacts {
  readonly nowMs: number;
  readonly policy: GuardianPolicy;
  /** Violated requirements that there is data for, in words; without one nothing is moved. */
  readonly violations: readonly string[];
  readonly current: {
    readonly release: string;
    readonly placement: Placement;
    /** Null when it is not known. */
    readonly monthlyCost: number | null;
    /** A rollback by the guardian brought it about. */
    readonly byRollBack: boolean;
  };
  readonly simulated: readonly SimulatedWay[];
  readonly moves: readonly Move[];
  /** Automation is held since a rollback, until when at the latest. */
  readonly hold: { readonly sinceMs: number; readonly untilMs: number | null } | null;
  /** Another change of the application that is under way. */
  readonly otherChange: string | null;
  readonly evacuation: EvacuationRate & {
    readonly underWay: number;
    /** When the company's corrections of the last hour were begun. */
    readonly begunAtMs: readonly number[];
  };
}

export type Correction =
  | { readonly way: 'wait'; readonly because: string; readonly untilMs: number }
  | {
      readonly way: CorrectionWay;
      readonly because: string;
      readonly release: string;
      readonly placement: Placement;
      readonly predicted: PredictedNfrs;
      readonly rank: number;
      readonly needsApproval: boolean;
    };

interface Option {
  readonly way: CorrectionWay;
  readonly release: string;
  readonly best: RankedPlacement;
}

/**
 * One decision between redeploying to the best new placement, rolling back to the last verified release, and
 * waiting. Every reason to wait comes before every way to move; what is left is chosen by predicted figures,
 * cost and policy.
 */
export function decideCorrection(facts: CorrectionFacts): Correction {
  const { policy, nowMs } = facts;
  const hindrance = whatHinders(facts);
  if (hindrance !== undefined) return { way: 'wait', ...hindrance };

  const weighed = facts.simulated.map((simulated) => weigh(facts, simulated));
  const options = weighed.flatMap(({ option }) => (option === undefined ? [] : [option]));
  const chosen = choose(options, policy);
  const refusals = weighed.flatMap(({ against }) => (against === undefined ? [] : [against]));
  if (chosen === undefined) {
    return {
      way: 'wait',
      because: `no way out is open: ${refusals.join('; ') || 'nothing was simulated'}`,
      untilMs: nowMs + lookAgainMs,
    };
  }
  const full = evacuationFull(facts);
  if (full !== undefined) return { way: 'wait', ...full };

  const { way, release, best } = chosen;
  const extra = extraCostPercent(facts, best);
  const because = [
    facts.violations.join('; '),
    describeChoice(chosen, options, refusals),
    ...(extra > policy.maxExtraCostPercent
      ? [
          `it costs ${extra.toFixed(0)} % more than now, over the ${policy.maxExtraCostPercent} % allowed without asking`,
        ]
      : []),
  ].join('. ');
  if (policy.mode === 'observe' || policy.mode === 'off') {
    return {
      way: 'wait',
      because: `the policy's mode is "${policy.mode}"; otherwise: ${because}`,
      untilMs: nowMs + lookAgainMs,
    };
  }
  return {
    way,
    because,
    release,
    placement: best.placement,
    predicted: best.predicted,
    rank: best.rank,
    needsApproval:
      policy.mode === 'propose' ||
      policy.approvalFor.includes(way) ||
      extra > policy.maxExtraCostPercent,
  };
}

/** Datacentres and replicas that the application has left too lately to go back there. */
export function closedPlaces(
  moves: readonly Move[],
  { noReturnHours }: Pick<GuardianPolicy, 'noReturnHours'>,
  nowMs: number,
): { readonly datacentres: readonly string[]; readonly replicas: readonly string[] } {
  const lately = moves.filter(
    ({ begunAtMs, completed }) => completed && nowMs - begunAtMs < noReturnHours * hourMs,
  );
  return {
    datacentres: [...new Set(lately.flatMap(({ left }) => left))],
    replicas: [...new Set(lately.flatMap(({ leftReplicas }) => leftReplicas))],
  };
}

/** What a placement no longer uses of the one before. */
export function whatLeaves(
  before: Placement,
  after: Placement,
): { readonly left: string[]; readonly leftReplicas: string[] } {
  const sites = ({ assignments }: Placement): string[] => [
    ...new Set(assignments.map(({ datacentre }) => datacentre)),
  ];
  return {
    left: sites(before).filter((site) => !sites(after).includes(site)),
    leftReplicas: replicasOf(before).filter((one) => !replicasOf(after).includes(one)),
  };
}

interface Wait {
  readonly because: string;
  readonly untilMs: number;
}

function whatHinders(facts: CorrectionFacts): Wait | undefined {
  const { nowMs, policy, moves, hold, violations, otherChange } = facts;
  const wait = (because: string, untilMs: number): Wait => ({
    because,
    untilMs: Math.max(untilMs, nowMs + minuteMs / 2),
  });
  if (violations.length === 0) {
    return wait('there is no data that shows a violation', nowMs + lookAgainMs);
  }
  if (otherChange !== null) {
    return wait(`${otherChange} of this application is under way`, nowMs + minuteMs);
  }
  if (moves.some(({ endedAtMs }) => endedAtMs === null)) {
    return wait('a correction is under way', nowMs + minuteMs);
  }
  if (hold !== null && (hold.untilMs === null || hold.untilMs > nowMs)) {
    const end = hold.untilMs === null ? 'a person lifts it' : formatUtc(hold.untilMs);
    return wait(
      `automation is held since the rollback at ${formatUtc(hold.sinceMs)}, until ${end}`,
      // Lifting it wakes the guardian at once.
      hold.untilMs ?? nowMs + hourMs,
    );
  }
  const coolMs =
    Math.max(Number.NEGATIVE_INFINITY, ...moves.map(({ endedAtMs }) => endedAtMs ?? nowMs)) +
    policy.coolDownMinutes * minuteMs;
  if (coolMs > nowMs) {
    return wait(
      `the last correction has ended lately: cooling down until ${formatUtc(coolMs)}`,
      coolMs,
    );
  }
  const periodMs = policy.movesPeriodHours * hourMs;
  const counted = moves.filter(({ begunAtMs }) => nowMs - begunAtMs < periodMs);
  if (counted.length >= policy.maxMoves) {
    const oldestMs = Math.min(...counted.map(({ begunAtMs }) => begunAtMs));
    return wait(
      `${counted.length} corrections within ${policy.movesPeriodHours} h are the most allowed: a person must look`,
      oldestMs + periodMs,
    );
  }
  return undefined;
}

/** The best placement of one way that may be used, or why there is none. */
function weigh(
  facts: CorrectionFacts,
  simulated: SimulatedWay,
): { readonly option?: Option; readonly against?: string } {
  const { nowMs, policy, current, moves } = facts;
  const { way, release, measuredAtMs, simulatedAtMs } = simulated;
  const against = (reason: string): { against: string } => ({ against: `${way}: ${reason}` });
  if (way === 'roll-back') {
    if (!policy.allowRollBack) return against('the policy does not allow it');
    if (current.byRollBack) return against('what runs is a rollback, which is never rolled back');
    if (release === current.release) return against('it is the release that runs');
  } else if (release !== current.release) {
    return against(`${release} is not the release that runs`);
  }
  const oldestMs = nowMs - policy.maxInputAgeSeconds * 1000;
  if (measuredAtMs < oldestMs || simulatedAtMs < oldestMs) {
    return against(`its figures are older than ${policy.maxInputAgeSeconds} s`);
  }
  const closed = closedPlaces(moves, policy, nowMs);
  const isOpen = ({ placement }: RankedPlacement): boolean =>
    placement.assignments.length > 0 &&
    placement.assignments.every(
      ({ component, datacentre }) =>
        !closed.datacentres.includes(datacentre) &&
        !closed.replicas.includes(`${component}@${datacentre}`),
    );
  const [cheapest] = simulated.placements;
  if (cheapest === undefined) {
    return against(
      `no placement meets the requirements${simulated.contradictions.length === 0 ? '' : ` (${simulated.contradictions.join(' ')})`}`,
    );
  }
  if (way === 'redeploy' && isSame(cheapest.placement, current.placement)) {
    return against('by the measured figures the present placement is the best');
  }
  const best = simulated.placements.find(
    (one) => isOpen(one) && (way === 'roll-back' || !isSame(one.placement, current.placement)),
  );
  return best === undefined
    ? against('every placement goes back to where it has just left')
    : { option: { way, release, best } };
}

function choose(
  options: readonly Option[],
  { prefer }: Pick<GuardianPolicy, 'prefer'>,
): Option | undefined {
  const [first, second] = options;
  if (first === undefined || second === undefined) return first;
  if (prefer === 'cheaper') {
    const cost = ({ best }: Option): number => best.predicted.monthlyCost;
    return cost(second) < cost(first) ? second : first;
  }
  return options.find(({ way }) => way === prefer) ?? first;
}

/** No correction begins while the company has as many as it allows itself. */
export function evacuationFull({
  evacuation,
  nowMs,
}: Pick<CorrectionFacts, 'evacuation' | 'nowMs'>): Wait | undefined {
  const { atOnce, perHour, underWay } = evacuation;
  if (underWay >= atOnce) {
    return {
      because: `${underWay} corrections are under way in the company, the most allowed at once`,
      untilMs: nowMs + minuteMs,
    };
  }
  const lately = evacuation.begunAtMs.filter((atMs) => nowMs - atMs < hourMs);
  if (lately.length < perHour) return undefined;
  return {
    because: `${lately.length} corrections were begun in the company within an hour, the most allowed`,
    untilMs: Math.max(nowMs + minuteMs, Math.min(...lately) + hourMs),
  };
}

function extraCostPercent({ current }: CorrectionFacts, { predicted }: RankedPlacement): number {
  const { monthlyCost } = current;
  if (monthlyCost === null || monthlyCost === 0) return predicted.monthlyCost > 0 ? 100 : 0;
  return (100 * (predicted.monthlyCost - monthlyCost)) / monthlyCost;
}

function describeChoice(
  { way, release, best }: Option,
  options: readonly Option[],
  refusals: readonly string[],
): string {
  const say = ({ predicted }: RankedPlacement): string =>
    `${predicted.availabilityPercent.toFixed(3)} % available, p95 ${predicted.responseTimeP95Ms.toFixed(0)} ms, ${predicted.monthlyCost.toFixed(2)} ${predicted.currency} a month`;
  const other = options.find((option) => option.way !== way);
  return (
    `${way} ${release} is predicted ${say(best)}` +
    (other === undefined ? '' : `; ${other.way} ${other.release} would be ${say(other.best)}`) +
    (refusals.length === 0 ? '' : `; not ${refusals.join(', not ')}`)
  );
}

function replicasOf({ assignments }: Placement): string[] {
  return assignments.map(({ component, datacentre }) => `${component}@${datacentre}`);
}

function isSame(a: Placement, b: Placement): boolean {
  const names = ({ assignments }: Placement): string =>
    assignments
      .map(({ component, datacentre, offer }) => `${component}@${datacentre}/${offer}`)
      .sort()
      .join(' ');
  return names(a) === names(b);
}
