import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';
import { addVersionCommands } from './version-commands.ts';

type TestResult = components['schemas']['PolicyTestResult'];
type PolicyVersion = components['schemas']['PolicyVersion'];
type TemplateVersion = components['schemas']['TemplateVersion'];

/** `ctc policy …`: which approvals changes need. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('which approvals changes need, by version');
  addVersionCommands<PolicyVersion>(policy, 'policy', {
    list: async ({ api }, all) =>
      (await answerOf(api.GET('/policies', { params: { query: { all: String(all) as never } } })))
        .rows,
    show: async ({ api }, id) =>
      (await answerOf(api.GET('/policies/{policy}', { params: { path: { policy: id } } }))).rows,
    propose: ({ api }, definition, reason) =>
      answerOf(
        api.POST('/policies', {
          body: { policy: definition as never, reason },
          params: { header: onceHeaders() },
        }),
      ),
    approve: ({ api }, id, version, reason) =>
      answerOf(
        api.POST('/policies/{policy}/versions/{version}/approval', {
          body: { reason },
          params: { path: { policy: id, version }, header: onceHeaders() },
        }),
      ),
    retire: ({ api }, id, reason) =>
      answerOf(
        api.POST('/policies/{policy}/retirement', {
          body: { reason },
          params: { path: { policy: id }, header: onceHeaders() },
        }),
      ),
    definitionOf: (row) => row.policy,
  });
  policy
    .command('test <file>')
    .description('what the policies would ask for of the examples in a file; nothing is stored')
    .action(async (file: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.POST('/policies/test', { body: readYamlFile(file) as never }),
      );
      if (output === 'table') {
        for (const row of rows) printOne(row, output, ({ name }) => name, describeTest);
      } else {
        printRows(rows, output, [], ({ name }) => name);
      }
    });
}

/** `ctc template …`: standard changes, approved once for many times. */
export function addTemplateCommands(program: Command): void {
  const template = program
    .command('template')
    .description('standard changes, approved once for many times until they expire');
  addVersionCommands<TemplateVersion>(template, 'template', {
    list: async ({ api }, all) =>
      (await answerOf(api.GET('/templates', { params: { query: { all: String(all) as never } } })))
        .rows,
    show: async ({ api }, id) =>
      (await answerOf(api.GET('/templates/{template}', { params: { path: { template: id } } })))
        .rows,
    propose: ({ api }, definition, reason) =>
      answerOf(
        api.POST('/templates', {
          body: { template: definition as never, reason },
          params: { header: onceHeaders() },
        }),
      ),
    approve: ({ api }, id, version, reason) =>
      answerOf(
        api.POST('/templates/{template}/versions/{version}/approval', {
          body: { reason },
          params: { path: { template: id, version }, header: onceHeaders() },
        }),
      ),
    retire: ({ api }, id, reason) =>
      answerOf(
        api.POST('/templates/{template}/retirement', {
          body: { reason },
          params: { path: { template: id }, header: onceHeaders() },
        }),
      ),
    definitionOf: (row) => row.template,
  });
}

function describeTest(row: TestResult): string {
  return [
    `${row.name}: ${row.asks}`,
    ...row.steps.map(
      ({ policy, step, may }) =>
        `  ${policy}, ${step}: ${may.length === 0 ? 'NOBODY could sign it' : may.join(', ')}`,
    ),
    ...(row.requires.length === 0 ? [] : [`  requires: ${row.requires.join(', ')}`]),
    ...(row.separateImplementer ? ['  whoever carries it out may not approve it'] : []),
    ...(row.review ? ['  reviewed by a person before it is closed'] : []),
    ...(row.afterwards === null ? [] : [`  afterwards: ${row.afterwards}`]),
  ].join('\n');
}
