import type { ChangeMessenger, ChangeUpdates } from '../../domain/change/messages.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import type { Scenario } from '../../domain/rehearsal/scenario.ts';
import {
  beginRun,
  currentSteps,
  runOf,
  type RunbookRun,
} from '../../domain/runbook/runbook-run.ts';
import type { PlacedStep } from '../../domain/runbook/runbook.ts';
import type { ChangeFacts } from './rehearsal-facts.ts';
import type { RehearsedRecord } from './rehearsed-record.ts';
import type { RehearsedSites } from './rehearsed-sites.ts';

/** What somebody does, and when (epoch milliseconds). */
interface Deed {
  readonly atMs: number;
  readonly key: string;
  act(): Promise<void>;
}

export interface People {
  /** What they do next; undefined where nothing is theirs to do. */
  next(): Deed | undefined;
}

/** What people take longer for in the scenario that says so; nobody records how long they took before. */
const slowness = 1.5;
const beforeExpiryMs = 60_000;

/** Those who approve, carry out and stop the rehearsed change, as the scenario has it. */
export function createPeople(deps: {
  readonly facts: ChangeFacts;
  readonly scenario: Scenario;
  readonly record: RehearsedRecord;
  readonly sites: RehearsedSites | undefined;
  /** As the workflow got it; undefined before its assessment. */
  readonly planOf: () => AssessedPlan | undefined;
  readonly messenger: ChangeMessenger;
}): People {
  const { facts, scenario, record, sites, planOf, messenger } = deps;
  const done = new Set<string>();
  const someone = facts.approvers[0] ?? 'somebody';

  const send = async <K extends keyof ChangeUpdates>(
    key: string,
    update: K,
    message: ChangeUpdates[K],
  ): Promise<void> => {
    done.add(key);
    await messenger.send(facts.change.id, update, message, key);
  };

  const approval = (): Deed | undefined => {
    const plan = planOf();
    if (record.state() !== 'awaiting-approval' || plan === undefined) return undefined;
    const asked = record.entries.findLast(({ to }) => to === 'awaiting-approval');
    const askedMs = Date.parse(asked?.at ?? '');
    const nth = Array.from({ length: plan.approvalsNeeded }, (_, index) => index).find(
      (index) => !done.has(`approve/${plan.planHash}/${index}`),
    );
    if (nth === undefined) return undefined;
    const key = `approve/${plan.planHash}/${nth}`;
    const lateMs =
      scenario.kind !== 'approval-late'
        ? 0
        : scenario.minutes === undefined
          ? Math.max(0, plan.approvalExpiresAtMs - beforeExpiryMs - askedMs)
          : scenario.minutes * 60_000;
    return {
      atMs: askedMs + lateMs,
      key,
      act: () =>
        send(key, 'decide', {
          by: facts.approvers[nth] ?? `approver-${nth + 1}`,
          reason: 'rehearsed',
          decision: 'approved',
          planHash: plan.planHash,
        }),
    };
  };

  const stop = (): Deed | undefined => {
    if (scenario.kind !== 'operator-stops' || done.has('stop')) return undefined;
    if (sites?.hasBegunIn(scenario.datacentre) !== true) return undefined;
    const message = { by: someone, reason: `stopped in ${scenario.datacentre}` };
    return { atMs: 0, key: 'stop', act: () => send('stop', 'cancel', message) };
  };

  /** How far the runbook has come, as the record tells it. */
  const runbook = (): RunbookRun | undefined => {
    if (facts.runbook === undefined) return undefined;
    const run = beginRun(facts.runbook);
    run.backingOut = record.state() === 'rolling-back';
    for (const { step, state, at, event } of record.steps) {
      const one = runOf(run, step);
      one.state = state;
      if (event === 'start-step') one.startedAtMs = Date.parse(at);
      one.tries = Math.max(one.tries, 1);
    }
    return run;
  };

  const stepDeed = (run: RunbookRun, { step }: PlacedStep): Deed | undefined => {
    const { state, startedAtMs = 0 } = runOf(run, step.id);
    const by =
      step.assignee !== undefined && 'person' in step.assignee ? step.assignee.person : someone;
    const sender = { by, mayImplement: true, mayCoordinate: true, reason: 'rehearsed' };
    const tries = record.steps.filter(
      ({ step: id, event }) => id === step.id && event === 'start-step',
    ).length;
    if (state === 'open' || state === 'failed') {
      // Tried again once; what fails twice waits for a person.
      if (tries > 1) return undefined;
      const key = `start/${step.id}/${tries}`;
      return { atMs: 0, key, act: () => send(key, 'startStep', { ...sender, step: step.id }) };
    }
    if (state !== 'running') return undefined;
    const factor = scenario.kind === 'slow' ? slowness : 1;
    const fails = scenario.kind === 'step-fails' && scenario.step === step.id && tries === 1;
    const key = `end/${step.id}/${tries}`;
    const evidence =
      step.evidence === 'none'
        ? {}
        : { evidence: step.evidence === 'url' ? 'https://rehearsal.invalid/' : 'rehearsed' };
    return {
      // Just in time: a moment later it would be told that it takes longer.
      atMs: startedAtMs + step.expectedMinutes * factor * 60_000 - 1_000,
      key,
      act: () =>
        send(key, 'endStep', {
          ...sender,
          step: step.id,
          result: fails ? 'failed' : 'done',
          ...(fails ? {} : evidence),
        }),
    };
  };

  const steps = (): Deed | undefined => {
    const run = runbook();
    if (run === undefined || !['implementing', 'rolling-back'].includes(record.state())) {
      return undefined;
    }
    return currentSteps(run)
      .map((placed) => stepDeed(run, placed))
      .filter((deed) => deed !== undefined && !done.has(deed.key))
      .toSorted((a, b) => (a?.atMs ?? 0) - (b?.atMs ?? 0))[0];
  };

  return { next: () => approval() ?? stop() ?? steps() };
}
