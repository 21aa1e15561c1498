import { currentSteps, runOf, type RunbookRun, type StepResult } from './runbook-run.ts';
import {
  allSteps,
  findStep,
  nameAssignee,
  nameStep,
  type EvidenceKind,
  type PlacedStep,
  type RunbookStep,
} from './runbook.ts';

/** Who sends it, and what the person may do besides what is assigned to them. */
export interface StepSender {
  readonly by: string;
  /** Steps of teams, and of nobody. */
  readonly mayImplement: boolean;
  /** Coordinates: steps of others, and leaving steps out. */
  readonly mayCoordinate: boolean;
}

/** As what somebody acted on a step; recorded with it. */
export const stepRoles = ['assignee', 'implementer', 'coordinator'] as const;
export type StepRole = (typeof stepRoles)[number];

/** Why something is refused. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface StepEnding extends StepSender {
  readonly step: string;
  readonly result: StepResult;
  readonly evidence?: string | undefined;
}

/** As what the sender acts on the step; undefined where it is not theirs. */
export function roleOf(
  { assignee }: RunbookStep,
  { by, mayImplement, mayCoordinate }: StepSender,
): StepRole | undefined {
  if (assignee !== undefined && 'person' in assignee) {
    if (assignee.person === by) return 'assignee';
  } else if (mayImplement) {
    return 'implementer';
  }
  return mayCoordinate ? 'coordinator' : undefined;
}

/** What a piece of evidence is: a link, or anything else in words. */
export function evidenceKindOf(evidence: string | undefined): EvidenceKind {
  if (evidence === undefined || evidence === '') return 'none';
  return /^https?:\/\/[^\s/]+\S*$/.test(evidence) ? 'url' : 'text';
}

/** Why the step cannot begin, or be tried again, now. */
export function whyNotStart(run: RunbookRun, id: string, sender: StepSender): Refusal | undefined {
  const placed = findStep(run.runbook, id);
  if (placed === undefined) return unknown(run, id);
  const { state, by } = runOf(run, id);
  if (state === 'running') {
    return { code: 'step-begun', message: `${nameStep(placed)} was begun already, by ${by}.` };
  }
  return settled(run, placed) ?? outOfTurn(run, placed) ?? notTheirs(placed, sender);
}

/** Why the step cannot end so now. */
export function whyNotEnd(run: RunbookRun, ending: StepEnding): Refusal | undefined {
  const placed = findStep(run.runbook, ending.step);
  if (placed === undefined) return unknown(run, ending.step);
  return (
    settled(run, placed) ??
    outOfTurn(run, placed) ??
    notTheirs(placed, ending) ??
    (ending.result === 'skipped'
      ? whyNotSkip(run, placed, ending)
      : (notRunning(run, placed) ?? lacksEvidence(placed, ending)))
  );
}

function notRunning(run: RunbookRun, placed: PlacedStep): Refusal | undefined {
  const { state } = runOf(run, placed.step.id);
  if (state === 'running') return undefined;
  const name = nameStep(placed);
  return state === 'failed'
    ? { code: 'step-failed', message: `${name} has failed: begin it again first.` }
    : { code: 'step-not-begun', message: `${name} has not begun: begin it first.` };
}

function lacksEvidence(placed: PlacedStep, { result, evidence }: StepEnding): Refusal | undefined {
  const wanted = placed.step.evidence;
  const given = evidenceKindOf(evidence);
  if (result !== 'done' || wanted === 'none' || given === wanted) return undefined;
  // A link where words are asked for is as good: it says where they are.
  if (wanted === 'text' && given === 'url') return undefined;
  return {
    code: 'evidence-missing',
    message: `${nameStep(placed)} is completed only with evidence: ${wanted === 'url' ? 'a URL that begins with http:// or https://' : 'a text'}.`,
  };
}

/** What was never done proves nothing: of each group on the way forward something must be done. */
function whyNotSkip(run: RunbookRun, placed: PlacedStep, sender: StepSender): Refusal | undefined {
  const name = nameStep(placed);
  if (!sender.mayCoordinate) {
    return {
      code: 'not-a-coordinator',
      message: `${name} is left out only by an operator or a change manager.`,
    };
  }
  const others = run.runbook[placed.group].filter(({ id }) => id !== placed.step.id);
  const someDone = others.some(({ id }) => runOf(run, id).state !== 'skipped');
  if (placed.group === 'rollback' || someDone) return undefined;
  return {
    code: 'nothing-done',
    message: `${name} cannot be left out: then nothing of ${placed.group} would be done.`,
  };
}

function unknown({ runbook }: RunbookRun, id: string): Refusal {
  const ids = allSteps(runbook).map(({ step }) => step.id);
  return {
    code: 'no-such-step',
    message: `The runbook has no step "${id}"; it has ${ids.slice(0, 20).join(', ')}${ids.length > 20 ? ', …' : ''}.`,
  };
}

function settled(run: RunbookRun, placed: PlacedStep): Refusal | undefined {
  const { state, by } = runOf(run, placed.step.id);
  if (state === 'done' || state === 'skipped') {
    return { code: 'step-settled', message: `${nameStep(placed)} is ${state} already, by ${by}.` };
  }
  return undefined;
}

function outOfTurn(run: RunbookRun, placed: PlacedStep): Refusal | undefined {
  const name = nameStep(placed);
  if (placed.group === 'rollback' && !run.backingOut) {
    return {
      code: 'not-rolling-back',
      message: `${name} is of the rollback, which has not been started.`,
    };
  }
  if (placed.group !== 'rollback' && run.backingOut) {
    return {
      code: 'rolling-back',
      message: `It is being rolled back: ${name} is no longer carried out.`,
    };
  }
  const current = currentSteps(run);
  if (current.some(({ step }) => step.id === placed.step.id)) return undefined;
  return {
    code: 'step-out-of-turn',
    message: `${name} is not next: ${current.map(nameStep).join(' and ')} comes first.`,
  };
}

function notTheirs(placed: PlacedStep, sender: StepSender): Refusal | undefined {
  if (roleOf(placed.step, sender) !== undefined) return undefined;
  return {
    code: 'not-the-assignee',
    message: `${nameStep(placed)} is for ${nameAssignee(placed.step)}, or for an operator or a change manager.`,
  };
}
