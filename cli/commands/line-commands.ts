import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';

type LineStop = components['schemas']['LineStop'];

/** `ctc line …`: stop the line, and let it go on. */
export function addLineCommands(program: Command): void {
  const line = program
    .command('line')
    .description('stop all deployments, or some of them, and let them go on where they were');
  line
    .command('stop')
    .description('pause deployments at their next step; rollbacks go on')
    .requiredOption('--scope <scope>', 'all, or datacentre:ID, solution:ID, department:ID')
    .requiredOption('-r, --reason <reason>', 'at least ten characters')
    .action(async ({ scope, reason }: { scope: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stop = await answerOf(
        api.POST('/line-stops', {
          body: { scope: parseScope(scope), reason },
          params: { header: onceHeaders() },
        }),
      );
      printOne(stop, output, ({ id }) => id, describeStop);
    });
  line
    .command('list')
    .description('list stops of the line, newest first')
    .option('--all', 'those that were lifted too')
    .action(async ({ all }: { all?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/line-stops', {
          params: { query: { includeResumed: String(all === true) as never } },
        }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'id', value: ({ id }: LineStop) => id },
          { title: 'scope', value: scopeOf },
          { title: 'stopped', value: ({ stoppedAt }: LineStop) => stoppedAt },
          { title: 'by', value: ({ stoppedBy }: LineStop) => stoppedBy },
          { title: 'changes', value: ({ covered }: LineStop) => String(covered) },
          { title: 'paused', value: ({ paused }: LineStop) => String(paused) },
          { title: 'reason', value: ({ reason }: LineStop) => reason },
          { title: 'resumed', value: ({ resumed }: LineStop) => resumed?.at ?? '' },
        ],
        ({ id }) => id,
      );
    });
  line
    .command('resume <id>')
    .description('lift a stop: each change goes on where it was')
    .requiredOption('-r, --reason <reason>')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stop = await answerOf(
        api.POST('/line-stops/{id}/lift', {
          body: { reason },
          params: { path: { id }, header: onceHeaders() },
        }),
      );
      printOne(stop, output, () => id, describeStop);
    });
}

function parseScope(text: string): { kind: 'all' } | { kind: 'datacentre'; id: string } {
  const [kind, ...rest] = text.split(':');
  const id = rest.join(':');
  const known = ['datacentre', 'solution', 'department'].includes(kind ?? '');
  if (kind === 'all' && id === '') return { kind };
  if (known && id !== '') return { kind: kind as 'datacentre', id };
  throw new CliError(
    `--scope is "all", or datacentre:ID, solution:ID, department:ID; not "${text}".`,
    exitCodes.usage,
  );
}

function scopeOf({ scope }: LineStop): string {
  return scope.id === undefined ? scope.kind : `${scope.kind}:${scope.id}`;
}

function describeStop(stop: LineStop): string {
  const { id, stoppedBy, stoppedAt, reason, covered, paused, resumed } = stop;
  return [
    `${id} ${scopeOf(stop)}: stopped by ${stoppedBy} at ${stoppedAt}: ${reason}`,
    resumed === null
      ? `It covers ${covered} change(s); ${paused} of them are paused now. Let them go on with: ctc line resume ${id} -r …`
      : `lifted by ${resumed.by} at ${resumed.at}: ${resumed.reason}; it covered ${covered} change(s)`,
  ].join('\n');
}
