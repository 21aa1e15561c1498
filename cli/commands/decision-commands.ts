import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { write } from '../output.ts';
import { getChange, ifMatch } from './get-change.ts';

interface DecisionFlags {
  readonly reason: string;
  readonly overrideConflicts?: string;
  readonly overrideFreezes?: string;
}

function overrideOf({ overrideConflicts, overrideFreezes }: DecisionFlags) {
  if (overrideConflicts === undefined && overrideFreezes === undefined) return undefined;
  return {
    reason: [...new Set([overrideConflicts, overrideFreezes])]
      .filter((reason) => reason !== undefined)
      .join('; '),
    conflicts: overrideConflicts !== undefined,
    freezes: overrideFreezes !== undefined,
  };
}

/** The commands of `ctc change …` by which people decide. */
export function addDecisionCommands(change: Command): void {
  for (const [name, decision, description] of [
    ['approve', 'approved', 'approve the plan as it is now'],
    ['reject', 'rejected', 'reject the plan'],
  ] as const) {
    const command = change
      .command(`${name} <change>`)
      .description(description)
      .requiredOption('-r, --reason <reason>');
    if (decision === 'approved') {
      command
        .option('--override-conflicts <reason>', 'in spite of blocking conflicts, and why')
        .option('--override-freezes <reason>', 'in spite of freezes and no-touch periods, and why');
    }
    command.action(async (label: string, options: DecisionFlags, self: Command) => {
      const context = contextOf(self);
      const { version } = await getChange(context, label);
      const override = overrideOf(options);
      const { message } = await answerOf(
        context.api.POST('/changes/{change}/decisions', {
          params: { path: { change: label }, header: { ...onceHeaders(), ...ifMatch(version) } },
          body: {
            decision,
            reason: options.reason,
            ...(override === undefined ? {} : { override }),
          },
        }),
      );
      write(`${label}: ${message}`);
    });
  }

  change
    .command('move <change>')
    .description('move the window, parts and all; approvals given so far become void')
    .requiredOption('-r, --reason <reason>')
    .option('--to-next-free', 'to the next window without a blocking conflict')
    .option('--next-occurrence', 'to the next window of its series')
    .option('--start <time>', 'wall-clock time of the zone, such as 2026-11-25T02:00')
    .option('--end <time>')
    .option('--zone <zone>', 'IANA time zone', 'Europe/Madrid')
    .option('--disambiguation <which>', '"earlier" or "later", where a time occurs twice')
    .action(async (label: string, options: MoveOptions, command: Command) => {
      const context = contextOf(command);
      const { version, request } = await getChange(context, label);
      const { message } = await answerOf(
        context.api.POST('/changes/{change}/window', {
          params: { path: { change: label }, header: { ...onceHeaders(), ...ifMatch(version) } },
          body: moveBody(options, request),
        }),
      );
      write(`${label}: ${message}`);
    });

  const plain = (
    name: string,
    path:
      | '/changes/{change}/cancellation'
      | '/changes/{change}/hold'
      | '/changes/{change}/resumption'
      | '/changes/{change}/rollback'
      | '/changes/{change}/review',
    description: string,
  ): void => {
    change
      .command(`${name} <change>`)
      .description(description)
      .requiredOption('-r, --reason <reason>')
      .action(async (label: string, { reason }: { reason: string }, command: Command) => {
        const { api } = contextOf(command);
        const { message } = await answerOf(
          api.POST(path, {
            params: { path: { change: label }, header: onceHeaders() },
            body: { reason },
          }),
        );
        write(`${label}: ${message}`);
      });
  };
  plain('cancel', '/changes/{change}/cancellation', 'cancel; what was deployed is rolled back');
  plain('pause', '/changes/{change}/hold', 'hold at the next step that can wait');
  plain('resume', '/changes/{change}/resumption', 'go on after a hold');
  plain('retry-rollback', '/changes/{change}/rollback', 'try an incomplete rollback again');
  plain('review', '/changes/{change}/review', 'start the review');

  change
    .command('report <change>')
    .description('report the outcome of a change that people carry out')
    .requiredOption('--result <result>', 'implemented, backed-out or left-broken')
    .requiredOption('-r, --reason <reason>', 'what was done')
    .action(
      async (
        label: string,
        {
          result,
          reason,
        }: { result: 'implemented' | 'backed-out' | 'left-broken'; reason: string },
        command: Command,
      ) => {
        const { api } = contextOf(command);
        const { message } = await answerOf(
          api.POST('/changes/{change}/outcome', {
            params: { path: { change: label }, header: onceHeaders() },
            body: { result, reason },
          }),
        );
        write(`${label}: ${message}`);
      },
    );

  change
    .command('close <change>')
    .description('close the review')
    .requiredOption('-r, --reason <reason>', 'the outcome in words')
    .option('--lessons <text>', 'what was learnt', '')
    .action(
      async (
        label: string,
        { reason, lessons }: { reason: string; lessons: string },
        command: Command,
      ) => {
        const { api } = contextOf(command);
        const { message } = await answerOf(
          api.POST('/changes/{change}/closure', {
            params: { path: { change: label }, header: onceHeaders() },
            body: { reason, lessons },
          }),
        );
        write(`${label}: ${message}`);
      },
    );
}

interface MoveOptions {
  readonly reason: string;
  readonly toNextFree?: boolean;
  readonly nextOccurrence?: boolean;
  readonly start?: string;
  readonly end?: string;
  readonly zone: string;
  readonly disambiguation?: 'earlier' | 'later';
}

function moveBody(options: MoveOptions, request: Record<string, unknown>): never {
  const { reason, toNextFree, nextOccurrence, start, end, zone, disambiguation } = options;
  if (nextOccurrence === true) return { reason, toNextOccurrence: true } as never;
  if (toNextFree === true) return { reason, toNextFree: true } as never;
  if (start === undefined || end === undefined) {
    throw new CliError(
      'Say where to: --to-next-free, --next-occurrence, or --start and --end.',
      exitCodes.usage,
    );
  }
  return {
    reason,
    window: {
      ...partsOf(request),
      start,
      end,
      zone,
      ...(disambiguation === undefined ? {} : { disambiguation }),
    },
  } as never;
}

/** What stays as it was when a window is moved to another time. */
function partsOf({ window }: Record<string, unknown>): Record<string, unknown> {
  const kept = ['preparationMinutes', 'rollbackReserveMinutes', 'perDatacentre'];
  return Object.fromEntries(Object.entries(window ?? {}).filter(([key]) => kept.includes(key)));
}
