import { covers, type Grant, type Target } from '../access/grants.ts';
import { mostMatched } from './matching.ts';
import type { ApproverGroup, PolicyStep } from './policy.ts';
import type { PolicyTerms } from './terms.ts';

/** Somebody who could decide, as the access register has them at that moment. */
export interface Approver {
  readonly id: string;
  readonly grants: readonly Grant[];
}

/** For which quorums a signature counts, and which policies give a veto: taken down when it is given. */
export interface Seats {
  /** `policy/step/0`: the place of the quorum within `anyOf`. */
  readonly quorums: readonly string[];
  readonly vetoes: readonly string[];
  /** Counts for everything: a template's, whose own approval was given beforehand. */
  readonly whole?: boolean;
}

export interface GivenDecision {
  readonly by: string;
  /** In whose place, where it was delegated. */
  readonly onBehalfOf: string | null;
  readonly decision: 'approved' | 'rejected';
  readonly seats: Seats;
}

export interface StepStanding {
  readonly policy: string;
  readonly step: string;
  /** Whose signatures count for it so far. */
  readonly given: readonly string[];
  readonly isMet: boolean;
  /** An earlier step comes first. */
  readonly isLater: boolean;
}

export interface Standing {
  readonly outcome: 'open' | 'approved' | 'rejected';
  readonly steps: readonly StepStanding[];
}

export function seatsOf(
  policies: readonly PolicyTerms[],
  target: Target,
  approver: Approver,
): Seats {
  return {
    quorums: policies.flatMap(({ policy, steps }) =>
      steps.flatMap(({ name, anyOf }) =>
        anyOf.flatMap((group, at) =>
          isOf(group, approver, target) ? [quorumKey(policy, name, at)] : [],
        ),
      ),
    ),
    vetoes: policies.flatMap(({ policy, veto }) =>
      veto !== undefined && isOf(veto, approver, target) ? [policy] : [],
    ),
  };
}

/** Whether somebody is one of a group for what the change touches. */
export function isOf(
  { roles, people, departments }: ApproverGroup,
  approver: Approver,
  target: Target,
): boolean {
  const where = departments === undefined ? target : { ...target, departments };
  return (
    people.includes(approver.id) ||
    approver.grants.some((grant) => roles.includes(grant.role) && covers(grant, where))
  );
}

/** Every quorum of the policies: what one who signs for all of them signs. */
export function allQuorums(policies: readonly PolicyTerms[]): string[] {
  return policies.flatMap(({ policy, steps }) =>
    steps.flatMap(({ name, anyOf }) => anyOf.map((_, at) => quorumKey(policy, name, at))),
  );
}

/** Whether somebody could sign a step, whoever else has signed. */
export function maySign(
  policies: readonly PolicyTerms[],
  target: Target,
  approver: Approver,
  { policy, step }: Pick<StepStanding, 'policy' | 'step'>,
): boolean {
  const terms = policies.filter((one) => one.policy === policy);
  const steps = terms.flatMap((one) => one.steps.filter(({ name }) => name === step));
  return steps.some(({ anyOf }) => anyOf.some((group) => isOf(group, approver, target)));
}

/**
 * How the decisions stand. Every policy must be met by itself; within one policy a person's signature counts
 * once, however many roles they have. One rejection by somebody who may ends it.
 */
export function standingOf(
  policies: readonly PolicyTerms[],
  decisions: readonly GivenDecision[],
): Standing {
  const rejected = decisions.some(
    ({ decision, seats }) =>
      decision === 'rejected' && seats.quorums.length + seats.vetoes.length > 0,
  );
  const approvals = decisions.filter(({ decision }) => decision === 'approved');
  const steps = policies.flatMap((terms) =>
    terms.inOrder ? inOrder(terms, approvals) : inAnyOrder(terms, approvals),
  );
  // Nothing asked is nothing given: a plan without any step is not approved by itself.
  const met =
    approvals.some(({ seats }) => seats.whole === true) ||
    (steps.length > 0 && steps.every(({ isMet }) => isMet));
  return { outcome: rejected ? 'rejected' : met ? 'approved' : 'open', steps };
}

/**
 * Whether one more approval would bring a policy further, and none would lose it: people sign a plan once, so
 * whoever is asked later by a policy in order waits for that turn.
 */
export function wouldCount(
  policies: readonly PolicyTerms[],
  decisions: readonly GivenDecision[],
  seats: Seats,
): boolean {
  const candidate: GivenDecision = {
    by: '',
    onBehalfOf: null,
    decision: 'approved',
    seats,
  };
  const approvals = decisions.filter(({ decision }) => decision === 'approved');
  if (policies.some((terms) => isBeforeItsTurn(terms, approvals, seats))) return false;
  return policies.some((terms) => {
    const before = progressOf(terms, approvals);
    const after = progressOf(terms, [...approvals, candidate]);
    return after.some((count, way) => count > (before[way] ?? 0));
  });
}

function isBeforeItsTurn(
  terms: PolicyTerms,
  approvals: readonly GivenDecision[],
  { quorums }: Seats,
): boolean {
  if (!terms.inOrder) return false;
  const { current } = inTurn(terms, approvals);
  const isSeatedIn = ({ name, anyOf }: PolicyStep): boolean =>
    anyOf.some((_, at) => quorums.includes(quorumKey(terms.policy, name, at)));
  if (current === undefined || isSeatedIn(current)) return false;
  return terms.steps.slice(terms.steps.indexOf(current) + 1).some(isSeatedIn);
}

function quorumKey(policy: string, step: string, at: number): string {
  return `${policy}/${step}/${at}`;
}

function signer({ by, onBehalfOf }: GivenDecision): string {
  return onBehalfOf ?? by;
}

/** Every choice of one quorum for each step. */
function waysThrough(steps: readonly PolicyStep[]): number[][] {
  return steps.reduce<number[][]>(
    (ways, { anyOf }) => ways.flatMap((way) => anyOf.map((_, at) => [...way, at])),
    [[]],
  );
}

/** The places of one way that signatures fill: a step and one of its quorum each. */
function placesOf({ policy, steps }: PolicyTerms, way: readonly number[]) {
  return steps.flatMap(({ name, anyOf }, index) => {
    const at = way[index] ?? 0;
    const key = quorumKey(policy, name, at);
    return Array.from({ length: anyOf[at]?.quorum ?? 0 }, () => ({ step: name, key }));
  });
}

/** Signatures that fill places, as many as can, in one way. */
function filled(terms: PolicyTerms, way: readonly number[], approvals: readonly GivenDecision[]) {
  const places = placesOf(terms, way);
  const taken = mostMatched(
    approvals.map(({ seats }) =>
      places.flatMap(({ key }, place) => (seats.quorums.includes(key) ? [place] : [])),
    ),
  );
  return { places, taken };
}

function inAnyOrder(terms: PolicyTerms, approvals: readonly GivenDecision[]): StepStanding[] {
  const ways = waysThrough(terms.steps).map((way) => filled(terms, way, approvals));
  const missing = ({ places, taken }: (typeof ways)[number]): number => places.length - taken.size;
  const best = ways.toSorted((a, b) => missing(a) - missing(b))[0];
  return terms.steps.map(({ name }) => {
    const places = best?.places.flatMap(({ step }, at) => (step === name ? [at] : [])) ?? [];
    const given = places.flatMap((place) => {
      const at = best?.taken.get(place);
      const one = at === undefined ? undefined : approvals[at];
      return one === undefined ? [] : [signer(one)];
    });
    return {
      policy: terms.policy,
      step: name,
      given,
      isMet: places.length > 0 && given.length === places.length,
      isLater: false,
    };
  });
}

/** Steps in their order, until one is not met; `left` are the signatures that its turn has seen. */
function inTurn(terms: PolicyTerms, approvals: readonly GivenDecision[]) {
  const met: GivenDecision[][] = [];
  let left = approvals;
  for (const step of terms.steps) {
    const full = firstQuorum(terms.policy, step, left);
    if (full === undefined) return { met, current: step, left };
    met.push(full);
    // A later step is signed later: what was given before its turn does not count for it.
    const last = full.at(-1);
    if (last !== undefined) left = left.slice(left.indexOf(last) + 1);
  }
  return { met, current: undefined, left };
}

/** The first step that is not met takes the next signature. */
function inOrder(terms: PolicyTerms, approvals: readonly GivenDecision[]): StepStanding[] {
  const { met, current, left } = inTurn(terms, approvals);
  return terms.steps.map((step, index) => {
    const given = met[index] ?? (step === current ? mostOf(terms.policy, step, left) : []);
    return {
      policy: terms.policy,
      step: step.name,
      given: given.map((one) => signer(one)),
      isMet: index < met.length,
      isLater: index > met.length,
    };
  });
}

/** The signatures of whichever quorum was full first. */
function firstQuorum(
  policy: string,
  { name, anyOf }: PolicyStep,
  approvals: readonly GivenDecision[],
): GivenDecision[] | undefined {
  const full = anyOf.flatMap(({ quorum }, at) => {
    const fitting = approvals
      .filter(({ seats }) => seats.quorums.includes(quorumKey(policy, name, at)))
      .slice(0, quorum);
    const last = fitting.at(-1);
    return fitting.length === quorum && last !== undefined
      ? [{ fitting, until: approvals.indexOf(last) }]
      : [];
  });
  return full.toSorted((a, b) => a.until - b.until)[0]?.fitting;
}

function mostOf(
  policy: string,
  { name, anyOf }: PolicyStep,
  approvals: readonly GivenDecision[],
): GivenDecision[] {
  return anyOf
    .map((_, at) =>
      approvals.filter(({ seats }) => seats.quorums.includes(quorumKey(policy, name, at))),
    )
    .reduce<GivenDecision[]>((most, given) => (given.length > most.length ? given : most), []);
}

/** How far each way has come: what one more signature must add to in order to count. */
function progressOf(terms: PolicyTerms, approvals: readonly GivenDecision[]): number[] {
  if (!terms.inOrder) {
    return waysThrough(terms.steps).map((way) => filled(terms, way, approvals).taken.size);
  }
  // A step that becomes met counts for more than any signature of it.
  const { met, current, left } = inTurn(terms, approvals);
  const done = met.length * 100;
  if (current === undefined) return [done];
  return current.anyOf.map(
    (_, at) =>
      done +
      left.filter(({ seats }) => seats.quorums.includes(quorumKey(terms.policy, current.name, at)))
        .length,
  );
}
