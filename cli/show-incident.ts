import type { components } from './generated/api.d.ts';

type Incident = components['schemas']['Incident'];
type Evidence = components['schemas']['Evidence'];
type Decision = components['schemas']['GuardianDecision'];

/** All of an incident, for people. */
export function describeIncident(one: Incident): string {
  const about = [one.application, one.change].filter((name) => name !== null).join(', ');
  return [
    `${one.label}  ${one.state}  ${one.severity ?? 'unclassified'}  ${one.summary}`,
    `opened by ${one.source} at ${one.openedAt}${about === '' ? '' : ` about ${about}`}; known since ${one.awareAt}`,
    `category ${one.category ?? 'none'}; personal data: ${one.personalData === null ? 'nobody has said' : one.personalData ? 'yes' : 'no'}; by version ${one.planVersion ?? 'none'} of the plan`,
    ...one.events.map((event) => `reported as ${event}`),
    ...one.duties.map(
      ({ duty, title, to, state, dueAt, proof }) =>
        `owes ${duty}: ${title} to ${to}, ${state}, due at ${dueAt}${proof === null ? '' : `; proof: ${proof}`}`,
    ),
    ...one.changes.map(({ kind, change, reason }) => `${kind} ${change}: ${reason}`),
    ...one.custody.map(describeEvidence),
    ...(one.review === null
      ? []
      : [
          `reviewed by ${one.review.reviewedBy}: ${one.review.rootCause} Lessons: ${one.review.lessons}`,
        ]),
    ...one.actions.map(
      ({ label, state, title, owner, dueOn, overdue }) =>
        `${label}  ${overdue ? 'overdue' : state}  ${title}  (${owner}, due on ${dueOn})`,
    ),
    ...one.decisions.flatMap(describeDecision),
    ...one.log.map(
      ({ at, actor, message, step, happenedAt }) =>
        `${happenedAt ?? at}  ${actor}  ${step === null ? '' : `${step}: `}${message}`,
    ),
    ...one.openForClosing.map((open) => `open: ${open}`),
  ].join('\n');
}

export function describeEvidence(one: Evidence): string {
  return [
    `${one.label}  ${one.what}; obtained by ${one.obtainedBy} at ${one.obtainedAt} (${one.how}), ${one.stored ? 'kept here' : `at ${one.location}`}; SHA-256 ${one.sha256}; ${one.custodian} has it`,
    ...one.handovers.map(
      ({ at, givenBy, takenBy, reason }) => `    ${at}  ${givenBy} → ${takenBy}: ${reason}`,
    ),
  ].join('\n');
}

/** What a guardian decided, and what it simulated for it. */
export function describeDecision(decision: Decision): string[] {
  const { number, way, because, change, outcome, approvedBy, simulations } = decision;
  return [
    `decision ${number}: ${way}, because ${because}`,
    ...(change === null
      ? []
      : [
          `  ${change}, approved by ${approvedBy ?? 'the policy'}${outcome === null ? '' : `: ${outcome}`}`,
        ]),
    ...simulations.map(
      (simulation) =>
        `  simulated ${simulation.way} (${simulation.inputsHash.slice(0, 12)}, figures of ${simulation.measuredAt}): ${simulation.placements.length} placements`,
    ),
  ];
}
