import type { Permission } from '../access/roles.ts';

/** Every state that an incident can be in. Persisted: never renamed. */
export const incidentStates = ['open', 'responding', 'mitigated', 'resolved', 'closed'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** Where incidents come from: a reported event, a failed rollback, a guardian's violation, a provider's breach. */
export const incidentSources = ['event', 'change', 'guardian', 'contract'] as const;
export type IncidentSource = (typeof incidentSources)[number];

export const incidentEvents = [
  'respond',
  'contain',
  'recover',
  'recur',
  'reopen',
  'close',
] as const;
export type IncidentEvent = (typeof incidentEvents)[number];

export interface IncidentTransition {
  readonly from: IncidentState;
  readonly event: IncidentEvent;
  readonly to: IncidentState;
  /** Who may cause it: a permission, or what has opened the incident. */
  readonly by: Permission | 'its source';
  readonly sources: readonly IncidentSource[];
  /** What must be true, for people and the documentation. */
  readonly requires: string;
}

const rows = (
  from: readonly IncidentState[],
  event: IncidentEvent,
  to: IncidentState,
  by: IncidentTransition['by'],
  sources: readonly IncidentSource[],
  requires: string,
): IncidentTransition[] => from.map((state) => ({ from: state, event, to, by, sources, requires }));

const byPeople = ['event', 'change'] as const;

/**
 * The one table of an incident's life: register, API, documentation (docs/incidents.md) and tests are held against
 * it. What a guardian or a contract has opened is over when they say so, and nobody else.
 */
export const incidentLifeCycle: readonly IncidentTransition[] = [
  ...rows(
    ['open'],
    'respond',
    'responding',
    'incident.manage',
    incidentSources,
    'who is on it, and what is done first',
  ),
  ...rows(
    ['open', 'responding'],
    'contain',
    'mitigated',
    'incident.manage',
    byPeople,
    'what keeps it from doing more harm',
  ),
  ...rows(
    ['open', 'responding'],
    'contain',
    'mitigated',
    'its source',
    ['guardian', 'change'],
    'a correction has completed; a rollback that had failed is complete after all',
  ),
  ...rows(
    ['open', 'responding', 'mitigated'],
    'recover',
    'resolved',
    'incident.manage',
    byPeople,
    'how everything works again as it should',
  ),
  ...rows(
    ['open', 'responding', 'mitigated'],
    'recover',
    'resolved',
    'its source',
    ['guardian', 'contract'],
    'every requirement holds again; the credit for the month is settled',
  ),
  ...rows(
    ['mitigated'],
    'recur',
    'open',
    'its source',
    ['guardian', 'change'],
    'it is violated again; the rollback has failed again',
  ),
  ...rows(
    ['mitigated', 'resolved'],
    'reopen',
    'responding',
    'incident.manage',
    byPeople,
    'what shows that it is not over',
  ),
  ...rows(
    ['resolved'],
    'close',
    'closed',
    'incident.manage',
    incidentSources,
    'classified by a person; reviewed where its severity requires it; no duty and no action is open',
  ),
];

/** What people may do about an incident, besides closing it, in the order in which it mostly comes. */
export const responseSteps = ['respond', 'contain', 'recover', 'reopen'] as const;
export type ResponseStep = (typeof responseSteps)[number];

/** Where a person's step leads; undefined where the table has no such row for an incident of that source. */
export function stepByPerson(
  incident: { readonly state: IncidentState; readonly source: IncidentSource },
  event: IncidentEvent,
): IncidentTransition | undefined {
  return find(incident, event, (by) => by !== 'its source');
}

/** The same for what has opened it. */
export function stepBySource(
  incident: { readonly state: IncidentState; readonly source: IncidentSource },
  event: IncidentEvent,
): IncidentTransition | undefined {
  return find(incident, event, (by) => by === 'its source');
}

function find(
  { state, source }: { readonly state: IncidentState; readonly source: IncidentSource },
  event: IncidentEvent,
  isBy: (by: IncidentTransition['by']) => boolean,
): IncidentTransition | undefined {
  return incidentLifeCycle.find(
    (row) =>
      row.from === state && row.event === event && isBy(row.by) && row.sources.includes(source),
  );
}

/** Why a person cannot take a step now, with what is possible instead. */
export function describeRefusedStep(
  incident: { readonly state: IncidentState; readonly source: IncidentSource },
  event: IncidentEvent,
): string {
  const { source, state } = incident;
  if (stepBySource(incident, event) !== undefined && source !== 'change') {
    return source === 'guardian'
      ? 'its guardian says when it is over: every requirement must hold again'
      : 'it is over when the month is settled: ctc acsmi contract settle';
  }
  const possible = incidentEvents.filter((one) => stepByPerson(incident, one) !== undefined);
  return possible.length === 0
    ? `it is ${state}, and nothing more can be done about it`
    : `it is ${state}: what can be done is ${possible.join(', ')}`;
}

/** Whether it is over, reviewed or not. */
export function isOver(state: IncidentState): boolean {
  return state === 'resolved' || state === 'closed';
}
