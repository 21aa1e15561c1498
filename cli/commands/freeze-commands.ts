import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type Freeze = components['schemas']['Freeze'];

interface CreateOptions {
  readonly file?: string;
  readonly scope?: string;
  readonly start?: string;
  readonly end?: string;
  readonly zone: string;
  readonly rule?: string;
  readonly reason?: string;
}

/** `ctc freeze …`: times in which something must not be disturbed. */
export function addFreezeCommands(program: Command): void {
  const freeze = program
    .command('freeze')
    .description('times in which the company, a part of it or a customer must not be disturbed');
  freeze
    .command('create')
    .description('declare a freeze, from a file or by options')
    .option('-f, --file <file>', 'YAML or JSON; "-" reads standard input')
    .option('--scope <scope>', 'company, or datacentre:ID, solution:ID, customer:ID, department:ID')
    .option('--no-touch', "a customer's own no-touch period")
    .option('--start <time>', 'wall-clock time of the zone, such as 2026-11-27T00:00')
    .option('--end <time>')
    .option('--zone <zone>', 'IANA time zone', 'Europe/Madrid')
    .option('--rule <rrule>', 'when it comes again, such as FREQ=YEARLY')
    .option('-r, --reason <reason>')
    .action(async (options: CreateOptions & { touch?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const body = (
        options.file === undefined ? bodyOf(options) : readYamlFile(options.file)
      ) as never;
      const stored = await answerOf(
        api.POST('/freezes', { body, params: { header: onceHeaders() } }),
      );
      printOne(stored, output, ({ id }) => id, describeFreeze);
    });
  freeze
    .command('list')
    .description('list freezes, newest first')
    .option('--all', 'those that were lifted too')
    .action(async ({ all }: { all?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/freezes', {
          params: { query: { includeLifted: String(all === true) as never } },
        }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'id', value: ({ id }: Freeze) => id },
          { title: 'scope', value: scopeOf },
          { title: 'next', value: ({ next }: Freeze) => next[0]?.from ?? '' },
          { title: 'until', value: ({ next }: Freeze) => next[0]?.to ?? '' },
          { title: 'reason', value: (row: Freeze) => String(row.freeze['reason']) },
          { title: 'lifted', value: ({ lifted }: Freeze) => lifted?.at ?? '' },
        ],
        ({ id }) => id,
      );
    });
  freeze
    .command('lift <id>')
    .description('lift a freeze for good')
    .requiredOption('-r, --reason <reason>')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const lifted = await answerOf(
        api.POST('/freezes/{freeze}/lift', {
          body: { reason },
          params: { path: { freeze: id }, header: onceHeaders() },
        }),
      );
      printOne(lifted, output, () => id, describeFreeze);
    });
}

function bodyOf(options: CreateOptions & { touch?: boolean }): object {
  const { scope, start, end, zone, rule, reason } = options;
  if (scope === undefined || start === undefined || end === undefined || reason === undefined) {
    throw new CliError(
      'Give --scope, --start, --end and --reason, or a file with -f.',
      exitCodes.usage,
    );
  }
  const [kind, ...id] = scope.split(':');
  return {
    kind: options.touch === false ? 'no-touch' : 'freeze',
    scope: id.length === 0 ? { kind } : { kind, id: id.join(':') },
    start,
    end,
    zone,
    reason,
    ...(rule === undefined ? {} : { recurrence: { rule } }),
  };
}

function scopeOf({ freeze }: Freeze): string {
  const scope = freeze['scope'] as { kind: string; id?: string };
  return scope.id === undefined ? scope.kind : `${scope.kind}:${scope.id}`;
}

function describeFreeze(stored: Freeze): string {
  const { id, next, lifted } = stored;
  return [
    `${id} ${scopeOf(stored)}: ${String(stored.freeze['reason'])}`,
    ...(lifted === null ? [] : [`lifted by ${lifted.by} at ${lifted.at}: ${lifted.reason}`]),
    ...next.map(({ from, to }) => `in force from ${from} to ${to}`),
  ].join('\n');
}
