import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, write } from '../output.ts';
import { readYamlFile } from '../read-file.ts';
import { getChange, ifMatch } from './get-change.ts';

type PlanApprovals = components['schemas']['PlanApprovals'];
type AgendaItem = components['schemas']['AgendaItem'];
type WayBack = components['schemas']['WayBack'];
type Delegation = components['schemas']['Delegation'];

/** The commands of `ctc change …` about what the policies ask for. */
export function addApprovalCommands(change: Command): void {
  change
    .command('approvals <change>')
    .description('what the policies ask for, what is given, who could give the rest, and the risk')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/changes/{change}/approvals', { params: { path: { change: label } } }),
      );
      printOne(found, output, (one) => one.change, describeApprovals);
    });
  change
    .command('way-back <change>')
    .description('the rollback plan, whether it was tried, and each rollback that there was')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/changes/{change}/way-back', { params: { path: { change: label } } }),
      );
      printOne(found, output, (one) => one.change, describeWayBack);
    });
  change
    .command('amend <change>')
    .description('bring rollback, tests or answers of the questionnaire; it is approved anew')
    .requiredOption('-f, --file <file>', 'YAML or JSON; "-" reads standard input')
    .requiredOption('-r, --reason <reason>')
    .action(
      async (
        label: string,
        { file, reason }: { file: string; reason: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const { version } = await getChange(context, label);
        const { message } = await answerOf(
          context.api.POST('/changes/{change}/amendment', {
            params: { path: { change: label }, header: { ...onceHeaders(), ...ifMatch(version) } },
            body: { fields: readYamlFile(file) as never, reason },
          }),
        );
        write(`${label}: ${message}`);
      },
    );
  change
    .command('treat <change>')
    .description('say how the risk of the plan is treated')
    .requiredOption('--option <option>', 'modify, retain, avoid or share')
    .requiredOption('-d, --description <text>')
    .action(
      async (
        label: string,
        { option, description }: { option: never; description: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const { version } = await getChange(context, label);
        const treated = await answerOf(
          context.api.POST('/changes/{change}/risk-treatment', {
            params: { path: { change: label }, header: { ...onceHeaders(), ...ifMatch(version) } },
            body: { option, description },
          }),
        );
        write(`${label}: its risk is treated (${treated.option}): ${treated.description}`);
      },
    );
  change
    .command('justify <change>')
    .description('approve afterwards what could not wait for it')
    .requiredOption('-r, --reason <reason>')
    .option('--not', 'hold it to be unjustified')
    .action(
      async (label: string, { reason, not }: { reason: string; not?: boolean }, self: Command) => {
        const { api } = contextOf(self);
        const { message } = await answerOf(
          api.POST('/changes/{change}/justification', {
            params: { path: { change: label }, header: onceHeaders() },
            body: { decision: not === true ? 'not-justified' : 'justified', reason },
          }),
        );
        write(`${label}: ${message}`);
      },
    );
}

/** `ctc agenda` and `ctc delegation …`. */
export function addAgendaCommands(program: Command): void {
  program
    .command('agenda')
    .description('what waits for a decision, that which expires first at the top')
    .option('--mine', 'only what your signature would count for')
    .option('--limit <count>', 'at most so many', '50')
    .action(async (options: { mine?: boolean; limit: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/agenda', {
          params: {
            query: { mine: String(options.mine === true) as never, limit: Number(options.limit) },
          },
        }),
      );
      printRows(rows, output, agendaColumns, (one) => one.change);
    });

  const delegation = program
    .command('delegation')
    .description('who stands in for whom when changes are decided on');
  delegation
    .command('list')
    .description('list delegations, newest first')
    .option('--of <principal>', 'given by or to somebody')
    .action(async ({ of }: { of?: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/delegations', { params: { query: of === undefined ? {} : { of } } }),
      );
      printRows(rows, output, delegationColumns, ({ id }) => id);
    });
  delegation
    .command('create')
    .description('have somebody decide in your place for a time')
    .requiredOption('--to <principal>')
    .requiredOption('--until <time>', 'ISO instant, such as 2026-12-24T18:00:00Z')
    .option('--from <time>', 'ISO instant; now unless said')
    .requiredOption('-r, --reason <reason>')
    .action(
      async (
        options: { to: string; until: string; from?: string; reason: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const { to, until, from, reason } = options;
        const created = await answerOf(
          api.POST('/delegations', {
            body: { delegate: to, until, reason, ...(from === undefined ? {} : { from }) },
            params: { header: onceHeaders() },
          }),
        );
        printOne(created, output, ({ id }) => id, describeDelegation);
      },
    );
  delegation
    .command('end <id>')
    .description('end a delegation')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const ended = await answerOf(
        api.DELETE('/delegations/{delegation}', { params: { path: { delegation: id } } }),
      );
      printOne(ended, output, () => id, describeDelegation);
    });
}

function describeApprovals(found: PlanApprovals): string {
  const { risk, justification } = found;
  return [
    `${found.change} is ${found.state}${found.outcome === null ? '' : `; its approvals are ${found.outcome}`}`,
    ...(risk === null
      ? []
      : [
          `risk ${risk.level}, ${risk.score} of 100 (rules ${risk.rules}):`,
          ...risk.factors.map(
            ({ factor, points, most, because }) => `  ${points}/${most} ${factor}: ${because}`,
          ),
        ]),
    ...found.steps.map(({ policy, step, given, isMet, isLater, may }) => {
      const signed = given.length === 0 ? 'nobody yet' : given.join(', ');
      const could = isMet ? '' : `; could: ${may.length === 0 ? 'NOBODY' : may.join(', ')}`;
      return `${isMet ? '✔' : '◷'} ${policy}, ${step}: ${signed}${could}${isLater ? ' (later)' : ''}`;
    }),
    ...found.unmet.map(({ wayOut }) => `✖ missing: ${wayOut}`),
    ...(found.treatment === null
      ? []
      : [
          `risk treated by ${found.treatment.by} (${found.treatment.option}): ${found.treatment.description}`,
        ]),
    ...(justification === null
      ? []
      : [
          `to be justified by ${justification.by}: ${justification.settled ?? 'not yet'}${justification.isLate ? ', late' : ''}`,
        ]),
  ].join('\n');
}

function describeWayBack(found: WayBack): string {
  const { kind, plan, tested, testedAt, estimatedMinutes, estimateFrom, rollbacks } = found;
  const estimate =
    estimatedMinutes === null ? 'not estimated' : `${estimatedMinutes} min (${estimateFrom ?? ''})`;
  return [
    `${found.change}: ${kind ?? 'no way back'}, ${tested ?? 'not assessed yet'}${testedAt === null ? '' : ` at ${testedAt}`}, ${estimate}`,
    ...plan.map((line) => `  ${line}`),
    ...rollbacks.flatMap((one) => [
      `${one.outcome ?? 'rolling back'} since ${one.beganAt}, decided by ${one.decidedBy}: ${one.because}`,
      ...(one.minutes === null ? [] : [`  took ${one.minutes.toFixed(1)} min`]),
      ...one.sites.map(
        ({ datacentre, outcome, detail }) => `  ${datacentre}: ${outcome}, ${detail}`,
      ),
    ]),
  ].join('\n');
}

const agendaColumns = [
  { title: 'change', value: ({ change }: AgendaItem) => change },
  { title: 'title', value: ({ title }: AgendaItem) => title },
  { title: 'class', value: (row: AgendaItem) => row.class },
  {
    title: 'risk',
    value: ({ risk }: AgendaItem) => (risk === null ? '' : `${risk.level} ${risk.score}`),
  },
  {
    title: 'impact',
    value: ({ impact }: AgendaItem) => `${impact.servicesDown} down, ${impact.customers} customers`,
  },
  {
    title: 'conflicts',
    value: ({ conflicts }: AgendaItem) => `${conflicts.blocking} blocking, ${conflicts.warnings}`,
  },
  { title: 'window', value: ({ windowOpensAt }: AgendaItem) => windowOpensAt },
  { title: 'expires', value: ({ expiresAt }: AgendaItem) => expiresAt ?? '' },
  { title: 'asked', value: ({ open }: AgendaItem) => open.join('; ') },
  { title: 'mine', value: ({ mine }: AgendaItem) => (mine ? 'yes' : '') },
];

const delegationColumns = [
  { title: 'id', value: ({ id }: Delegation) => id },
  { title: 'of', value: ({ delegator }: Delegation) => delegator },
  { title: 'to', value: ({ delegate }: Delegation) => delegate },
  { title: 'from', value: ({ from }: Delegation) => from },
  { title: 'until', value: ({ until }: Delegation) => until },
  { title: 'ended', value: ({ endedAt }: Delegation) => endedAt ?? '' },
  { title: 'reason', value: ({ reason }: Delegation) => reason },
];

function describeDelegation({ delegator, delegate, from, until, endedAt }: Delegation): string {
  const ended = endedAt === null ? '' : `; ended at ${endedAt}`;
  return `${delegate} decides in the place of ${delegator} from ${from} until ${until}${ended}`;
}
