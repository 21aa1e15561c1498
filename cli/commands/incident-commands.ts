import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components, paths } from '../generated/api.d.ts';
import { printOne, printRows, tellMore } from '../output.ts';
import { readYamlFile } from '../read-file.ts';
import { describeIncident } from '../show-incident.ts';
import { findingColumns } from './action-commands.ts';
import { addEvidenceCommands } from './evidence-commands.ts';
import { addIncidentPlanCommands } from './incident-plan-commands.ts';

type Summary = components['schemas']['IncidentSummary'];
type Detail = components['schemas']['Incident'];
type Posts = Extract<
  { [Path in keyof paths]: paths[Path] extends { post: object } ? Path : never }[keyof paths],
  `/incidents/{incident}/${string}`
>;

/** `ctc incident …`: what went wrong, whatever has opened it, answered to its end. */
export function addIncidentCommands(program: Command): void {
  const incident = program
    .command('incident')
    .description('what went wrong, what was decided and done about it, and what is owed');
  incident
    .command('list')
    .description('list incidents, newest first')
    .option('--application <name>')
    .option(
      '--state <states>',
      'open, responding, mitigated, resolved or closed; several with commas',
    )
    .option('--source <sources>', 'event, change, guardian or contract; several with commas')
    .option('--severity <id>')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (options: object, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows, nextCursor } = await answerOf(
        api.GET('/incidents', { params: { query: options as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'incident', value: ({ label }: Summary) => label },
          { title: 'state', value: ({ state }: Summary) => state },
          { title: 'severity', value: ({ severity }: Summary) => severity ?? '' },
          { title: 'source', value: ({ source }: Summary) => source },
          { title: 'application', value: (row: Summary) => row.application ?? '' },
          { title: 'summary', value: ({ summary }: Summary) => summary },
          { title: 'opened', value: ({ openedAt }: Summary) => openedAt },
          { title: 'resolved', value: (row: Summary) => row.resolvedAt ?? '' },
        ],
        ({ label }) => label,
      );
      tellMore(nextCursor, output);
    });
  incident
    .command('show <incident>')
    .description('show an incident: what was decided, done and owed, evidence, review, log')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/incidents/{incident}', { params: { path: { incident: label } } }),
      );
      printOne(found, output, (one) => one.label, describeIncident);
    });
  incident
    .command('findings')
    .description('what an auditor would find of plan, events, incidents, duties and actions')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/incident-findings'));
      printRows(rows, output, findingColumns, ({ subject }) => subject);
    });

  /** Does one thing to an incident, and shows what it is then. */
  const does = async (
    command: Command,
    path: Posts,
    params: Record<string, string>,
    body: object,
  ): Promise<void> => {
    const { api, output } = contextOf(command);
    const answer = api.POST(path, {
      params: { path: params as never, header: onceHeaders() },
      body: body as never,
    } as never) as Promise<{ data?: Detail; error?: unknown; response: Response }>;
    printOne(await answerOf(answer), output, (one) => one.label, describeIncident);
  };

  incident
    .command('classify <incident>')
    .description('say how severe it is; clocks of what is owed start')
    .requiredOption('--category <id>', 'of the plan: ctc incident plan show')
    .requiredOption('--severity <id>', 'of the plan')
    .option('--personal-data', 'personal data is concerned')
    .option('--no-personal-data', 'personal data is not concerned')
    .requiredOption('-r, --reason <reason>')
    .action((label: string, options: object, command: Command) =>
      does(command, '/incidents/{incident}/classification', { incident: label }, options),
    );
  incident
    .command('step <incident> <step>')
    .description('respond, contain, recover or reopen; or note')
    .requiredOption('-w, --what <text>', 'what was done')
    .option('--at <instant>', 'when, ISO with zone (default: now)')
    .action((label: string, step: string, options: object, command: Command) =>
      does(command, '/incidents/{incident}/steps', { incident: label }, { step, ...options }),
    );
  incident
    .command('notify <incident> <duty>')
    .description('record that a notification that is owed was sent')
    .requiredOption('--at <instant>', 'when it was sent, ISO with zone')
    .requiredOption('--proof <text>', 'what shows it: a reference, a letter, E2')
    .action((label: string, duty: string, options: object, command: Command) =>
      does(
        command,
        '/incidents/{incident}/duties/{duty}/notification',
        { incident: label, duty },
        options,
      ),
    );
  incident
    .command('waive <incident> <duty>')
    .description('say why a notification is not owed after all')
    .requiredOption('-r, --reason <reason>')
    .action((label: string, duty: string, options: object, command: Command) =>
      does(
        command,
        '/incidents/{incident}/duties/{duty}/waiver',
        { incident: label, duty },
        options,
      ),
    );
  for (const [name, path, description] of [
    ['link', '/incidents/{incident}/changes', 'say which change has caused it, or fixes it'],
    [
      'unlink',
      '/incidents/{incident}/changes/withdrawal',
      'withdraw that a change has caused it, or fixes it',
    ],
  ] as const) {
    incident
      .command(`${name} <incident> <kind> <change>`)
      .description(`${description}; kind is caused-by or fixed-by`)
      .requiredOption('-r, --reason <reason>')
      .action((label: string, kind: string, change: string, options: object, command: Command) =>
        does(command, path, { incident: label }, { kind, change, ...options }),
      );
  }
  incident
    .command('review <incident>')
    .description('write down what happened, why, and what is learnt')
    .requiredOption(
      '-f, --file <file>',
      'YAML or JSON with whatHappened, rootCause, lessons, criteriaChange',
    )
    .action((label: string, { file }: { file: string }, command: Command) =>
      does(
        command,
        '/incidents/{incident}/review',
        { incident: label },
        readYamlFile(file) as object,
      ),
    );
  incident
    .command('close <incident>')
    .description('close a resolved incident that nothing is open of')
    .requiredOption('-r, --reason <reason>')
    .action((label: string, options: object, command: Command) =>
      does(command, '/incidents/{incident}/closure', { incident: label }, options),
    );
  addEvidenceCommands(incident);
  addIncidentPlanCommands(incident);
}
