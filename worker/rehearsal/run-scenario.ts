import { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomUUID } from 'node:crypto';
import {
  changeWorkflowId,
  createChangeMessenger,
} from '../../adapters/temporal/change-messenger.ts';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { AssessedPlan } from '../../domain/change/story.ts';
import { isDomainError } from '../../domain/errors.ts';
import type { ScenarioRun } from '../../domain/rehearsal/report.ts';
import { nameScenario, type Scenario } from '../../domain/rehearsal/scenario.ts';
import type { Telemetry } from '../../platform/telemetry.ts';
import { createWorker } from '../create-worker.ts';
import { createPeople } from './people.ts';
import type { ChangeFacts, RehearsalPorts } from './rehearsal-facts.ts';
import { createRehearsalSteps } from './rehearsal-steps.ts';
import { createRehearsedRecord, type RehearsedRecord } from './rehearsed-record.ts';

export interface ScenarioDeps {
  readonly ports: RehearsalPorts;
  readonly facts: ChangeFacts;
  /** Path of the server that skips time. */
  readonly server: string;
  readonly workflowBundle: { readonly code: string };
  readonly telemetry: Pick<Telemetry, 'resource' | 'spanProcessor'>;
  /** Gives it up between two steps; its server and worker end with it. */
  readonly signal?: AbortSignal;
}

/** Nothing more happens by itself that belongs to the change's work. */
const over: readonly ChangeState[] = [
  'completed',
  'rolled-back',
  'in-review',
  'closed',
  'rejected',
  'cancelled',
  'expired',
];
/** Time goes on in steps: a share of the window, so that a long one takes no longer than a short one. */
const stepsOfWindow = 400;
const leastStepMs = 500;
/** How long after its window, or after what was away has come back, it is waited for. */
const patienceMs = 2 * 3_600_000;

/**
 * Runs the change's workflow once, from its request to its end, on a server of its own whose time is skipped.
 * A server for each run: one that ends in the middle of something stops the clock of its server for good.
 */
export async function runScenario(deps: ScenarioDeps, scenario: Scenario): Promise<ScenarioRun> {
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: deps.server } },
  });
  try {
    return await runOn(environment, deps, scenario);
  } finally {
    await environment.teardown();
  }
}

async function runOn(
  environment: TestWorkflowEnvironment,
  deps: ScenarioDeps,
  scenario: Scenario,
): Promise<ScenarioRun> {
  const { facts, ports } = deps;
  let nowMs = await environment.currentTimeMs();
  const now = (): string => new Date(nowMs).toISOString();
  const record = createRehearsedRecord(facts.change, now);
  const { activities, sites } = createRehearsalSteps({ ports, facts, scenario, record, now });
  let plan: AssessedPlan | undefined;
  const noted = Object.fromEntries(
    Object.entries(activities).map(([name, step]) => [
      name,
      async (...args: never[]) => {
        nowMs = await environment.currentTimeMs();
        const answer = await step(...args);
        if (name === 'assessChange') plan = (answer as { value: AssessedPlan }).value;
        return answer;
      },
    ]),
  );
  const taskQueue = `rehearsal-${randomUUID()}`;
  const worker = await createWorker({
    connection: environment.nativeConnection,
    namespace: environment.namespace ?? 'default',
    taskQueue,
    workflowBundle: deps.workflowBundle,
    // Those of guardians are never asked for.
    activities: noted as never,
    telemetry: deps.telemetry,
  });
  const running = worker.run();
  try {
    await environment.client.workflow.start('changeWorkflow', {
      workflowId: changeWorkflowId(facts.change.id),
      taskQueue,
      args: [{ changeId: facts.change.id }],
    });
    const people = createPeople({
      facts,
      scenario,
      record,
      sites,
      planOf: () => plan,
      messenger: createChangeMessenger(environment.client),
    });
    // Whoever stops it must see it at work there before it is ready.
    const noticedWithinMs =
      scenario.kind === 'operator-stops'
        ? (facts.rollout?.sites[scenario.datacentre]?.expectedMs ?? 0) / 2
        : Infinity;
    await letItHappen();
    return await describeRun(deps, scenario, record);

    /** Lets time pass, and people do what is theirs, until it is over or nothing happens any more. */
    async function letItHappen(): Promise<void> {
      while (!over.includes(record.state()) && nowMs < giveUpMs()) {
        deps.signal?.throwIfAborted();
        nowMs = await environment.currentTimeMs();
        const deed = people.next();
        if (deed !== undefined && deed.atMs <= nowMs) {
          await deed.act().catch((error: unknown) => {
            // A refusal is what would happen that night, too.
            if (!isDomainError(error) || error.kind === 'unavailable') throw error;
          });
          continue;
        }
        await environment.sleep(Math.max(1, Math.min(stepMs(), (deed?.atMs ?? Infinity) - nowMs)));
      }
    }
    /** To the window's opening at once, and then a little at a time. */
    function stepMs(): number {
      const { opensAt, closesAt } = record.change().window;
      const opensInMs = Date.parse(opensAt) - nowMs;
      const lengthMs = Date.parse(closesAt) - Date.parse(opensAt);
      const small = Math.max(leastStepMs, Math.min(lengthMs / stepsOfWindow, noticedWithinMs));
      return record.state() === 'scheduled' || record.state() === 'awaiting-approval'
        ? Math.max(small, opensInMs)
        : small;
    }
    function giveUpMs(): number {
      const awayMs = 'minutes' in scenario ? (scenario.minutes ?? 0) * 60_000 : 0;
      return Date.parse(record.change().window.closesAt) + awayMs + patienceMs;
    }
  } finally {
    worker.shutdown();
    await running.catch(() => undefined);
  }
}

const working: readonly ChangeState[] = ['simulating', 'implementing'];

async function describeRun(
  { ports, facts }: ScenarioDeps,
  scenario: Scenario,
  record: RehearsedRecord,
): Promise<ScenarioRun> {
  const { entries } = record;
  const outcome = record.state();
  const ended = over.includes(outcome);
  // A rollback that was incomplete for a while ends with the last of it.
  const end = ended ? entries.findLast(({ to }) => to !== null && over.includes(to)) : undefined;
  const involved = new Set<string>();
  const timeline: ScenarioRun['timeline'][number][] = [];
  for (const entry of entries) {
    const { at, actor, event, from, to, message } = entry;
    involved.add(actor);
    const told =
      entry.alert === undefined && entry.alertAlso === undefined
        ? []
        : await ports.reader.audience(facts.change.id, entry, [...involved]);
    timeline.push({ at, actor, event, from, to, message, told });
  }
  return {
    scenario,
    name: nameScenario(scenario, facts.runbook),
    outcome,
    ended,
    waitsFor: ended ? null : (record.waitingFor()?.detail ?? null),
    beganAt: entries.find(({ to }) => to !== null && working.includes(to))?.at ?? null,
    endedAt: end?.at ?? null,
    rolledBackFrom: entries.find(({ to }) => to === 'rolling-back')?.at ?? null,
    windowClosesAt: record.change().window.closesAt,
    sites: record.sites,
    timeline,
  };
}
