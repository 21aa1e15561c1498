import { pointOfNoReturnOf, nameStep } from '../../domain/runbook/runbook.ts';
import { reportRehearsal, type RehearsalReport } from '../../domain/rehearsal/report.ts';
import type { RehearsalOrder } from '../../domain/rehearsal/ports.ts';
import { requireSomethingToRehearse } from '../../domain/rehearsal/scenario.ts';
import { readChangeFacts, type ChangeFacts } from './rehearsal-facts.ts';
import { runScenario, type ScenarioDeps } from './run-scenario.ts';

/** Runs each scenario, one after the other, and says what they show. */
export async function rehearseChange(
  deps: Omit<ScenarioDeps, 'facts'>,
  order: RehearsalOrder,
  onProgress: (done: number) => void = () => {},
): Promise<RehearsalReport> {
  const facts = await readChangeFacts(deps.ports, order.changeId);
  requireSomethingToRehearse(facts.change.label, facts.change.request);
  const runs = [];
  for (const scenario of order.scenarios) {
    runs.push(await runScenario({ ...deps, facts }, scenario));
    onProgress(runs.length);
  }
  const { change, planHash, plan, rollout, runbook } = facts;
  const placed = runbook === undefined ? undefined : pointOfNoReturnOf(runbook);
  return reportRehearsal(
    {
      revision: change.revision,
      planHash,
      windowOpensAt: plan.window.opensAt,
      windowClosesAt: plan.window.closesAt,
      durations: rollout === undefined ? [] : [...Object.values(rollout.sites), rollout.simulation],
      findings: findingsOf(facts),
      ...(placed === undefined
        ? {}
        : { pointOfNoReturn: { step: placed.step.id, name: nameStep(placed) } }),
    },
    runs,
    new Date().toISOString(),
  );
}

/** What stands in its way before anything runs; the scenarios go on as if it were mended. */
function findingsOf({ approvers, conflicts, plan }: ChangeFacts): string[] {
  const blocking = conflicts.filter(({ severity }) => severity === 'blocking');
  return [
    ...(approvers.length === 0 ? ['nobody but its requester may approve it'] : []),
    ...blocking.map(({ evidence }) => `its approval is refused: ${evidence.explanation}`),
    ...(plan.findings ?? []),
  ];
}
