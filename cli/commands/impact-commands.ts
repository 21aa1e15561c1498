import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
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
