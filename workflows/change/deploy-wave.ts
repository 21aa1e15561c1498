import { executeChild, ParentClosePolicy, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { Semaphore } from 'async-mutex';
import type { RolloutPolicy } from '../../domain/change/rollout-strategy.ts';
import type { PlannedAttempt, SiteOutcome } from '../../domain/change/story.ts';
import { deploymentWorkflow, type DeploymentInput } from '../deployment/deployment-workflow.ts';
import { record } from '../steps.ts';
import type { ChangeStory } from './change-state.ts';

/** One wave of one attempt. */
export interface Wave {
  readonly attempt: number;
  readonly datacentres: readonly string[];
  readonly mode: 'apply' | 'restore';
  readonly stages?: PlannedAttempt['stages'];
  /** Datacentres that may fail before no further one of the wave is begun; default: any number. */
  readonly failuresAllowed?: number;
  /** Asked before each datacentre that has to wait for another one: false leaves it for later. */
  readonly mayGoOn?: () => boolean;
}

export interface DeployedWave {
  readonly outcomes: SiteOutcome[];
  /** Datacentres that were left for later: nothing has begun there. */
  readonly left: readonly string[];
}

/** Works on the datacentres of a wave, so many at once as the strategy allows, and writes each outcome down. */
export async function deployWave(
  story: ChangeStory,
  policy: Partial<RolloutPolicy>,
  wave: Omit<Wave, 'mayGoOn'>,
): Promise<SiteOutcome[]> {
  return (await deployWaveUntil(story, policy, wave)).outcomes;
}

/** As `deployWave`, as long as it may go on. */
export async function deployWaveUntil(
  story: ChangeStory,
  policy: Partial<RolloutPolicy>,
  { attempt, datacentres, mode, stages, failuresAllowed = Infinity, mayGoOn = () => true }: Wave,
): Promise<DeployedWave> {
  // A rollback hurries: nothing is gained by doing one after the other.
  const atOnce = mode === 'restore' ? undefined : policy.maxConcurrency;
  const turns = new Semaphore(Math.max(1, atOnce ?? datacentres.length));
  const left: string[] = [];
  let failed = 0;
  let ended = 0;
  const outcomes = await Promise.all(
    datacentres.map((datacentre) =>
      turns.runExclusive(async () => {
        if (failed > failuresAllowed) return [];
        if (ended > 0 && !mayGoOn()) {
          left.push(datacentre);
          return [];
        }
        const outcome = await deploySite({
          changeId: story.changeId,
          attempt,
          datacentre,
          mode,
          ...(stages?.[datacentre] === undefined ? {} : { stages: stages[datacentre] }),
          ...(policy.bake === undefined ? {} : { canaryBake: policy.bake }),
          ...(mode === 'restore' || policy.progressDeadlineMs === undefined
            ? {}
            : { progressDeadlineMs: policy.progressDeadlineMs }),
        });
        ended += 1;
        if (!isDone(outcome)) failed += 1;
        return [outcome];
      }),
    ),
  );
  await recordOutcomes(story, attempt, outcomes.flat());
  return { outcomes: outcomes.flat(), left: failed > failuresAllowed ? [] : left };
}

export function deploySite(input: DeploymentInput): Promise<SiteOutcome> {
  const { changeId, attempt, datacentre, patient = false } = input;
  return executeChild(deploymentWorkflow, {
    workflowId: `change/${changeId}/${attempt}/${datacentre}${patient ? '/repair' : ''}`,
    args: [input],
    // The default would kill a deployment half-done together with its parent.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
  });
}

export async function recordOutcomes(
  story: ChangeStory,
  attempt: number,
  outcomes: readonly SiteOutcome[],
): Promise<void> {
  await record.recordSiteOutcomes({ changeId: story.changeId, attempt }, outcomes);
  for (const outcome of outcomes) await story.note({ message: describeSite(outcome) });
}

export const isDone = ({ outcome }: SiteOutcome): boolean =>
  outcome === 'applied' || outcome === 'restored';

export function describeSite({ datacentre, outcome, detail }: SiteOutcome): string {
  return `${datacentre}: ${outcome} (${detail})`;
}
