import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne } from '../output.ts';

type Site = components['schemas']['ComparedSite'];
type SiteObject = NonNullable<Site['objects']>[number];

/** `ctc change diff`: what approvers are shown of the datacentres. */
export function addDiffCommand(change: Command): void {
  change
    .command('diff <change>')
    .description('show what its release would do to each datacentre, field by field')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const preview = await answerOf(
        api.GET('/changes/{change}/deployment-preview', { params: { path: { change: label } } }),
      );
      printOne(
        preview,
        output,
        () => label,
        ({ summary, at, sites }) => [`${summary} (${at})`, ...sites.flatMap(siteLines)].join('\n'),
      );
    });
}

/** `ctc application drift`: exits with 7 when something has drifted, so that scripts notice. */
export function addDriftCommand(application: Command): void {
  application
    .command('drift <application>')
    .description('compare what runs with what was verified last; changes nothing')
    .option('--last', 'show the last comparison instead of making one')
    .action(async (name: string, options: { last?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const params = { path: { application: name } };
      const report = await answerOf(
        options.last === true
          ? api.GET('/applications/{application}/drift', { params })
          : api.POST('/applications/{application}/drift-checks', {
              params: { ...params, header: onceHeaders() },
            }),
      );
      printOne(
        report,
        output,
        ({ verdict }) => verdict,
        ({ summary, at, sites }) => [`${summary} (${at})`, ...sites.flatMap(siteLines)].join('\n'),
      );
      if (report.verdict === 'drifted') {
        throw new CliError(`${name} has drifted.`, exitCodes.runFailed);
      }
    });
}

function siteLines({ datacentre, actions, objects, problem }: Site): string[] {
  const lines =
    problem !== undefined
      ? [`not known: ${problem}`]
      : objects === undefined
        ? actions.map(({ component, action, reason }) => `${action} ${component}: ${reason}`)
        : objects.filter(({ action }) => action !== 'keep').flatMap(objectLines);
  return [`${datacentre}:`, ...(lines.length === 0 ? ['nothing differs'] : lines).map(indent)];
}

function objectLines({ action, object, changes, conflicts, problem }: SiteObject): string[] {
  return [
    `${action} ${object}`,
    ...changes.map(({ path, before, after }) =>
      indent(`${path}: ${before === undefined ? '' : `${show(before)} → `}${show(after)}`),
    ),
    ...conflicts.map(({ manager, fields }) => indent(`${manager} manages ${fields.join(', ')}`)),
    ...(problem === undefined ? [] : [indent(problem)]),
  ];
}

const indent = (line: string): string => `  ${line}`;
const show = (value: unknown): string => (value === undefined ? 'gone' : JSON.stringify(value));
