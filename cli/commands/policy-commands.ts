import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type PolicyVersion = components['schemas']['PolicyVersion'];
type TestResult = components['schemas']['PolicyTestResult'];

/** `ctc policy …`: which approvals changes need. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('which approvals changes need, by version');
  policy
    .command('list')
    .description('list policies in force and proposed')
    .option('--all', 'every version')
    .action(async ({ all }: { all?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/policies', { params: { query: { all: String(all === true) as never } } }),
      );
      printRows(rows, output, columns, nameOf);
    });
  policy
    .command('show <policy>')
    .description('every version of a policy: who proposed and approved it, and when')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/policies/{policy}', { params: { path: { policy: id } } }),
      );
      if (output === 'table') {
        for (const row of rows) printOne(row, output, nameOf, describeVersion);
      } else {
        printRows(rows, output, columns, nameOf);
      }
    });
  policy
    .command('propose')
    .description('propose a policy, or another version of it')
    .requiredOption('-f, --file <file>', 'YAML or JSON; "-" reads standard input')
    .requiredOption('-r, --reason <reason>')
    .action(async ({ file, reason }: { file: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const proposed = await answerOf(
        api.POST('/policies', {
          body: { policy: readYamlFile(file) as never, reason },
          params: { header: onceHeaders() },
        }),
      );
      printOne(proposed, output, nameOf, describeVersion);
    });
  policy
    .command('approve <policy> <version>')
    .description('put a proposed version in force; not by whoever proposed it')
    .requiredOption('-r, --reason <reason>')
    .action(
      async (id: string, version: string, { reason }: { reason: string }, command: Command) => {
        const { api, output } = contextOf(command);
        const approved = await answerOf(
          api.POST('/policies/{policy}/versions/{version}/approval', {
            body: { reason },
            params: {
              path: { policy: id, version: Number(version) },
              header: onceHeaders(),
            },
          }),
        );
        printOne(approved, output, nameOf, describeVersion);
      },
    );
  policy
    .command('retire <policy>')
    .description('take a policy out of force')
    .requiredOption('-r, --reason <reason>')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const retired = await answerOf(
        api.POST('/policies/{policy}/retirement', {
          body: { reason },
          params: { path: { policy: id }, header: onceHeaders() },
        }),
      );
      printOne(retired, output, nameOf, describeVersion);
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

const columns = [
  { title: 'policy', value: ({ id }: PolicyVersion) => id },
  { title: 'version', value: ({ version }: PolicyVersion) => String(version) },
  { title: 'state', value: ({ state }: PolicyVersion) => state },
  { title: 'title', value: ({ policy }: PolicyVersion) => policy.title },
  { title: 'proposed by', value: ({ proposedBy }: PolicyVersion) => proposedBy },
  { title: 'approved by', value: ({ approvedBy }: PolicyVersion) => approvedBy ?? '' },
  { title: 'since', value: ({ approvedAt }: PolicyVersion) => approvedAt ?? '' },
];

function nameOf({ id, version }: PolicyVersion): string {
  return `${id}/${version}`;
}

function describeVersion(row: PolicyVersion): string {
  const { policy, reason, proposedBy, proposedAt, approvedBy, approvedAt } = row;
  return [
    `${nameOf(row)} is ${row.state}: ${policy.title}`,
    `  proposed by ${proposedBy} at ${proposedAt}: ${reason}`,
    ...(approvedBy === null ? [] : [`  approved by ${approvedBy} at ${approvedAt ?? ''}`]),
    ...(row.retiredBy === null ? [] : [`  retired by ${row.retiredBy} at ${row.retiredAt ?? ''}`]),
    `  ${JSON.stringify(policy)}`,
  ].join('\n');
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
