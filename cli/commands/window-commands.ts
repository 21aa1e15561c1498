import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type Preview = components['schemas']['WindowPreview'];

interface PreviewOptions {
  readonly file?: string;
  readonly start?: string;
  readonly end?: string;
  readonly latestStart?: string;
  readonly zone?: string;
  readonly disambiguation?: string;
  readonly preparation?: string;
  readonly reserve?: string;
  readonly rule?: string;
  readonly except?: string[];
  readonly after?: string;
  readonly count: string;
}

/** `ctc windows …`: when a change can be carried out, and what the clock makes of its window. */
export function addWindowCommands(program: Command): void {
  const windows = program.command('windows').description('intervention windows');
  windows
    .command('next <change>')
    .description('list the next windows in which a change has no blocking conflict')
    .option('--count <n>', 'how many', '5')
    .action(async (label: string, { count }: { count: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/changes/{change}/free-windows', {
          params: { path: { change: label }, query: { count: Number(count) } },
        }),
      );
      type Free = (typeof rows)[number];
      printRows(
        rows,
        output,
        [
          { title: 'opens', value: ({ opensAt }: Free) => opensAt },
          { title: 'closes', value: ({ closesAt }: Free) => closesAt },
          {
            title: 'customers disturbed twice',
            value: ({ customersDisturbedTwice }: Free) => String(customersDisturbedTwice),
          },
        ],
        ({ opensAt }) => opensAt,
      );
    });

  windows
    .command('preview')
    .description('list the next windows of a request by the clock of its zone; nothing is stored')
    .option('-f, --file <file>', 'a change (its window), or a window; "-" reads standard input')
    .option('--start <time>', 'wall-clock time of the zone, such as 2026-11-25T02:00')
    .option('--end <time>')
    .option('--latest-start <time>', 'nothing may begin later')
    .option('--zone <zone>', 'IANA time zone (default: Europe/Madrid)')
    .option('--disambiguation <which>', '"earlier" or "later", where a time occurs twice')
    .option('--preparation <minutes>', 'at the beginning, before the work')
    .option('--reserve <minutes>', 'at the end, for a rollback')
    .option('--rule <rrule>', 'when it comes again, such as FREQ=WEEKLY;BYDAY=TU,TH')
    .option('--except <date...>', 'days or starts that the rule leaves out')
    .option('--after <instant>', 'windows that open then or later, such as 2026-12-01T00:00:00Z')
    .option('--count <n>', 'how many', '10')
    .action(async (options: PreviewOptions, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.POST('/windows/preview', { body: previewBody(options) as never }),
      );
      printRows(rows, output, previewColumns(rows), ({ opensAt }) => opensAt);
    });
}

/** What the file says, with the options over it. */
function previewBody(options: PreviewOptions): Record<string, unknown> {
  const { file, start, end, latestStart, zone, disambiguation, after } = options;
  const asked = file === undefined ? { zone: 'Europe/Madrid' } : windowIn(file);
  const recurrence = {
    ...(asked['recurrence'] as object | undefined),
    ...(options.rule === undefined ? {} : { rule: options.rule }),
    ...(options.except === undefined ? {} : { except: options.except }),
  };
  const body = {
    ...asked,
    ...defined({ start, end, latestStart, zone, disambiguation, after }),
    ...defined({
      preparationMinutes: numberOf(options.preparation, '--preparation'),
      rollbackReserveMinutes: numberOf(options.reserve, '--reserve'),
    }),
    ...(Object.keys(recurrence).length === 0 ? {} : { recurrence }),
    count: numberOf(options.count, '--count'),
  };
  if ('start' in body && 'end' in body) return body;
  throw new CliError('Say which window: -f FILE, or --start and --end.', exitCodes.usage);
}

/** The window of a change with its datacentres, or a window by itself. */
function windowIn(file: string): Record<string, unknown> {
  const content = readYamlFile(file) as Record<string, unknown>;
  const { window, datacentres } = content;
  if (window === undefined) return content;
  if (window === null || typeof window !== 'object' || Array.isArray(window)) {
    throw new CliError(`${file}: its "window" must be a mapping.`, exitCodes.usage);
  }
  return { ...window, ...(datacentres === undefined ? {} : { datacentres }) };
}

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CliError(`${option} must be a whole number, not "${text}".`, exitCodes.usage);
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Columns that no row has anything to say in are left out. */
function previewColumns(rows: readonly Preview[]) {
  const hasParts = rows.some(
    ({ opensAt, closesAt, parts }) => parts?.work.from !== opensAt || parts.work.to !== closesAt,
  );
  return [
    { title: 'window', value: ({ local }: Preview) => local },
    { title: 'minutes', value: ({ minutes }: Preview) => String(minutes) },
    ...(hasParts
      ? [
          {
            title: 'work (utc)',
            value: ({ parts }: Preview) =>
              parts === undefined ? 'none' : `${timeOf(parts.work.from)}–${timeOf(parts.work.to)}`,
          },
        ]
      : []),
    ...(rows.some(({ sites }) => sites !== undefined)
      ? [
          {
            title: 'datacentres',
            value: ({ sites }: Preview) =>
              (sites ?? []).map(({ datacentre, local }) => `${datacentre} ${local}`).join('; '),
          },
        ]
      : []),
    ...(rows.some(({ note }) => note !== undefined)
      ? [{ title: 'note', value: ({ note }: Preview) => note ?? '' }]
      : []),
  ];
}

function timeOf(instant: string): string {
  return instant.slice('YYYY-MM-DDT'.length, -'Z'.length).replace(/:00$/, '');
}
