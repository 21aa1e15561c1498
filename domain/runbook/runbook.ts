/** In the order of the work; the rollback's turn comes only when it is backed out. Persisted: never renamed. */
export const runbookGroups = ['preChecks', 'steps', 'verification', 'rollback'] as const;
export type RunbookGroup = (typeof runbookGroups)[number];

/** The way forward. */
export const forwardGroups = ['preChecks', 'steps', 'verification'] as const;

/**
 * When the work and its rollback no longer fit into the window and nobody decides: it is rolled back by
 * itself at the last moment for that, or people are warned only.
 */
export const overrunPolicies = ['roll-back', 'warn'] as const;
export type OverrunPolicy = (typeof overrunPolicies)[number];

export const evidenceKinds = ['none', 'text', 'url'] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** Of a team, whoever may implement changes acts; nobody named is the same. */
export type Assignee = { readonly person: string } | { readonly team: string };

export interface RunbookStep {
  /** Unique in the whole runbook. */
  readonly id: string;
  readonly title: string;
  readonly instructions?: string | undefined;
  readonly assignee?: Assignee | undefined;
  readonly expectedMinutes: number;
  /** What it takes to complete it. */
  readonly evidence: EvidenceKind;
  /** May be worked on together with the step before it. */
  readonly parallel?: boolean | undefined;
  /** Once it has begun there is no automatic way back. */
  readonly pointOfNoReturn?: boolean | undefined;
}

export type Runbook = Readonly<Record<RunbookGroup, readonly RunbookStep[]>> & {
  readonly onOverrun: OverrunPolicy;
};

const longestPlannedTitle = 100;

/** What the workflow needs of it: instructions and the rest of long titles stay in the record. */
export function plannedRunbook(runbook: Runbook): Runbook {
  const shorten = (steps: readonly RunbookStep[]): RunbookStep[] =>
    steps.map(({ instructions: _, title, ...step }) => ({
      ...step,
      title:
        title.length <= longestPlannedTitle
          ? title
          : `${title.slice(0, longestPlannedTitle - 1).trimEnd()}…`,
    }));
  return {
    onOverrun: runbook.onOverrun,
    preChecks: shorten(runbook.preChecks),
    steps: shorten(runbook.steps),
    verification: shorten(runbook.verification),
    rollback: shorten(runbook.rollback),
  };
}

/** A step and where it stands. */
export interface PlacedStep {
  readonly group: RunbookGroup;
  readonly step: RunbookStep;
}

export function allSteps(runbook: Runbook): PlacedStep[] {
  return runbookGroups.flatMap((group) => runbook[group].map((step) => ({ group, step })));
}

export function findStep(runbook: Runbook, id: string): PlacedStep | undefined {
  return allSteps(runbook).find(({ step }) => step.id === id);
}

/** Steps that may be worked on together, batch after batch. */
export function batchesOf(steps: readonly RunbookStep[]): RunbookStep[][] {
  const batches: RunbookStep[][] = [];
  for (const step of steps) {
    const last = batches.at(-1);
    if (step.parallel === true && last !== undefined) last.push(step);
    else batches.push([step]);
  }
  return batches;
}

const words: Readonly<Record<RunbookGroup, string>> = {
  preChecks: 'pre-check',
  steps: 'step',
  verification: 'verification',
  rollback: 'rollback step',
};

/** For people: `step "swap-a" (Replace core switch A)`. */
export function nameStep({ group, step }: PlacedStep): string {
  return `${words[group]} "${step.id}" (${step.title})`;
}

/** For people: a name, `team network`, or `whoever may implement changes`. */
export function nameAssignee({ assignee }: RunbookStep): string {
  if (assignee === undefined) return 'whoever may implement changes';
  return 'person' in assignee ? assignee.person : `team ${assignee.team}`;
}

export function pointOfNoReturnOf(runbook: Runbook): PlacedStep | undefined {
  const step = runbook.steps.find(({ pointOfNoReturn }) => pointOfNoReturn === true);
  return step === undefined ? undefined : { group: 'steps', step };
}
