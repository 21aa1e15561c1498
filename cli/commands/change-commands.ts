import type { Command } from 'commander';
import { colours } from '../colours.ts';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { followLog } from '../follow-log.ts';
import { addDiffCommand } from './comparison-commands.ts';
import { addRehearsalCommands } from './rehearsal-commands.ts';
import { addApprovalCommands } from './approval-commands.ts';
import { addDecisionCommands } from './decision-commands.ts';
import { addWhyCommand } from './why-command.ts';
import { addChangeImpactCommands } from './impact-commands.ts';
import { addMeasurementCommand, describeMetrics } from './metric-commands.ts';
import { getChange, type Change } from './get-change.ts';
import { addFailuresCommand } from './problem-commands.ts';
import { addRunbookCommands } from './runbook-commands.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, showState, write } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type Summary = components['schemas']['ChangeSummary'];

/** `ctc change …`: ask for changes, decide on them, follow them. */
export function addChangeCommands(program: Command): void {
  const change = program
    .command('change')
    .description('ask for changes, decide on them, follow them');

  change
    .command('request')
    .description('ask for a change')
    .requiredOption(
      '-f, --file <file>',
      'YAML or JSON file with the request; "-" reads standard input',
    )
    .option(
      '--template <template>',
      'a standard change: what the file leaves out is its template’s',
    )
    .option('-w, --watch', 'follow it until the intervention has ended')
    .action(async (options: RequestOptions, command: Command) => {
      const context = contextOf(command);
      const body = (await filledIn(context, options)) as never;
      const requested = await answerOf(
        context.api.POST('/changes', { body, params: { header: onceHeaders() } }),
      );
      printOne(
        requested,
        context.output,
        labelOf,
        (one) => `${one.label} ${showState(one.state)}  ${one.title}`,
      );
      if (options.watch === true) await watch(context, requested.label);
    });

  change
    .command('list')
    .description('list changes, newest first')
    .option('--state <states>', 'one state, or several with commas in between')
    .option('--application <name>')
    .option('--requester <id>')
    .option('--text <text>', 'part of the title')
    .option('--limit <n>', 'at most so many', '50')
    .action(
      async (
        options: {
          state?: string;
          application?: string;
          requester?: string;
          text?: string;
          limit: string;
        },
        command: Command,
      ) => {
        const context = contextOf(command);
        const { limit, ...filter } = options;
        const rows = await listAll(context, filter, Number(limit));
        printRows(rows, context.output, summaryColumns, ({ label }) => label);
      },
    );

  change
    .command('show <change>')
    .description('show a change: request, plan, approvals, conflicts, attempts')
    .action(async (label: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      printOne(await getChange(context, label), context.output, labelOf, describeChange);
    });

  change
    .command('log <change>')
    .description('print the log of a change')
    .action(async (label: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const rows = await answerOf(
        context.api.GET('/changes/{change}/log', { params: { path: { change: label } } }),
      );
      printRows(
        rows.rows,
        context.output,
        [
          { title: 'at', value: ({ at }) => at },
          { title: 'who', value: ({ actor }) => actor },
          { title: 'state', value: ({ to }) => (to === null ? '' : showState(to)) },
          { title: 'what', value: ({ message }) => message },
        ],
        ({ id }) => String(id),
      );
    });

  change
    .command('watch <change>')
    .description(
      'follow the log until the intervention has ended; exits 7 when it was not completed',
    )
    .action(async (label: string, _options: unknown, command: Command) => {
      await watch(contextOf(command), label);
    });
  addWhyCommand(change);
  addDecisionCommands(change);
  addApprovalCommands(change);
  addRunbookCommands(change);
  addChangeImpactCommands(change);
  addMeasurementCommand(change);
  addDiffCommand(change);
  addRehearsalCommands(change);
  addFailuresCommand(change);
}

async function listAll(
  { api }: CliContext,
  filter: { state?: string; application?: string; requester?: string; text?: string },
  limit: number,
): Promise<Summary[]> {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new CliError(
      `--limit must be a whole number from 1 on, not "${limit}".`,
      exitCodes.usage,
    );
  }
  const rows: Summary[] = [];
  let cursor: string | undefined;
  do {
    const page = await answerOf(
      api.GET('/changes', {
        params: {
          query: {
            ...filter,
            limit: Math.min(200, limit - rows.length),
            ...(cursor === undefined ? {} : { cursor }),
          } as never,
        },
      }),
    );
    rows.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== undefined && rows.length < limit);
  return rows;
}

async function watch(context: CliContext, label: string): Promise<void> {
  for await (const line of followLog(context, label, { untilEnded: true })) {
    const state = line.to === null ? '' : `${showState(line.to)}  `;
    write(`${colours.dim(line.at.slice(11, 19))}  ${state}${line.message}`);
  }
  const { state, outcome } = await getChange(context, label);
  if ((outcome ?? state) !== 'completed') {
    throw new CliError(
      `${label} was not completed: it is ${outcome ?? state}.`,
      exitCodes.runFailed,
    );
  }
}

const labelOf = ({ label }: { label: string }): string => label;

const summaryColumns = [
  { title: 'change', value: ({ label }: Summary) => label },
  { title: 'state', value: ({ state }: Summary) => showState(state) },
  { title: 'kind', value: ({ kind }: Summary) => kind },
  { title: 'title', value: ({ title }: Summary) => title },
  { title: 'requester', value: ({ requester }: Summary) => requester },
  { title: 'window opens', value: ({ windowOpensAt }: Summary) => windowOpensAt },
];

function describeChange(change: Change): string {
  const { impact, window, waitingFor } = change;
  const lines = [
    `${colours.bold(change.label)}  ${showState(change.state)}  ${change.title}`,
    `${change.kind}, ${change.class}; ${change.requester} of ${change.department}; revision ${change.revision}`,
    ...(change.origin === null
      ? []
      : [
          `corrects ${change.origin.corrects.label} (release ${change.origin.corrects.release}): ${change.origin.way}, decision ${change.origin.number} of ${change.origin.incidentLabel}`,
        ]),
    ...describeWindow(window),
  ];
  if (waitingFor !== null) {
    lines.push(
      `${waitingFor.needsPerson === true ? colours.red('✖ needs a person: ') : ''}waits for ${waitingFor.what}: ${waitingFor.detail}${waitingFor.until === undefined ? '' : `, until ${waitingFor.until}`}`,
    );
  }
  if (impact !== null) {
    lines.push(
      `services: ${impact['servicesDown']} down, ${impact['servicesDegraded']} degraded, ${impact['servicesAtRisk']} at risk; customers: ${impact['customers']}`,
    );
  }
  for (const finding of change.findings) lines.push(colours.yellow(`▲ ${finding}`));
  if (change.rehearsal !== null) {
    const { current, summary } = change.rehearsal;
    lines.push(`rehearsed${current ? '' : ' with an earlier plan'}: ${summary}`);
  }
  for (const { severity, kind, with: others, evidence, remedy } of change.conflicts) {
    const other = others.map(({ change: label }) => label).join(', ') || 'a freeze';
    lines.push(
      `${severity === 'blocking' ? colours.red('▲ blocking') : colours.yellow('▲ to note')} ${kind} with ${other}: ${evidence.explanation} ${remedy}`,
    );
  }
  for (const { by, decision, reason, at, policy } of change.approvals) {
    lines.push(
      `${decision} by ${policy === null ? by : 'a policy, no person,'} at ${at}: ${reason}`,
    );
  }
  for (const { number, kind, release, sites, metrics } of change.attempts) {
    lines.push(`attempt ${number} (${kind} of ${release})`);
    for (const { datacentre, outcome, detail } of sites) {
      lines.push(`  ${datacentre}: ${outcome} (${detail})`);
    }
    lines.push(...describeMetrics(metrics));
  }
  return lines.join('\n');
}

function describeWindow(window: Change['window']): string[] {
  const { opensAt, closesAt, zone, workFrom, workUntil, occurrence, sites } = window;
  const hasParts =
    (workFrom !== undefined && workFrom !== opensAt) ||
    (workUntil !== undefined && workUntil !== closesAt);
  return [
    `window ${opensAt} to ${closesAt} (${zone})`,
    ...(hasParts ? [`  work from ${workFrom} to ${workUntil}`] : []),
    ...(occurrence === undefined
      ? []
      : [
          `  one of a series: ${occurrence.start}${occurrence.note === undefined ? '' : ` (${occurrence.note})`}`,
        ]),
    ...(sites ?? []).map(
      (site) => `  ${site.datacentre}: ${site.opensAt} to ${site.closesAt} (${site.zone})`,
    ),
  ];
}

interface RequestOptions {
  readonly file: string;
  readonly template?: string;
  readonly watch?: boolean;
}

/** The request in the file, over what its template says. @throws CliError where no version is in force. */
async function filledIn({ api }: CliContext, { file, template }: RequestOptions): Promise<unknown> {
  const asked = readYamlFile(file);
  if (template === undefined) return asked;
  const { rows } = await answerOf(
    api.GET('/templates/{template}', { params: { path: { template } } }),
  );
  const inForce = rows.find(({ state }) => state === 'in-force');
  if (inForce === undefined) {
    throw new CliError(
      `No version of a template "${template}" is in force: ctc template list shows those that are.`,
      exitCodes.notFound,
    );
  }
  return { class: 'standard', template, ...inForce.template.request, ...(asked as object) };
}
