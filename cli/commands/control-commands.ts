import { Option, type Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, write } from '../output.ts';

type Control = components['schemas']['DecidedControl'];

interface DecideFlags {
  readonly include?: boolean;
  readonly exclude?: boolean;
  readonly implementation?: string;
  readonly how?: string;
  readonly reason: string;
}

/** `ctc control …`, and the reports on risks and controls: `ctc risk soa`, `ctc risk plan`. */
export function addControlCommands(program: Command, risk: Command): void {
  const control = program
    .command('control')
    .description('which of the 93 controls of Annex A apply, why, and how far they are');
  control
    .command('list')
    .description('list all controls, and what is decided about each')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/controls'));
      printRows(
        rows,
        output,
        [
          { title: 'control', value: numberOf },
          { title: 'title', value: ({ title }: Control) => title },
          { title: 'state', value: stateOf },
          { title: 'risks', value: ({ risks }: Control) => risks.join(' ') },
        ],
        numberOf,
      );
    });
  control
    .command('decide <control>')
    .description('decide whether a control applies, such as 5.15, why, and how far it is')
    .option('--include', 'it applies; with --implementation')
    .option('--exclude', 'it does not apply')
    .option('--implementation <state>', 'not-started, planned, partly or implemented')
    .option('--how <text>', 'by what it is implemented, and where that is seen')
    .requiredOption('-r, --reason <reason>', 'why it is included, or why it is not')
    .action(async (number: string, flags: DecideFlags, command: Command) => {
      const { api, output } = contextOf(command);
      const { include = false, exclude = false, reason, implementation, how } = flags;
      if (include === exclude) {
        throw new CliError('Say either --include or --exclude.', exitCodes.usage);
      }
      const decided = await answerOf(
        api.PUT('/controls/{control}', {
          params: { path: { control: number } },
          body: { applicable: include, reason, implementation, how } as never,
        }),
      );
      printOne(decided, output, numberOf, describeControl);
    });

  for (const [name, report, description] of [
    ['soa', 'statement-of-applicability', 'the Statement of Applicability: all 93 controls'],
    ['plan', 'treatment-plan', 'the treatment plan: what is done about each risk'],
  ] as const) {
    risk
      .command(name)
      .description(`print ${description}, with what is missing`)
      .addOption(
        new Option('--format <format>').choices(['markdown', 'csv', 'json']).default('markdown'),
      )
      .action(async ({ format }: { format: string }, command: Command) => {
        const { apiUrl, token } = contextOf(command);
        const response = await fetch(`${apiUrl}/risk-reports/${report}?format=${format}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        if (!response.ok) throw toCliError(response.status, (await response.json()) as ProblemBody);
        write((await response.text()).trimEnd());
      });
  }
}

const numberOf = ({ number }: Control): string => number;

function stateOf({ decision }: Control): string {
  if (decision === null) return 'not decided';
  return decision.applicable ? (decision.implementation ?? '') : 'excluded';
}

function describeControl(one: Control): string {
  const { number, title, theme, decision, risks } = one;
  return [
    `A.${number}  ${title} (${theme})  ${stateOf(one)}`,
    ...(decision === null
      ? []
      : [
          `${decision.reason} (${decision.decidedBy} at ${decision.decidedAt}, version ${decision.version})`,
          ...(decision.how === undefined ? [] : [decision.how]),
        ]),
    ...(risks.length === 0 ? [] : [`treats ${risks.join(', ')}`]),
  ].join('\n');
}
