import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, tellMore } from '../output.ts';
import { readYamlFile } from '../read-file.ts';
import { findingColumns } from './action-commands.ts';
import { addControlCommands } from './control-commands.ts';
import { addRiskCriteriaCommands } from './risk-criteria-commands.ts';

type Stored = components['schemas']['StoredRisk'];
type Detail = components['schemas']['RiskDetail'];

/** `ctc risk …` and `ctc control …`: what could go wrong, what is done about it, and who accepts the rest. */
export function addRiskCommands(program: Command): void {
  const risk = program
    .command('risk')
    .description('what could go wrong, what is done about it, and who accepts the rest');
  risk
    .command('add')
    .description('register a risk with its first assessment')
    .requiredOption('-f, --file <file>', 'YAML or JSON')
    .action(async ({ file }: { file: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/risks', {
          params: { header: onceHeaders() },
          body: readYamlFile(file) as never,
        }),
      );
      printOne(stored, output, labelOf, describeRisk);
    });
  risk
    .command('list')
    .description('list risks, newest first')
    .option('--state <state>', 'open or closed')
    .option('--owner <principal>')
    .option('--band <id>', 'of the criteria')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (options: object, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows, nextCursor } = await answerOf(
        api.GET('/risks', { params: { query: options as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'risk', value: labelOf },
          { title: 'state', value: ({ state }: Stored) => state },
          { title: 'inherent', value: ({ inherent }: Stored) => inherent.band },
          { title: 'residual', value: ({ residual }: Stored) => residual?.band ?? 'not treated' },
          {
            title: 'accepted',
            value: ({ acceptance }: Stored) => acceptance?.acceptedAt.slice(0, 10) ?? 'no',
          },
          { title: 'owner', value: (row: Stored) => row.risk.owner },
          {
            title: 'review',
            value: (row: Stored) => `${row.reviewOn}${row.reviewOverdue ? ' overdue' : ''}`,
          },
          { title: 'title', value: (row: Stored) => row.risk.title },
        ],
        labelOf,
      );
      tellMore(nextCursor, output);
    });
  risk
    .command('show <risk>')
    .description('show a risk with all its assessments, acceptances and actions')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(api.GET('/risks/{risk}', { params: { path: { risk: label } } }));
      printOne(found, output, labelOf, describeDetail);
    });
  risk
    .command('assess <risk>')
    .description('assess a risk again; what was accepted before is void')
    .requiredOption('-f, --file <file>', 'YAML or JSON with the whole risk')
    .requiredOption('-r, --reason <reason>')
    .action(async (label: string, options: { file: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/risks/{risk}/assessments', {
          params: { path: { risk: label }, header: onceHeaders() },
          body: { reason: options.reason, risk: readYamlFile(options.file) as never },
        }),
      );
      printOne(stored, output, labelOf, describeRisk);
    });
  risk
    .command('accept <risk>')
    .description('accept what is left of a risk that you own')
    .requiredOption('-r, --reason <reason>')
    .option('--exception <text>', 'why, where it is above what the criteria accept')
    .option('--version <n>', 'the assessment that you were shown (default: the present one)')
    .action(
      async (
        label: string,
        options: { reason: string; exception?: string; version?: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const path = { risk: label };
        const version =
          options.version ??
          (await answerOf(api.GET('/risks/{risk}', { params: { path } }))).version;
        const stored = await answerOf(
          api.POST('/risks/{risk}/acceptance', {
            params: { path, header: { ...onceHeaders(), 'if-match': `"v${version}"` } },
            body: { reason: options.reason, exception: options.exception ?? null },
          }),
        );
        printOne(stored, output, labelOf, describeRisk);
      },
    );
  risk
    .command('reassess <risk>')
    .description('note that something has changed, so that it is to be assessed again')
    .requiredOption('-r, --reason <reason>')
    .option('--from <label>', 'what it comes from, such as CHG-12 or INC-3')
    .action(async (label: string, options: { reason: string; from?: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/risks/{risk}/triggers', {
          params: { path: { risk: label }, header: onceHeaders() },
          body: { reason: options.reason, from: options.from ?? null },
        }),
      );
      printOne(stored, output, labelOf, describeRisk);
    });
  risk
    .command('close <risk>')
    .description('close a risk that is none any more')
    .requiredOption('-r, --reason <reason>')
    .action(async (label: string, { reason }: { reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/risks/{risk}/closure', {
          params: { path: { risk: label }, header: onceHeaders() },
          body: { reason },
        }),
      );
      printOne(stored, output, labelOf, describeRisk);
    });
  risk
    .command('findings')
    .description('what an auditor would find of criteria, risks, acceptances and controls')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/risk-findings'));
      printRows(rows, output, findingColumns, ({ subject }) => subject);
    });
  addRiskCriteriaCommands(risk);
  addControlCommands(program, risk);
}

const labelOf = ({ label }: { label: string }): string => label;

function describeRisk(one: Stored): string {
  const { label, state, version, risk, inherent, residual, acceptance } = one;
  const { treatment } = risk;
  return [
    `${label}  ${state}  ${risk.title}  (version ${version}, by version ${one.criteriaVersion} of the criteria)`,
    `asset: ${risk.asset}; threat: ${risk.threat}; vulnerability: ${risk.vulnerability}`,
    `inherent ${inherent.band} (${inherent.score}); ${
      residual === null ? 'no treatment is decided' : `left ${residual.band} (${residual.score})`
    }`,
    ...(treatment === null
      ? []
      : [
          `${treatment.option}: ${treatment.explanation} ${treatment.controls.map((number) => `A.${number}`).join(' ')}`.trimEnd(),
        ]),
    acceptance === null
      ? `not accepted by ${risk.owner}`
      : `accepted by ${acceptance.acceptedBy} at ${acceptance.acceptedAt}: ${acceptance.reason}${acceptance.exception === null ? '' : `; exception: ${acceptance.exception}`}`,
    `to be assessed again by ${one.reviewOn}${one.reviewOverdue ? ', overdue' : ''}`,
    ...one.triggers.map(
      ({ from, reason, by, at }) =>
        `to be assessed again, ${from === null ? '' : `${from}: `}${reason} (${by} at ${at})`,
    ),
  ].join('\n');
}

function describeDetail(one: Detail): string {
  return [
    describeRisk(one),
    ...one.actions.map(
      ({ label, state, title, owner, dueOn, overdue }) =>
        `${label}  ${overdue ? 'overdue' : state}  ${title}  (${owner}, due on ${dueOn})`,
    ),
    ...one.history.map(
      ({ version, assessedAt, assessedBy, reason, inherent, residual }) =>
        `version ${version}  ${assessedAt}  ${assessedBy}: ${reason}; ${inherent.band} → ${residual?.band ?? 'not treated'}`,
    ),
    ...one.acceptances.map(
      ({ version, acceptedAt, acceptedBy, reason }) =>
        `accepted version ${version}  ${acceptedAt}  ${acceptedBy}: ${reason}`,
    ),
  ].join('\n');
}
