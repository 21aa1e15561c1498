import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components, paths } from '../generated/api.d.ts';
import { printOne, printRows, tellMore } from '../output.ts';

type Summary = components['schemas']['ProblemSummary'];
type Detail = components['schemas']['ProblemDetail'];
type Posts = Exclude<
  Extract<
    { [Path in keyof paths]: paths[Path] extends { post: object } ? Path : never }[keyof paths],
    `/problems/{problem}/${string}`
  >,
  '/problems/{problem}/actions'
>;

/** `ctc problem …`: what lies behind incidents, until it is corrected. */
export function addProblemCommands(program: Command): void {
  const problem = program
    .command('problem')
    .description('what lies behind incidents: known errors, workarounds, corrections');
  problem
    .command('open <title>')
    .description('open a problem')
    .requiredOption('-d, --description <text>')
    .option('--incident <label...>', 'incident(s) that it comes from')
    .option('--caused-by <change...>', 'change(s) that it comes from')
    .action(
      async (
        title: string,
        options: { description: string; incident?: string[]; causedBy?: string[] },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const { description, incident = [], causedBy = [] } = options;
        const reason = 'it comes from it';
        const links = [
          ...incident.map((to) => ({ kind: 'incident' as const, to, reason })),
          ...causedBy.map((to) => ({ kind: 'caused-by' as const, to, reason })),
        ];
        const opened = await answerOf(
          api.POST('/problems', {
            params: { header: onceHeaders() },
            body: { title, description, links },
          }),
        );
        printOne(opened, output, labelOf, describeProblem);
      },
    );
  problem
    .command('list')
    .description('list problems, newest first; --state known-error lists the known errors')
    .option('--state <states>', 'open, known-error, closed or dismissed; several with commas')
    .option('--text <text>', 'part of title, description or cause')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (options: object, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows, nextCursor } = await answerOf(
        api.GET('/problems', { params: { query: options as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'problem', value: labelOf },
          { title: 'state', value: ({ state }: Summary) => state },
          { title: 'title', value: ({ title }: Summary) => title },
          { title: 'workaround', value: ({ workaround }: Summary) => workaround ?? '' },
          { title: 'opened', value: ({ openedAt }: Summary) => openedAt },
        ],
        labelOf,
      );
      tellMore(nextCursor, output);
    });
  problem
    .command('show <problem>')
    .description('show a problem, and what stands against closing it')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/problems/{problem}', { params: { path: { problem: label } } }),
      );
      printOne(found, output, labelOf, describeProblem);
    });

  /** Does one thing to a problem, and shows what it is then. */
  const does = async (
    command: Command,
    path: Posts,
    label: string,
    body: object,
  ): Promise<void> => {
    const { api, output } = contextOf(command);
    const answer = api.POST(path, {
      params: { path: { problem: label }, header: onceHeaders() },
      body: body as never,
    } as never) as Promise<{ data?: Detail; error?: unknown; response: Response }>;
    printOne(await answerOf(answer), output, labelOf, describeProblem);
  };
  problem
    .command('diagnose <problem>')
    .description('write down the root cause, and how to get by: it is a known error then')
    .requiredOption('--root-cause <text>')
    .requiredOption('--workaround <text>', 'how to get by until it is corrected')
    .action((label: string, options: object, command: Command) =>
      does(command, '/problems/{problem}/diagnosis', label, options),
    );
  for (const [name, path, description] of [
    ['link', '/problems/{problem}/links', 'link an incident or a change'],
    ['unlink', '/problems/{problem}/links/withdrawal', 'withdraw a link'],
  ] as const) {
    problem
      .command(`${name} <problem> <kind> <to>`)
      .description(`${description}; kind is incident, caused-by or corrected-by`)
      .requiredOption('-r, --reason <reason>')
      .action((label: string, kind: string, to: string, options: object, command: Command) =>
        does(command, path, label, { kind, to, ...options }),
      );
  }
  problem
    .command('close <problem>')
    .description('close a problem whose corrections are done')
    .requiredOption('-r, --reason <reason>')
    .option('--uncorrected <text>', 'why it is closed although nothing has corrected it')
    .action((label: string, options: { reason: string; uncorrected?: string }, command: Command) =>
      does(command, '/problems/{problem}/closure', label, options),
    );
  for (const [name, path, description] of [
    ['dismiss', '/problems/{problem}/dismissal', 'say why it is no problem'],
    ['reopen', '/problems/{problem}/reopening', 'say why it is not over'],
  ] as const) {
    problem
      .command(`${name} <problem>`)
      .description(description)
      .requiredOption('-r, --reason <reason>')
      .action((label: string, options: object, command: Command) =>
        does(command, path, label, options),
      );
  }
}

/** `ctc change failures`: how many changes fail, and which. */
export function addFailuresCommand(change: Command): void {
  change
    .command('failures')
    .description('the change failure rate of a period, and the changes that failed')
    .requiredOption('--from <date>', 'such as 2026-01-01 (UTC), or an ISO instant with zone')
    .requiredOption('--to <date>', 'the first day, or instant, that does not count')
    .option('--limit <n>', 'list at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'where the list goes on')
    .action(
      async (
        options: { from: string; to: string; limit: string; cursor?: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const query = { ...options, from: instantOf(options.from), to: instantOf(options.to) };
        const found = await answerOf(
          api.GET('/change-failures', { params: { query: query as never } }),
        );
        printOne(
          found,
          output,
          ({ ratePercent }) => (ratePercent === null ? 'no-data' : String(ratePercent)),
          describeFailures,
        );
      },
    );
}

function instantOf(text: string): string {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text;
  if (!Number.isNaN(Date.parse(instant))) return instant;
  throw new CliError(`"${text}" is no date such as 2026-01-01.`, exitCodes.usage);
}

type Failures = components['schemas']['ChangeFailures'];

function describeFailures(one: Failures): string {
  const rate = ({ changes, failed, ratePercent }: Omit<Failures['byClass'][number], 'class'>) =>
    ratePercent === null
      ? 'no change, so no rate'
      : `${ratePercent.toFixed(1)} % (${failed} of ${changes})`;
  return [
    `change failure rate from ${one.from} to ${one.to}: ${rate(one)}`,
    `${one.rolledBack} rolled back, ${one.rollbackIncomplete} with the rollback incomplete, ${one.causedIncident} that caused an incident`,
    ...one.byClass.map((group) => `${group.class}: ${rate(group)}`),
    ...one.rows.map(
      ({ change, title, outcome, endedAt, incidents }) =>
        `${change}  ${outcome}  ${endedAt}  ${title}${incidents.length === 0 ? '' : `  caused ${incidents.join(', ')}`}`,
    ),
    ...(one.nextCursor === undefined ? [] : [`more: --cursor ${one.nextCursor}`]),
    one.definition,
  ].join('\n');
}

const labelOf = ({ label }: { label: string }): string => label;

function describeProblem(one: Detail): string {
  return [
    `${one.label}  ${one.state}  ${one.title}`,
    one.description,
    ...(one.rootCause === null ? [] : [`root cause: ${one.rootCause}`]),
    ...(one.workaround === null ? [] : [`until it is corrected: ${one.workaround}`]),
    ...(one.uncorrected === null ? [] : [`left uncorrected: ${one.uncorrected}`]),
    ...one.links.map(
      ({ kind, to, reason, outcome }) =>
        `${kind} ${to}${outcome === null ? '' : ` (${outcome})`}: ${reason}`,
    ),
    ...one.actions.map(
      ({ label, state, title, owner, dueOn, overdue }) =>
        `${label}  ${overdue ? 'overdue' : state}  ${title}  (${owner}, due on ${dueOn})`,
    ),
    ...one.log.map(({ at, actor, message }) => `${at}  ${actor}  ${message}`),
    ...one.openForClosing.map((open) => `open: ${open}`),
  ].join('\n');
}
