import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, tellMore } from '../output.ts';

type Action = components['schemas']['Action'];
type Finding = components['schemas']['Finding'];

export const findingColumns = [
  { title: 'finding', value: ({ kind }: Finding) => kind },
  { title: 'about', value: ({ subject }: Finding) => subject },
  { title: 'since', value: ({ since }: Finding) => since ?? '' },
  { title: 'what', value: ({ detail }: Finding) => detail },
];

/** `ctc action …`: what has to be done because of incidents, risks and problems. */
export function addActionCommands(program: Command): void {
  const action = program
    .command('action')
    .description('what has to be done because of incidents, risks and problems');
  action
    .command('add <of>')
    .description(
      'add what somebody has to do because of an incident, risk or problem, such as INC-3',
    )
    .requiredOption('-t, --title <text>', 'what is to be done')
    .requiredOption('--owner <principal>', 'who sees to it')
    .requiredOption('--due <day>', 'such as 2026-12-31')
    .action(
      async (
        of: string,
        { title, owner, due }: { title: string; owner: string; due: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const header = onceHeaders();
        const body = { title, owner, dueOn: due };
        const kind = registerOf(of);
        const added = await answerOf(
          kind === 'risk'
            ? api.POST('/risks/{risk}/actions', { params: { path: { risk: of }, header }, body })
            : kind === 'problem'
              ? api.POST('/problems/{problem}/actions', {
                  params: { path: { problem: of }, header },
                  body,
                })
              : api.POST('/incidents/{incident}/actions', {
                  params: { path: { incident: of }, header },
                  body,
                }),
        );
        printOne(added, output, labelOf, describeAction);
      },
    );
  action
    .command('list')
    .description('list actions of all registers, newest first')
    .option('--state <state>', 'open, done or dropped')
    .option('--owner <principal>')
    .option('--overdue', 'only open ones whose day is over')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (options: object, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows, nextCursor } = await answerOf(
        api.GET('/actions', { params: { query: options as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'action', value: labelOf },
          { title: 'of', value: ({ of }: Action) => of },
          { title: 'state', value: (row: Action) => (row.overdue ? 'overdue' : row.state) },
          { title: 'owner', value: ({ owner }: Action) => owner },
          { title: 'due', value: ({ dueOn }: Action) => dueOn },
          { title: 'title', value: ({ title }: Action) => title },
        ],
        labelOf,
      );
      tellMore(nextCursor, output);
    });
  for (const [name, state, description] of [
    ['done', 'done', 'say that an action is done, and with what outcome'],
    ['drop', 'dropped', 'say that an action will not be done, and why'],
  ] as const) {
    action
      .command(`${name} <action>`)
      .description(description)
      .requiredOption('-r, --outcome <text>')
      .action(async (label: string, { outcome }: { outcome: string }, command: Command) => {
        const { api, output } = contextOf(command);
        const settled = await answerOf(
          api.POST('/actions/{action}/settlement', {
            params: { path: { action: label }, header: onceHeaders() },
            body: { state, outcome },
          }),
        );
        printOne(settled, output, labelOf, describeAction);
      });
  }
}

const labelOf = ({ label }: { label: string }): string => label;

/** By the letters of the label: an action belongs to one register. */
function registerOf(of: string): 'incident' | 'risk' | 'problem' {
  if (/^inc-\d+$/i.test(of)) return 'incident';
  if (/^rsk-\d+$/i.test(of)) return 'risk';
  if (/^prb-\d+$/i.test(of)) return 'problem';
  throw new CliError(
    `Actions belong to an incident (INC-3), a risk (RSK-3) or a problem (PRB-3), not to "${of}".`,
    exitCodes.usage,
  );
}

function describeAction(one: Action): string {
  const { label, of, state, title, owner, dueOn, outcome } = one;
  return `${label} of ${of}  ${one.overdue ? 'overdue' : state}  ${title}\n${owner}, due on ${dueOn}${
    outcome === null ? '' : `\n${one.settledBy ?? ''} at ${one.settledAt ?? ''}: ${outcome}`
  }`;
}
