import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { colours } from '../colours.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, showState } from '../output.ts';

type Why = components['schemas']['Why'];

/** `ctc change why`: what a change waits for. */
export function addWhyCommand(change: Command): void {
  change
    .command('why <change>')
    .description('say what a change waits for, of whom, when it wakes by itself, and what to do')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const why = await answerOf(
        api.GET('/changes/{change}/why', { params: { path: { change: label } } }),
      );
      printOne(why, output, () => label, describeWhy);
    });
}

function describeWhy({ change, state, waits, ending, pending }: Why): string {
  const heading = `${colours.bold(change)}  ${showState(state)}`;
  const ended = ending === null ? [] : describeEnding(ending);
  if (waits.length === 0 && ended.length === 0) return `${heading}  waits for nothing`;
  const lines = waits.flatMap((wait, index) => {
    const { kind, detail, since, wakesAt, who, next, approvals } = wait;
    return [
      `${index === 0 ? 'waits for' : 'and for'} ${kind}: ${detail}`,
      `  ${since === null ? '' : `since ${since}; `}${wakesAt === null ? 'does not wake by itself' : `wakes at ${wakesAt}`}`,
      ...(approvals === undefined
        ? []
        : [
            `  ${approvals.given.length} of ${approvals.needed} given${approvals.given.length === 0 ? '' : `, by ${approvals.given.join(', ')}`}`,
          ]),
      ...(who.length === 0 ? [] : [`  who: ${who.join(', ')}`]),
      `  next: ${next}`,
    ];
  });
  const silent =
    pending === null ? ['The workflow engine does not answer: this is what the record knows.'] : [];
  return [heading, ...ended, ...lines, ...silent].join('\n');
}

function describeEnding({ kind, at, because, stops, next }: NonNullable<Why['ending']>): string[] {
  return [
    `${kind.replaceAll('-', ' ')} at ${at}: ${because}`,
    ...stops.map(({ scope, by, reason }) => `  while ${scope} were stopped by ${by}: ${reason}`),
    `  next: ${next}`,
  ];
}
