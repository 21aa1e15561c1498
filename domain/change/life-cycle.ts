import type { Permission } from '../access/roles.ts';

/** Every state that a change can be in. Persisted: never renamed. */
export const changeStates = [
  'requested',
  'assessed',
  'awaiting-approval',
  'scheduled',
  'simulating',
  'deploying',
  'verifying',
  'implementing',
  'deciding',
  're-simulating',
  'redeploying',
  'rolling-back',
  'paused',
  'completed',
  'rolled-back',
  'rollback-incomplete',
  'in-review',
  'closed',
  'rejected',
  'cancelled',
  'expired',
] as const;
export type ChangeState = (typeof changeStates)[number];

export const changeEvents = [
  'assess',
  'ask-approval',
  'approve',
  'reject',
  'expire',
  'move-window',
  'cancel',
  'open-window',
  'start-implementing',
  'miss-window',
  'miss-occurrence',
  'impact-moved',
  'amend',
  'simulate',
  'find-no-placement',
  'deploy',
  'fail-deployment',
  'verify',
  'violate',
  'lack-evidence',
  're-simulate',
  'roll-back',
  'abort',
  'restore',
  'fail-to-restore',
  'retry-rollback',
  'call-off',
  'start-back-out',
  'overrun',
  'implement',
  'back-out',
  'leave-broken',
  'pause',
  'resume',
  'stop-line',
  'resume-line',
  'start-review',
  'close',
] as const;
export type ChangeEvent = (typeof changeEvents)[number];

export interface Transition {
  readonly from: ChangeState;
  readonly event: ChangeEvent;
  readonly to: ChangeState;
  /** Who may cause it: a permission, or the workflow itself. */
  readonly by: Permission | 'workflow';
  /** What must be true, for people and the documentation. */
  readonly requires: string;
}

const rows = (
  from: readonly ChangeState[],
  event: ChangeEvent,
  to: ChangeState,
  by: Permission | 'workflow',
  requires: string,
): Transition[] => from.map((state) => ({ from: state, event, to, by, requires }));

/** States in which the change may have touched production and not finished yet. */
export const touchingStates = [
  'simulating',
  'deploying',
  'verifying',
  'deciding',
  're-simulating',
  'redeploying',
] as const satisfies readonly ChangeState[];

/** States that a person, or a stop of the line, may hold; the hold begins at the next step that can wait. */
export const holdableStates = [
  'scheduled',
  'simulating',
  'deploying',
  'verifying',
  'deciding',
  'redeploying',
  'implementing',
] as const satisfies readonly ChangeState[];

/** States in which something new is about to begin by itself, which a stop of the line holds. */
export const stoppableStates = holdableStates.filter(
  (state) => state !== 'deciding' && state !== 'implementing',
);

export type HoldableState = (typeof holdableStates)[number];

export function isHoldable(state: ChangeState): state is HoldableState {
  return (holdableStates as readonly ChangeState[]).includes(state);
}

/**
 * The one table of the life cycle: workflow, API, documentation (docs/life-cycle.md) and tests are held
 * against it. `resume` and `resume-line` lead back to the state that the hold began in.
 */
export const lifeCycle: readonly Transition[] = [
  ...rows(['requested'], 'assess', 'assessed', 'workflow', 'impact and conflicts are stored'),
  ...rows(['assessed'], 'ask-approval', 'awaiting-approval', 'workflow', 'the plan has its hash'),
  ...rows(
    ['awaiting-approval'],
    'approve',
    'scheduled',
    'change.decide',
    'not the requester; the hash of the plan shown; quorum; no blocking conflict with an approved change',
  ),
  ...rows(['awaiting-approval'], 'reject', 'rejected', 'change.decide', 'a reason'),
  ...rows(['awaiting-approval'], 'expire', 'expired', 'workflow', 'nobody decided in time'),
  ...rows(
    ['awaiting-approval', 'scheduled'],
    'move-window',
    'requested',
    'change.move',
    'not started; approvals so far become void',
  ),
  ...rows(
    ['awaiting-approval', 'scheduled'],
    'impact-moved',
    'requested',
    'workflow',
    'the inventory has changed what it affects by more than the threshold',
  ),
  ...rows(
    ['awaiting-approval', 'scheduled'],
    'amend',
    'requested',
    'change.move',
    'not started; what was left out is brought, and approvals so far become void',
  ),
  ...rows(
    ['requested', 'assessed', 'awaiting-approval', 'scheduled'],
    'cancel',
    'cancelled',
    'change.cancel',
    'a reason; nothing was touched yet',
  ),
  ...rows(
    ['scheduled'],
    'open-window',
    'simulating',
    'workflow',
    'a release; the preparation is over and the latest start is not',
  ),
  ...rows(
    ['scheduled'],
    'start-implementing',
    'implementing',
    'workflow',
    'a change made by people; the preparation is over and the latest start is not',
  ),
  ...rows(['scheduled'], 'miss-window', 'expired', 'workflow', 'the latest start has passed'),
  ...rows(
    ['scheduled'],
    'miss-occurrence',
    'requested',
    'workflow',
    'the latest start has passed, and the window comes again; approvals so far become void',
  ),
  ...rows(['simulating'], 'simulate', 'deploying', 'workflow', 'a placement meets every NFR'),
  ...rows(
    ['simulating'],
    'find-no-placement',
    'cancelled',
    'workflow',
    'no placement meets the NFRs; nothing was touched',
  ),
  ...rows(['deploying', 'redeploying'], 'deploy', 'verifying', 'workflow', 'every wave is ready'),
  ...rows(
    ['deploying', 'redeploying'],
    'fail-deployment',
    'deciding',
    'workflow',
    'a datacentre failed, or the window no longer covers the next wave and its rollback',
  ),
  ...rows(['verifying'], 'verify', 'completed', 'workflow', 'every NFR was measured and holds'),
  ...rows(['verifying'], 'violate', 'deciding', 'workflow', 'a measured NFR is violated'),
  ...rows(['verifying'], 'lack-evidence', 'deciding', 'workflow', 'too few samples to tell'),
  ...rows(
    ['deciding'],
    're-simulate',
    're-simulating',
    'workflow',
    'redeployments are left and there are fresh measurements, or a person resumed it',
  ),
  ...rows(['deciding'], 'roll-back', 'rolling-back', 'workflow', 'redeploying is no way out'),
  ...rows(
    ['re-simulating'],
    'simulate',
    'redeploying',
    'workflow',
    'a placement meets every NFR with the measured figures',
  ),
  ...rows(
    ['re-simulating'],
    'find-no-placement',
    'rolling-back',
    'workflow',
    'no placement meets the NFRs with the measured figures',
  ),
  ...rows(touchingStates, 'abort', 'rolling-back', 'change.cancel', 'a reason'),
  ...rows(
    ['rolling-back'],
    'restore',
    'rolled-back',
    'workflow',
    'the last verified release answers again in every datacentre',
  ),
  ...rows(
    ['rolling-back'],
    'fail-to-restore',
    'rollback-incomplete',
    'workflow',
    'a datacentre could not be restored, or a rollback step of a runbook failed: needs a person',
  ),
  ...rows(
    ['rollback-incomplete'],
    'restore',
    'rolled-back',
    'workflow',
    'the datacentres that could not be reached have come back and are restored',
  ),
  ...rows(
    ['rollback-incomplete'],
    'retry-rollback',
    'rolling-back',
    'change.implement',
    'a person mended what was in the way',
  ),
  ...rows(
    ['implementing'],
    'implement',
    'completed',
    'change.implement',
    'every step of the runbook is settled; without one, what was done',
  ),
  ...rows(
    ['implementing', 'paused'],
    'call-off',
    'cancelled',
    'workflow',
    'a pre-check failed, or it was given up before its first step had begun; nothing was touched',
  ),
  ...rows(
    ['implementing', 'paused'],
    'start-back-out',
    'rolling-back',
    'step.carry-out',
    'a runbook whose work has begun; a step failed before the point of no return, or a person decides so',
  ),
  ...rows(
    ['implementing'],
    'overrun',
    'rolling-back',
    'workflow',
    'a runbook before its point of no return; its rollback must begin now to fit into the window, and nobody has decided to go on',
  ),
  ...rows(
    ['implementing', 'rolling-back', 'rollback-incomplete'],
    'back-out',
    'rolled-back',
    'change.implement',
    'every rollback step of the runbook is settled; or what was undone, by hand',
  ),
  ...rows(
    ['implementing', 'rolling-back'],
    'leave-broken',
    'rollback-incomplete',
    'change.implement',
    'what is broken: needs a person',
  ),
  ...rows(holdableStates, 'pause', 'paused', 'change.hold', 'a reason'),
  ...holdableStates.flatMap((state) =>
    rows(['paused'], 'resume', state, 'change.hold', `it was paused in ${state}`),
  ),
  ...rows(stoppableStates, 'stop-line', 'paused', 'line.stop', 'a stop of the line covers it'),
  ...stoppableStates.flatMap((state) =>
    rows(
      ['paused'],
      'resume-line',
      state,
      'line.resume',
      `it was paused in ${state}; no stop covers it any more, or its window leaves no time to wait, and nobody has it on hold`,
    ),
  ),
  ...rows(['paused'], 'cancel', 'cancelled', 'change.cancel', 'it was paused in scheduled'),
  ...rows(['paused'], 'abort', 'rolling-back', 'change.cancel', 'it was paused after it had begun'),
  ...rows(
    ['completed', 'rolled-back', 'rollback-incomplete'],
    'start-review',
    'in-review',
    'change.review',
    'the intervention ended',
  ),
  ...rows(['in-review'], 'close', 'closed', 'change.review', 'outcome and lessons'),
  ...rows(
    ['completed'],
    'close',
    'closed',
    'workflow',
    'a standard change: its template is reviewed, not each use of it',
  ),
];

/** States that nothing leads out of. */
export const finalStates = ['closed', 'rejected', 'cancelled', 'expired'] as const;

/** States after the intervention: its window is free again. */
export const endedStates = [
  'completed',
  'rolled-back',
  'rollback-incomplete',
  'in-review',
  ...finalStates,
] as const satisfies readonly ChangeState[];

/** States in which an approved plan holds its window: a later change may not be approved against it. */
export const reservedStates = [
  'scheduled',
  ...touchingStates,
  'implementing',
  'rolling-back',
  'paused',
] as const satisfies readonly ChangeState[];

/** States of a change that was approved and may have begun, before it is closed. */
export const afterApproval = [
  ...reservedStates,
  'completed',
  'rolled-back',
  'rollback-incomplete',
  'in-review',
] as const satisfies readonly ChangeState[];

/** Where an event leads from a state; undefined where the table has no such row. */
export function transitionFor(
  from: ChangeState,
  event: ChangeEvent,
  to?: ChangeState,
): Transition | undefined {
  return lifeCycle.find(
    (row) => row.from === from && row.event === event && (to === undefined || row.to === to),
  );
}

export function isEnded(state: ChangeState): boolean {
  return (endedStates as readonly ChangeState[]).includes(state);
}
