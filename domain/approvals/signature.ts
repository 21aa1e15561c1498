import { DomainError } from '../errors.ts';
import {
  seatsOf,
  wouldCount,
  type Approver,
  type GivenDecision,
  type Seats,
  type Standing,
} from './standing.ts';
import type { ApprovalTerms } from './terms.ts';

/** A decision that may be taken down, with what it counts for. */
export interface Signature {
  readonly onBehalfOf: string | null;
  readonly seats: Seats;
  /** As whom it counts: the approver, or whoever the approver stands in for. */
  readonly as: Approver;
}

export interface DecisionFacts {
  readonly label: string;
  readonly requester: string;
  readonly terms: ApprovalTerms;
  /** People who carry the change out, by name. */
  readonly implementers: readonly string[];
  readonly decisions: readonly GivenDecision[];
  readonly approver: Approver;
  /** Those in whose place the approver may decide now. */
  readonly delegators: readonly Approver[];
  readonly decision: 'approved' | 'rejected';
}

/**
 * For what a decision would count. Own seats come first; those of others follow in the order of the delegations.
 * @throws DomainError `refused` where it would count for nothing, or duties would not be apart.
 */
export function signatureFor(facts: DecisionFacts): Signature {
  const { label, requester, terms, decisions, approver, decision } = facts;
  if (approver.id === requester) {
    throw refusal('own-change', `${label} was requested by you: somebody else must decide on it.`);
  }
  const isTaken = (id: string): boolean =>
    decisions.some(({ by, onBehalfOf }) => id === by || id === onBehalfOf);
  const before = decisions.find(
    ({ by, onBehalfOf }) => by === approver.id || onBehalfOf === approver.id,
  );
  if (before !== undefined) {
    throw refusal(
      'already-decided',
      before.by === approver.id
        ? `You have already decided on this plan of ${label}.`
        : `${before.by} has already decided on this plan of ${label} in your place.`,
    );
  }
  // Nobody's request is approved in its requester's own name, whoever holds the pen.
  const ways = [approver, ...facts.delegators.filter(({ id }) => id !== requester && !isTaken(id))]
    .map((as) => ({
      as,
      onBehalfOf: as === approver ? null : as.id,
      seats: seatsOf(terms.policies, terms.target, as),
    }))
    .filter(({ seats }) => seats.quorums.length > 0 || decision === 'rejected');
  if (decision === 'rejected') {
    const way = ways.find(({ seats }) => seats.quorums.length + seats.vetoes.length > 0);
    if (way !== undefined) return way;
    throw notAsked(facts);
  }
  if (ways.length === 0) throw notAsked(facts);
  const { implementers } = facts;
  const apart = ways.filter(
    ({ as }) =>
      !terms.separateImplementer ||
      (!implementers.includes(as.id) && !implementers.includes(approver.id)),
  );
  if (apart.length === 0) {
    throw refusal(
      'implementer-decides',
      `You carry out ${label}, and somebody else must approve it.`,
    );
  }
  const counting = apart.find(({ seats }) => wouldCount(terms.policies, decisions, seats));
  if (counting !== undefined) return counting;
  throw refusal(
    'not-your-turn',
    `Your approval of ${label} would count for nothing now: others come first, or enough of your kind have signed.`,
    `See who is asked: ctc change approvals ${label}.`,
  );
}

/** What is still asked, in words: `network (1 of 2)`. */
export function openSteps({ steps }: Standing): readonly string[] {
  return steps
    .filter(({ isMet }) => !isMet)
    .map(
      ({ policy, step, given, isLater }) =>
        `${step} of ${policy}${given.length === 0 ? '' : `, after ${given.join(' and ')}`}${isLater ? ', later' : ''}`,
    );
}

function notAsked({ label, approver, terms }: DecisionFacts): DomainError {
  const asked = terms.policies.flatMap(({ policy, steps }) =>
    steps.map(({ name }) => `${name} (${policy})`),
  );
  return refusal(
    'not-an-approver',
    `${approver.id} is not among those whom the policies ask about ${label}: ${asked.join(', ')}.`,
    `See who is: ctc change approvals ${label}.`,
  );
}

function refusal(code: string, message: string, remedy?: string): DomainError {
  return new DomainError('refused', message, {
    code,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
