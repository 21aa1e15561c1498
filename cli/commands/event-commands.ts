import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, tellMore } from '../output.ts';

type Event = components['schemas']['ReportedEvent'];

interface AssessFlags {
  readonly incident?: boolean;
  readonly partOf?: string;
  readonly dismiss?: boolean;
  readonly category?: string;
  readonly severity?: string;
  readonly personalData?: boolean;
  readonly awareAt?: string;
  readonly reason: string;
}

/** `ctc event …`: what looked wrong to anybody, and what it was found to be. */
export function addEventCommands(program: Command): void {
  const event = program
    .command('event')
    .description('report what looks wrong, and say whether it is an incident');
  event
    .command('report <title>')
    .description('report an event; anybody may')
    .requiredOption('-d, --description <text>', 'what you saw, where, and since when')
    .option('--noticed-at <instant>', 'ISO, with zone (default: now)')
    .option('--application <name>')
    .action(
      async (
        title: string,
        options: { description: string; noticedAt?: string; application?: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const { description, noticedAt = new Date().toISOString(), application } = options;
        const reported = await answerOf(
          api.POST('/events', {
            params: { header: onceHeaders() },
            body: {
              ...{ title, description, noticedAt },
              ...(application === undefined ? {} : { application }),
            },
          }),
        );
        printOne(reported, output, labelOf, describeEvent);
      },
    );
  event
    .command('list')
    .description('list events, newest first; your own, unless you assess them')
    .option('--state <states>', 'reported, dismissed or incident; several with commas in between')
    .option('--mine', 'only what you reported')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (options: { state?: string; limit: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows, nextCursor } = await answerOf(
        api.GET('/events', { params: { query: options as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'event', value: labelOf },
          { title: 'state', value: ({ state }: Event) => state },
          { title: 'incident', value: ({ incident }: Event) => incident ?? '' },
          { title: 'title', value: ({ title }: Event) => title },
          { title: 'reported', value: (row: Event) => `${row.reportedAt} by ${row.reportedBy}` },
        ],
        labelOf,
      );
      tellMore(nextCursor, output);
    });
  event
    .command('show <event>')
    .description('show an event, with who decided what it is, and why')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/events/{event}', { params: { path: { event: label } } }),
      );
      printOne(found, output, labelOf, describeEvent);
    });
  event
    .command('assess <event>')
    .description('say what an event is: an incident, part of one, or none')
    .option('--incident', 'an incident of its own; with --category and --severity')
    .option('--part-of <incident>', 'part of this one')
    .option('--dismiss', 'no incident')
    .option('--category <id>', 'of the plan: ctc incident plan show')
    .option('--severity <id>', 'of the plan')
    .option('--personal-data', 'personal data is concerned')
    .option('--no-personal-data', 'personal data is not concerned')
    .option('--aware-at <instant>', 'from when on clocks run (default: when it was noticed)')
    .requiredOption('-r, --reason <reason>')
    .action(async (label: string, flags: AssessFlags, command: Command) => {
      const { api, output } = contextOf(command);
      const body = assessmentOf(flags);
      const assessed = await answerOf(
        api.POST('/events/{event}/assessment', {
          params: { path: { event: label }, header: onceHeaders() },
          body: body as never,
        }),
      );
      printOne(assessed, output, labelOf, describeEvent);
    });
}

function assessmentOf(flags: AssessFlags): object {
  const { incident, partOf, dismiss, reason, category, severity, personalData, awareAt } = flags;
  const chosen = [incident === true, partOf !== undefined, dismiss === true];
  if (chosen.filter(Boolean).length !== 1) {
    throw new CliError('Say one of --incident, --part-of INC-3 or --dismiss.', exitCodes.usage);
  }
  if (dismiss === true) return { decision: 'dismissed', reason };
  if (partOf !== undefined) return { decision: 'part-of', incident: partOf, reason };
  if (personalData === undefined) {
    throw new CliError('Say --personal-data or --no-personal-data.', exitCodes.usage);
  }
  return {
    ...{ decision: 'incident', category, severity, personalData, reason },
    ...(awareAt === undefined ? {} : { awareAt }),
  };
}

const labelOf = ({ label }: { label: string }): string => label;

function describeEvent(one: Event): string {
  return [
    `${one.label}  ${one.state}  ${one.title}`,
    one.description,
    `noticed at ${one.noticedAt}, reported by ${one.reportedBy} at ${one.reportedAt}`,
    ...(one.decidedBy === null
      ? [`nobody has said what it is: ctc event assess ${one.label}`]
      : [
          `${one.incident ?? 'no incident'}, decided by ${one.decidedBy} at ${one.decidedAt ?? ''}: ${one.decisionReason ?? ''}`,
        ]),
  ].join('\n');
}
