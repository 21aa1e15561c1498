import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { answerOf, onceHeaders } from '../client.ts';
import { colours } from '../colours.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components, paths } from '../generated/api.d.ts';
import { printOne, printRows, showState } from '../output.ts';

type Rehearsal = components['schemas']['Rehearsal'];
type Report = NonNullable<Rehearsal['report']>;
type Run = components['schemas']['RehearsedScenario'];
type Scenario = NonNullable<
  paths['/changes/{change}/rehearsals']['post']['requestBody']
>['content']['application/json']['scenarios'] extends (infer S)[] | undefined
  ? S
  : never;

const pollMs = 500;

/** `ctc change rehearse` and `ctc change rehearsals`. */
export function addRehearsalCommands(change: Command): void {
  change
    .command('rehearse <change>')
    .description('run it ahead of time, as expected and with failures; touches nothing')
    .option('--fails <datacentre...>', 'the release does not get ready there')
    .option('--unreachable <datacentre[=minutes]...>', 'the datacentre is away (30 min)')
    .option('--optimus-down <minutes>', 'Optimus is away')
    .option('--violated', 'the release is slower than its requirements allow')
    .option('--late [minutes]', 'the approval comes late; without minutes: at the last moment')
    .option('--stopped <datacentre...>', 'an operator stops it there')
    .option('--step-fails <step...>', 'a step of its runbook fails')
    .option('--slow', 'everything takes as long as it ever took')
    .option('--timeline', 'show what would happen, and who would be told, for each scenario')
    .addHelpText(
      'after',
      '\nWithout a failure chosen: as expected, slow, and each failure that it is planned for.\nExits 7 when it found something to mend.',
    )
    .action(async (label: string, options: Choice & { timeline?: true }, command: Command) => {
      const context = contextOf(command);
      const scenarios = scenariosOf(options);
      const asked = await answerOf(
        context.api.POST('/changes/{change}/rehearsals', {
          params: { path: { change: label }, header: onceHeaders() },
          body: scenarios.length === 0 ? {} : { scenarios },
        }),
      );
      const rehearsal = await untilEnded(context, label, asked);
      show(context, rehearsal, options.timeline === true);
      const { report, problem } = rehearsal;
      if (report === null) {
        throw new CliError(`${label} could not be rehearsed: ${problem}`, exitCodes.runFailed);
      }
      if (report.findings.length > 0) {
        throw new CliError(
          `${label}: ${report.findings.length} thing(s) to look at before the night.`,
          exitCodes.runFailed,
        );
      }
    });

  change
    .command('rehearsals <change> [rehearsal]')
    .description('list the rehearsals of a change, or show the report of one')
    .action(async (label: string, id: string | undefined, _: unknown, command: Command) => {
      const context = contextOf(command);
      if (id !== undefined) {
        const path = { change: label, rehearsal: id };
        show(
          context,
          await answerOf(
            context.api.GET('/changes/{change}/rehearsals/{rehearsal}', { params: { path } }),
          ),
          true,
        );
        return;
      }
      const { items } = await answerOf(
        context.api.GET('/changes/{change}/rehearsals', { params: { path: { change: label } } }),
      );
      printRows(
        items,
        context.output,
        [
          { title: 'id', value: (one) => one.id },
          { title: 'at', value: (one) => one.requestedAt },
          { title: 'by', value: (one) => one.requestedBy },
          { title: 'state', value: (one) => one.state },
          { title: 'plan', value: (one) => (one.current ? 'as it is' : 'an earlier one') },
          { title: 'what', value: (one) => one.summary ?? one.problem ?? '' },
        ],
        (one) => one.id,
      );
    });
}

interface Choice {
  readonly fails?: string[];
  readonly unreachable?: string[];
  readonly optimusDown?: string;
  readonly violated?: true;
  readonly late?: true | string;
  readonly stopped?: string[];
  readonly stepFails?: string[];
  readonly slow?: true;
}

/** What was chosen, with the expected course to compare it with; nothing where nothing was. */
function scenariosOf(choice: Choice): Scenario[] {
  const chosen: Scenario[] = [
    ...(choice.slow === true ? [{ kind: 'slow' as const }] : []),
    ...(choice.late === undefined
      ? []
      : [
          {
            kind: 'approval-late' as const,
            ...(choice.late === true ? {} : { minutes: minutesOf('--late', choice.late) }),
          },
        ]),
    ...(choice.optimusDown === undefined
      ? []
      : [
          {
            kind: 'optimus-down' as const,
            minutes: minutesOf('--optimus-down', choice.optimusDown),
          },
        ]),
    ...(choice.violated === true ? [{ kind: 'requirement-violated' as const }] : []),
    ...(choice.fails ?? []).map((datacentre) => ({
      kind: 'datacentre-fails' as const,
      datacentre,
    })),
    ...(choice.unreachable ?? []).map((given) => {
      const [datacentre = '', minutes = '30'] = given.split('=');
      return {
        kind: 'datacentre-unreachable' as const,
        datacentre,
        minutes: minutesOf('--unreachable', minutes),
      };
    }),
    ...(choice.stopped ?? []).map((datacentre) => ({
      kind: 'operator-stops' as const,
      datacentre,
    })),
    ...(choice.stepFails ?? []).map((step) => ({ kind: 'step-fails' as const, step })),
  ];
  return chosen.length === 0 ? [] : [{ kind: 'as-expected' }, ...chosen];
}

function minutesOf(option: string, given: string): number {
  const minutes = Number(given);
  if (Number.isInteger(minutes) && minutes >= 1) return minutes;
  throw new CliError(
    `${option} takes minutes, a whole number from 1 on, not "${given}".`,
    exitCodes.usage,
  );
}

async function untilEnded(
  { api }: CliContext,
  label: string,
  asked: Rehearsal,
): Promise<Rehearsal> {
  let rehearsal = asked;
  while (rehearsal.state === 'running') {
    await delay(pollMs);
    const path = { change: label, rehearsal: asked.id };
    rehearsal = await answerOf(
      api.GET('/changes/{change}/rehearsals/{rehearsal}', { params: { path } }),
    );
  }
  return rehearsal;
}

function show({ output }: CliContext, rehearsal: Rehearsal, timeline: boolean): void {
  printOne(
    rehearsal,
    output,
    ({ id }) => id,
    ({ report, problem, state, change }) =>
      report === null ? `${change}: ${problem ?? state}` : describe(report, timeline).join('\n'),
  );
}

function describe(report: Report, timeline: boolean): string[] {
  const { window, pointOfNoReturn, durations, findings, scenarios, summary } = report;
  return [
    summary,
    `Window ${window.opensAt} – ${window.closesAt}`,
    ...(pointOfNoReturn === null
      ? []
      : [`Point of no return ${pointOfNoReturn.at}: ${pointOfNoReturn.because}`]),
    ...durations.map(
      ({ of, expectedMs, worstMs, from }) =>
        `${of}: ${seconds(expectedMs)}, at most ${seconds(worstMs)} (${from})`,
    ),
    ...findings.map((finding) => colours.yellow(`▲ ${finding}`)),
    ...scenarios.flatMap((run) => describeRun(run, timeline)),
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function describeRun(run: Run, timeline: boolean): string[] {
  const sites = Object.entries(run.sites).map(([id, outcome]) => `${id} ${outcome}`);
  const told = new Set(run.timeline.flatMap((entry) => entry.told));
  const words = [
    run.endedAt === null ? `waits: ${run.waitsFor ?? 'for people'}` : `ends ${run.endedAt}`,
    ...sites,
    ...(told.size === 0 ? [] : [`tells ${[...told].sort().join(', ')}`]),
  ];
  return [
    `• ${run.name}: ${showState(run.outcome)} — ${words.join('; ')}`,
    ...(timeline
      ? run.timeline.map(
          ({ at, message, told: who }) =>
            `    ${at} ${message}${who.length === 0 ? '' : ` → ${who.join(', ')}`}`,
        )
      : []),
  ];
}
