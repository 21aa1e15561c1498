import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { colours } from '../colours.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, write } from '../output.ts';
import { figures, showSimulation, whereOf } from '../show-simulation.ts';
import {
  assumptions,
  number,
  questionOf,
  wholeNumber,
  type Assumed,
} from '../simulation-question.ts';

type FrontAxis = components['schemas']['Front']['x'];

/** `ctc simulation …`: what Optimus would do, and what it once said. */
export function addSimulationCommands(program: Command): void {
  const simulation = program
    .command('simulation')
    .description('ask Optimus without a change, and look at what it answered');

  assumptions(
    simulation
      .command('run <application>')
      .description(
        'what would be best, as things are or as they are assumed to be; changes nothing',
      ),
  )
    .option('--placements <count>', 'how many of the best', '5')
    .option('--trials <count>', 'play failures of each so often')
    .addHelpText(
      'after',
      `
What if a datacentre fails:        ctc simulation run shop --fails mad
What if this price rises by 20 %:  ctc simulation run shop --price offer:mad-small=+20
What would 99.99 % cost:           ctc simulation run shop --availability 99.99
Exits 7 when no placement meets the requirements.`,
    )
    .action(
      async (
        application: string,
        options: Assumed & { placements: string; trials?: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const answer = await answerOf(
          context.api.POST('/applications/{application}/simulations', {
            params: { path: { application }, header: onceHeaders() },
            body: {
              ...(await questionOf(context, application, options)),
              placements: wholeNumber('--placements', options.placements),
              ...(options.trials === undefined
                ? {}
                : { trials: wholeNumber('--trials', options.trials) }),
            },
          }),
        );
        showSimulation(answer, context.output);
        if (answer.status === 'infeasible') {
          throw new CliError('No placement meets the requirements.', exitCodes.runFailed);
        }
      },
    );

  assumptions(
    simulation
      .command('front <application>')
      .description('the placements between which two figures are traded; stores nothing'),
  )
    .option('--x <figure>', 'monthlyCost, responseTime, availability or throughput', 'monthlyCost')
    .option('--y <figure>', 'the other one', 'availability')
    .option('--points <count>', 'at most so many placements', '20')
    .option('--resolution <number>', 'nearer to each other on y than this is the same')
    .action(
      async (
        application: string,
        options: Assumed & { x: string; y: string; points: string; resolution?: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const front = await answerOf(
          context.api.POST('/applications/{application}/fronts', {
            params: { path: { application } },
            body: {
              ...(await questionOf(context, application, options)),
              x: options.x as FrontAxis,
              y: options.y as FrontAxis,
              points: wholeNumber('--points', options.points),
              ...(options.resolution === undefined
                ? {}
                : { resolution: number('--resolution', options.resolution) }),
            },
          }),
        );
        printRows(
          front.points,
          context.output,
          [...figures, { title: 'where', value: ({ placement }) => whereOf(placement) }],
          ({ placement }) => whereOf(placement),
        );
        if (context.output === 'table' && !front.isComplete) {
          write(colours.yellow('▲ There are more: ask for more points, or more time.'));
        }
      },
    );

  simulation
    .command('list <application>')
    .description('what Optimus was asked by changes, the guardian and people, newest first')
    .option('--limit <count>', 'at most so many', '50')
    .action(async (application: string, { limit }: { limit: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/applications/{application}/simulations', {
          params: { path: { application }, query: { limit: wholeNumber('--limit', limit) } },
        }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'id', value: ({ id }) => id },
          { title: 'at', value: ({ simulatedAt }) => simulatedAt },
          { title: 'for', value: ({ purpose, askedFor }) => `${purpose} ${askedFor}` },
          { title: 'answer', value: ({ status }) => status },
          { title: 'a month', value: ({ monthlyCost }) => monthlyCost?.toFixed(2) ?? '' },
          { title: 'engine', value: ({ engine }) => engine },
        ],
        ({ id }) => id,
      );
    });

  simulation
    .command('show <simulation>')
    .description('show the answer of a simulation')
    .option('--input', 'what exactly was asked')
    .action(async (id: string, { input }: { input?: true }, command: Command) => {
      const { api, output } = contextOf(command);
      const path = { simulation: id };
      if (input === true) {
        write(
          JSON.stringify(
            await answerOf(api.GET('/simulations/{simulation}/input', { params: { path } })),
            null,
            2,
          ),
        );
        return;
      }
      showSimulation(
        await answerOf(api.GET('/simulations/{simulation}', { params: { path } })),
        output,
      );
    });

  simulation
    .command('replay <simulation>')
    .description('compute it again from its inputs, and compare; exits 7 when it differs')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const replay = await answerOf(
        api.POST('/simulations/{simulation}/replays', {
          params: { path: { simulation: id }, header: onceHeaders() },
          body: {},
        }),
      );
      printOne(
        replay,
        output,
        (one) => one.id,
        ({ identical, unlike, engine }) =>
          identical
            ? colours.green(`✔ ${engine} gives the same answer.`)
            : colours.red(`✖ ${engine} gives another answer: ${unlike.join(', ')} differ.`),
      );
      if (!replay.identical) throw new CliError(`${id} cannot be reproduced.`, exitCodes.runFailed);
    });
}
