import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { colours } from '../colours.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, showState, write } from '../output.ts';

type Runbook = components['schemas']['RunbookState'];
type Step = components['schemas']['RunbookStepState'];

interface StepFlags {
  readonly reason?: string;
  readonly evidence?: string;
}

/** The commands of `ctc change …` by which people carry a runbook out. */
export function addRunbookCommands(change: Command): void {
  change
    .command('runbook <change>')
    .description('show the runbook of a change: each step, its state, its evidence')
    .action(async (label: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const runbook = await answerOf(
        context.api.GET('/changes/{change}/runbook', { params: { path: { change: label } } }),
      );
      printOne(runbook, context.output, () => label, describeRunbook);
    });

  const step = change.command('step').description('carry out a step of the runbook');
  step
    .command('start <change> <step>')
    .description('begin a step, or begin one again that failed')
    .option('-r, --reason <reason>', 'what is to be said of it')
    .action(async (label: string, id: string, { reason }: StepFlags, command: Command) => {
      const { api } = contextOf(command);
      const { message } = await answerOf(
        api.POST('/changes/{change}/runbook/steps/{step}/start', {
          params: { path: { change: label, step: id }, header: onceHeaders() },
          body: reason === undefined ? {} : { reason },
        }),
      );
      write(`${label}: ${message}`);
    });
  step
    .command('complete <change> <step>')
    .description('complete a step, with the evidence that it asks for')
    .option('-e, --evidence <text-or-url>', 'what shows that it was done')
    .option('-r, --reason <reason>', 'what is to be said of it')
    .action(async (label: string, id: string, options: StepFlags, command: Command) => {
      const { api } = contextOf(command);
      const { message } = await answerOf(
        api.POST('/changes/{change}/runbook/steps/{step}/complete', {
          params: { path: { change: label, step: id }, header: onceHeaders() },
          body: options,
        }),
      );
      write(`${label}: ${message}`);
    });
  step
    .command('fail <change> <step>')
    .description('say that a step failed; before the point of no return the rollback begins')
    .requiredOption('-r, --reason <reason>', 'what went wrong')
    .option('-e, --evidence <text-or-url>', 'what shows it')
    .action(async (label: string, id: string, options: Required<StepFlags>, command: Command) => {
      const { api } = contextOf(command);
      const { message } = await answerOf(
        api.POST('/changes/{change}/runbook/steps/{step}/fail', {
          params: { path: { change: label, step: id }, header: onceHeaders() },
          body: options,
        }),
      );
      write(`${label}: ${message}`);
    });
  step
    .command('skip <change> <step>')
    .description('leave a step out; for operators and change managers')
    .requiredOption('-r, --reason <reason>', 'why it is not needed')
    .action(async (label: string, id: string, { reason }: { reason: string }, command: Command) => {
      const { api } = contextOf(command);
      const { message } = await answerOf(
        api.POST('/changes/{change}/runbook/steps/{step}/skip', {
          params: { path: { change: label, step: id }, header: onceHeaders() },
          body: { reason },
        }),
      );
      write(`${label}: ${message}`);
    });

  const decide = (name: string, decision: 'roll-back' | 'go-on', description: string): void => {
    change
      .command(`${name} <change>`)
      .description(description)
      .requiredOption('-r, --reason <reason>')
      .action(async (label: string, { reason }: { reason: string }, command: Command) => {
        const { api } = contextOf(command);
        const { message } = await answerOf(
          api.POST('/changes/{change}/runbook/decision', {
            params: { path: { change: label }, header: onceHeaders() },
            body: { decision, reason },
          }),
        );
        write(`${label}: ${message}`);
      });
  };
  decide('roll-back', 'roll-back', 'roll a runbook back: its rollback steps come now');
  decide('go-on', 'go-on', 'go on with a runbook although its rollback no longer fits');
}

const groupTitles: Readonly<Record<Runbook['groups'][number]['group'], string>> = {
  preChecks: 'pre-checks',
  steps: 'steps',
  verification: 'verification',
  rollback: 'rollback',
};

function describeRunbook(runbook: Runbook): string {
  const { waitingFor } = runbook;
  const overrun =
    runbook.onOverrun === 'roll-back' ? 'else it is rolled back by itself' : 'people are warned';
  return [
    `${colours.bold(runbook.change)}  ${showState(runbook.state)}`,
    `work from ${runbook.workFrom} to ${runbook.workUntil}, ${runbook.expectedWorkMinutes} min as expected; rollback ${runbook.expectedRollbackMinutes} min, to begin by ${runbook.rollBackBy}, ${overrun}`,
    ...runbook.findings.map((finding) => colours.yellow(`▲ ${finding}`)),
    ...(waitingFor === null
      ? []
      : [
          `${waitingFor.needsPerson === true ? colours.red('✖ needs a person: ') : 'waits for '}${waitingFor.detail}${waitingFor.until === undefined ? '' : `, until ${waitingFor.until}`}`,
        ]),
    ...runbook.groups
      .filter(({ steps }) => steps.length > 0)
      .flatMap(({ group, steps }) => [
        colours.bold(groupTitles[group]),
        ...steps.map(describeStep),
      ]),
  ].join('\n');
}

const shapes: Readonly<Record<Step['state'], string>> = {
  open: '◌',
  running: '◐',
  done: '✔',
  failed: '✖',
  skipped: '↷',
  stopped: '▥',
};

function describeStep(step: Step): string {
  const last = step.tries.at(-1);
  const who =
    step.assignee === undefined
      ? undefined
      : 'person' in step.assignee
        ? step.assignee.person
        : `team ${step.assignee.team}`;
  const notes = [
    who,
    `${step.expectedMinutes} min`,
    step.evidence === 'none' ? undefined : `evidence: ${step.evidence}`,
    step.parallel === true ? 'parallel' : undefined,
    step.pointOfNoReturn === true ? 'point of no return' : undefined,
  ].filter((note) => note !== undefined);
  const went = [
    last?.endedBy ?? last?.startedBy ?? undefined,
    last?.reason ?? undefined,
    last?.evidence?.content,
  ].filter((note) => note !== undefined);
  return `${step.current ? '›' : ' '} ${shapes[step.state]} ${step.state.padEnd(8)} ${step.id}  ${step.title} (${notes.join(', ')})${went.length === 0 ? '' : ` – ${went.join('; ')}`}`;
}
