import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, write } from '../output.ts';
import { describeDecision } from '../show-incident.ts';

type Guardian = components['schemas']['Guardian'];

/** `ctc guardian …`: applications while they run. */
export function addGuardianCommands(program: Command): void {
  const guardian = program
    .command('guardian')
    .description('how a running application is guarded, and what people say to its guardian');
  guardian
    .command('status <application>')
    .description('show objectives, error budgets, burn rates, and what the guardian waits for')
    .action(async (application: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/applications/{application}/guardian', { params: { path: { application } } }),
      );
      printOne(found, output, () => application, describeGuardian);
    });

  const plain = (
    name: string,
    path:
      | '/applications/{application}/guardian/pause'
      | '/applications/{application}/guardian/resume'
      | '/applications/{application}/guardian/lift-hold',
    description: string,
  ): void => {
    guardian
      .command(`${name} <application>`)
      .description(description)
      .requiredOption('-r, --reason <reason>')
      .action(async (application: string, { reason }: { reason: string }, command: Command) => {
        const { api } = contextOf(command);
        const { message } = await answerOf(
          api.POST(path, {
            params: { path: { application }, header: onceHeaders() },
            body: { reason },
          }),
        );
        write(`${application}: ${message}`);
      });
  };
  plain('pause', '/applications/{application}/guardian/pause', 'measure and decide nothing');
  plain('resume', '/applications/{application}/guardian/resume', 'go on after a pause');
  plain(
    'lift-hold',
    '/applications/{application}/guardian/lift-hold',
    'let it move the application again after a rollback',
  );

  for (const [name, description] of [
    ['approve', 'approve the proposed correction'],
    ['decline', 'decline the proposed correction'],
  ] as const) {
    guardian
      .command(`${name} <application>`)
      .description(description)
      .requiredOption('-r, --reason <reason>')
      .option('--decision <id>', 'the proposal that you were shown (default: the present one)')
      .action(
        async (
          application: string,
          options: { reason: string; decision?: string },
          command: Command,
        ) => {
          const { api } = contextOf(command);
          const path = { application };
          const decision = options.decision ?? (await proposalOf(command, application));
          const { message } = await answerOf(
            api.POST(`/applications/{application}/guardian/${name}`, {
              params: { path, header: onceHeaders() },
              body: { reason: options.reason, decision },
            }),
          );
          write(`${application}: ${message}`);
        },
      );
  }
}

async function proposalOf(command: Command, application: string): Promise<string> {
  const { api } = contextOf(command);
  const { proposal } = await answerOf(
    api.GET('/applications/{application}/guardian', { params: { path: { application } } }),
  );
  if (proposal !== null) return proposal.id;
  throw new CliError(`The guardian of ${application} proposes nothing.`, exitCodes.conflict);
}

function describeGuardian(one: Guardian): string {
  const { application, state, mode, waitingFor, deployment, evaluation, proposal } = one;
  const lines = [`${application}  ${state}  (mode ${mode})`];
  if (deployment !== null) {
    lines.push(`runs release ${deployment.release} by ${deployment.change}`);
  }
  if (waitingFor !== null) {
    lines.push(
      `waits for ${waitingFor.what}: ${waitingFor.detail}${waitingFor.until === undefined ? '' : `, until ${waitingFor.until}`}`,
    );
  }
  if (one.heldSince !== null) lines.push(`held since the rollback at ${one.heldSince}`);
  if (one.incident !== null) lines.push(`incident ${one.incident}`);
  for (const slo of evaluation?.slos ?? []) {
    const budget =
      slo.budgetLeftPercent === null
        ? 'no data'
        : `${slo.budgetLeftPercent.toFixed(1)} % of budget left`;
    lines.push(`${slo.verdict}  ${slo.sli} ${slo.target}; ${budget}; ${slo.measured}`);
    for (const { window, long, short, threshold, burning } of slo.burnRates) {
      lines.push(
        `  burns ${rate(long)} / ${rate(short)} over ${window}, alarm at ${threshold.toFixed(1)}${burning ? ': burning' : ''}`,
      );
    }
  }
  if (proposal !== null) lines.push('proposes:', ...describeDecision(proposal));
  return lines.join('\n');
}

function rate(value: number | null): string {
  return value === null ? 'no data' : value.toFixed(1);
}
