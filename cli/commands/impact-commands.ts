import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { toCliError, type ProblemBody } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';

type Impact = components['schemas']['Impact'];

const states = ['down', 'degraded', 'atRisk'] as const;
const words = { down: 'down', degraded: 'degraded', atRisk: 'at risk' } as const;

/** `ctc impact ITEM…`, and with `--explain` why something is affected. */
export function addImpactCommands(program: Command): void {
  program
    .command('impact <items...>')
    .description('say what would be affected if these items were down; nothing is stored')
    .option('--degraded', 'degraded instead of down')
    .option('--explain <id...>', 'why these items or services would be affected')
    .option('--limit <n>', 'name so many of each state; all are counted', '20')
    .action(
      async (
        items: string[],
        options: { degraded?: boolean; explain?: string[]; limit: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const effect = options.degraded === true ? ('degraded' as const) : ('down' as const);
        const disturbances = items.map((item) => ({ item, effect }));
        if (options.explain !== undefined) {
          const { rows } = await answerOf(
            api.POST('/impact/explanations', { body: { disturbances, nodes: options.explain } }),
          );
          const columns = [
            { title: 'what', value: ({ node }: (typeof rows)[number]) => node },
            { title: 'state', value: ({ state }: (typeof rows)[number]) => words[state] },
            { title: 'why', value: ({ text }: (typeof rows)[number]) => text },
          ];
          printRows(rows, output, columns, ({ node }) => node);
          return;
        }
        const impact = await answerOf(
          api.POST('/impact', { body: { disturbances, limit: Number(options.limit) } }),
        );
        printOne(impact, output, () => items.join(' '), describeImpact);
      },
    );
}

/** `ctc change impact CHG` and `ctc change affected CHG services|customers`. */
export function addChangeImpactCommands(change: Command): void {
  change
    .command('impact <change>')
    .description(
      'what the change was assessed with; --difference: what the inventory has changed since',
    )
    .option('--difference', 'compare with the inventory as it is now')
    .option('--explain <id>', 'why this item or service is affected')
    .action(
      async (
        label: string,
        options: { difference?: boolean; explain?: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const path = { change: label };
        if (options.explain !== undefined) {
          const why = await answerOf(
            api.GET('/changes/{change}/impact/explanation', {
              params: { path, query: { node: options.explain } },
            }),
          );
          printOne(
            why,
            output,
            ({ node }) => node,
            ({ text }) => text,
          );
        } else if (options.difference === true) {
          const difference = await answerOf(
            api.GET('/changes/{change}/impact/difference', { params: { path } }),
          );
          printOne(difference, output, () => label, describeDifference);
        } else {
          const impact = await answerOf(api.GET('/changes/{change}/impact', { params: { path } }));
          printOne(impact as Impact, output, () => label, describeImpact);
        }
      },
    );
  change
    .command('affected <change> <what>')
    .description(
      'every affected service or customer as CSV, on standard output: services or customers',
    )
    .option('--state <state>', 'only those down, degraded or atRisk')
    .action(async (label: string, what: string, options: { state?: string }, command: Command) => {
      const { apiUrl, token } = contextOf(command);
      const query =
        options.state === undefined ? '' : `?state=${encodeURIComponent(options.state)}`;
      const response = await fetch(
        `${apiUrl}/changes/${encodeURIComponent(label)}/impact/${encodeURIComponent(what)}${query}`,
        { headers: { authorization: `Bearer ${token}` } },
      );
      if (!response.ok || response.body === null) {
        throw toCliError(response.status, (await response.json()) as ProblemBody);
      }
      await pipeline(Readable.fromWeb(response.body as never), process.stdout, { end: false });
    });
}

function describeDifference(difference: components['schemas']['ImpactDifference']): string {
  const { assessedVersion, currentVersion, share } = difference;
  const lines = [
    `assessed with version ${assessedVersion} of the inventory, now ${currentVersion}; ${(share * 100).toFixed(1)} % of it differs`,
  ];
  for (const what of ['services', 'customers'] as const) {
    for (const state of states) {
      const { then, now, added, gone } = difference[what][state];
      if (then === 0 && now === 0) continue;
      lines.push(`${what} ${words[state]}: ${then} then, ${now} now (${added} new, ${gone} gone)`);
    }
  }
  return lines.join('\n');
}

function describeImpact({ services, counts, summary }: Impact): string {
  const lines = states.flatMap((state) => {
    const rest = counts.services[state] - services[state].length;
    return [
      `services ${words[state]}: ${counts.services[state]}, customers: ${summary.total.customers[state]}`,
      ...services[state].map((id) => `  ${id}`),
      ...(rest > 0 ? [`  and ${rest} more`] : []),
    ];
  });
  const dimensions = [
    ['solution', summary.bySolution],
    ['contract level', summary.byContractLevel],
    ['country', summary.byCountry],
    ['department', summary.byDepartment],
  ] as const;
  for (const [name, rows] of dimensions) {
    if (rows.length === 0) continue;
    lines.push(`by ${name}:`);
    for (const { key, services: affected, customers } of rows) {
      lines.push(
        `  ${key}: ${affected.down} down, ${affected.degraded} degraded, ${affected.atRisk} at risk; ` +
          `customers: ${customers.down + customers.degraded + customers.atRisk}`,
      );
    }
  }
  return lines.join('\n');
}
