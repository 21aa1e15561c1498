import * as z from 'zod';
import type { ChangeRequest } from '../change/change-request.ts';
import { DomainError } from '../errors.ts';
import { slugSchema } from '../names.ts';
import { allSteps, forwardGroups, nameStep, type Runbook } from '../runbook/runbook.ts';

const minutes = z
  .int()
  .min(1)
  .max(7 * 24 * 60);

/** What is let happen to a change while it is rehearsed. Persisted in reports: never renamed. */
export const scenarioSchema = z.discriminatedUnion('kind', [
  /** Everything takes as long as it mostly takes, and nothing fails. */
  z.strictObject({ kind: z.literal('as-expected') }),
  /** Nothing fails, and everything takes as long as it ever took. */
  z.strictObject({ kind: z.literal('slow') }),
  z.strictObject({ kind: z.literal('datacentre-fails'), datacentre: slugSchema }),
  /** Away from the moment that the change first works there. */
  z.strictObject({
    kind: z.literal('datacentre-unreachable'),
    datacentre: slugSchema,
    minutes: minutes.default(30),
  }),
  /** The new release is slower than its requirements allow, wherever it runs. */
  z.strictObject({ kind: z.literal('requirement-violated') }),
  /** Away from the moment that Optimus is first asked. */
  z.strictObject({ kind: z.literal('optimus-down'), minutes: minutes.default(30) }),
  /** Default: when the window is about to be missed, or later if that is past. */
  z.strictObject({ kind: z.literal('approval-late'), minutes: minutes.optional() }),
  /** An operator stops it as soon as it works in the datacentre. */
  z.strictObject({ kind: z.literal('operator-stops'), datacentre: slugSchema }),
  /** A step of the runbook fails, and whoever coordinates rolls back. */
  z.strictObject({ kind: z.literal('step-fails'), step: z.string().min(1).max(100) }),
]);
export type Scenario = z.output<typeof scenarioSchema>;

/** Each is a whole run of the workflow, of a second or a few. */
export const mostScenarios = 40;

/** What is rehearsed when nobody chooses: the way it should go, and each failure that it is planned for. */
export function usualScenarios(request: ChangeRequest): Scenario[] {
  const always: Scenario[] = [{ kind: 'as-expected' }, { kind: 'slow' }];
  const late: Scenario = { kind: 'approval-late' };
  if (request.kind !== 'release') {
    const steps = request.runbook === undefined ? [] : forwardStepIds(request.runbook);
    return [
      ...always,
      late,
      ...steps.map((step): Scenario => ({ kind: 'step-fails', step })),
    ].slice(0, mostScenarios);
  }
  const { datacentres } = request;
  const last = datacentres.at(-1);
  return [
    ...always,
    late,
    { kind: 'optimus-down', minutes: 30 } satisfies Scenario,
    { kind: 'requirement-violated' } satisfies Scenario,
    ...(last === undefined
      ? []
      : [{ kind: 'operator-stops', datacentre: last } satisfies Scenario]),
    ...datacentres.flatMap((datacentre): Scenario[] => [
      { kind: 'datacentre-fails', datacentre },
      { kind: 'datacentre-unreachable', datacentre, minutes: 30 },
    ]),
  ].slice(0, mostScenarios);
}

/** @throws DomainError `invalid` where people carry it out and no runbook says how. */
export function requireSomethingToRehearse(label: string, request: ChangeRequest): void {
  if (request.kind === 'release' || request.runbook !== undefined) return;
  throw new DomainError('invalid', `${label} has no runbook to rehearse.`, {
    code: 'nothing-to-rehearse',
    remedy: 'Ask for it with a runbook: its steps and how long each is expected to take.',
  });
}

/** Why the scenario cannot happen to the change, in words; undefined where it can. */
export function whyNotRehearse(scenario: Scenario, request: ChangeRequest): string | undefined {
  switch (scenario.kind) {
    case 'as-expected':
    case 'slow':
    case 'approval-late':
      return undefined;
    case 'step-fails': {
      const runbook = request.kind === 'release' ? undefined : request.runbook;
      const steps = runbook === undefined ? [] : forwardStepIds(runbook);
      return steps.includes(scenario.step)
        ? undefined
        : `its runbook has no step "${scenario.step}" on the way forward; it has ${steps.join(', ') || 'none'}`;
    }
    case 'optimus-down':
    case 'requirement-violated':
      return request.kind === 'release' ? undefined : 'people carry it out, and not CTC';
    case 'datacentre-fails':
    case 'datacentre-unreachable':
    case 'operator-stops':
      if (request.kind !== 'release') return 'people carry it out, and not CTC';
      return request.datacentres.includes(scenario.datacentre)
        ? undefined
        : `it does not touch datacentre "${scenario.datacentre}"; it touches ${request.datacentres.join(', ')}`;
  }
}

/** For people. */
export function nameScenario(scenario: Scenario, runbook?: Runbook): string {
  switch (scenario.kind) {
    case 'as-expected':
      return 'everything goes as expected';
    case 'slow':
      return 'everything takes as long as it ever took';
    case 'datacentre-fails':
      return `the release does not get ready in ${scenario.datacentre}`;
    case 'datacentre-unreachable':
      return `${scenario.datacentre} is away for ${scenario.minutes} min`;
    case 'requirement-violated':
      return 'the release is slower than its requirements allow';
    case 'optimus-down':
      return `Optimus is away for ${scenario.minutes} min`;
    case 'approval-late':
      return scenario.minutes === undefined
        ? 'the approval comes at the last moment'
        : `the approval comes after ${scenario.minutes} min`;
    case 'operator-stops':
      return `an operator stops it in ${scenario.datacentre}`;
    case 'step-fails': {
      const placed =
        runbook === undefined
          ? undefined
          : allSteps(runbook).find(({ step }) => step.id === scenario.step);
      return `${placed === undefined ? `step "${scenario.step}"` : nameStep(placed)} fails`;
    }
  }
}

function forwardStepIds(runbook: Pick<Runbook, (typeof forwardGroups)[number]>): string[] {
  return forwardGroups.flatMap((group) => runbook[group].map(({ id }) => id));
}
