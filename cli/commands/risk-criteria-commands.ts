import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type Version = components['schemas']['RiskCriteriaVersion'];

/** `ctc risk criteria …`: by what risks are assessed, in all versions. */
export function addRiskCriteriaCommands(risk: Command): void {
  const criteria = risk.command('criteria').description('by what risks are assessed');
  criteria
    .command('show')
    .description('show the criteria in force')
    .option('--version <n>', 'as they were')
    .action(async ({ version }: { version?: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored =
        version === undefined
          ? await answerOf(api.GET('/risk-criteria'))
          : await answerOf(
              api.GET('/risk-criteria/versions/{version}', {
                params: { path: { version: Number(version) } },
              }),
            );
      printOne(stored, output, nameOf, describeCriteria);
    });
  criteria
    .command('adopt')
    .description('adopt new criteria; every risk is to be assessed again by them')
    .requiredOption('-f, --file <file>', 'YAML or JSON with all criteria')
    .requiredOption('-r, --reason <reason>')
    .action(async ({ file, reason }: { file: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { version } = await answerOf(api.GET('/risk-criteria'));
      const stored = await answerOf(
        api.PUT('/risk-criteria', {
          params: { header: { 'if-match': `"v${version}"` } },
          body: { reason, criteria: readYamlFile(file) as never },
        }),
      );
      printOne(stored, output, nameOf, describeCriteria);
    });
  criteria
    .command('history')
    .description('who adopted which criteria when, and why')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/risk-criteria/versions'));
      printRows(
        rows,
        output,
        [
          { title: 'version', value: (row) => String(row.version) },
          { title: 'adopted', value: (row) => row.adoptedAt ?? '' },
          { title: 'by', value: (row) => row.adoptedBy ?? '' },
          { title: 'reason', value: (row) => row.reason ?? '' },
        ],
        nameOf,
      );
    });
}

const nameOf = ({ version }: { version: number }): string => `v${version}`;

function describeCriteria({ version, criteria, adoptedBy, adoptedAt }: Version): string {
  if (criteria === null) return 'No criteria have been adopted: nothing can be assessed.';
  const scale = (name: string, levels: readonly { title: string; meaning: string }[]): string[] =>
    levels.map(({ title, meaning }, i) => `${name} ${i + 1}: ${title}. ${meaning}`);
  return [
    `${criteria.title}, version ${version}: adopted by ${adoptedBy ?? ''} at ${adoptedAt ?? ''}`,
    ...scale('likelihood', criteria.likelihoods),
    ...scale('impact', criteria.impacts),
    ...criteria.bands.map(
      ({ id, title, fromScore, reviewEveryDays }) =>
        `band ${id}: ${title}, from ${fromScore}; assessed again every ${reviewEveryDays} days`,
    ),
    `accepted up to ${criteria.acceptableUpTo}`,
  ].join('\n');
}
