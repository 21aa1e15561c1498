import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type Contract = components['schemas']['Contract'];
type ContractDetail = components['schemas']['ContractDetail'];

/** `ctc acsmi contract …`: what was agreed with providers. */
export function addContractCommands(acsmi: Command): void {
  const contract = acsmi.command('contract').description('contracts with providers');
  contract
    .command('add')
    .description('register a contract')
    .requiredOption('-f, --file <file>', 'YAML or JSON; "-" reads standard input')
    .action(async ({ file }: { file: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const body = readYamlFile(file) as never;
      const stored = await answerOf(
        api.POST('/contracts', { body, params: { header: onceHeaders() } }),
      );
      printOne(stored, output, ({ label }) => label, describeContract);
    });
  contract
    .command('list')
    .description('list contracts, newest first')
    .option('--provider <id>')
    .option('--application <name>')
    .option('--state <states>', 'upcoming, in-force, in-notice or ended; with commas in between')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .action(async (options: Record<string, string>, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/contracts', { params: { query: options as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'contract', value: ({ label }: Contract) => label },
          { title: 'state', value: ({ state }: Contract) => state },
          { title: 'provider', value: (one: Contract) => one.contract.provider },
          { title: 'covers', value: coveredBy },
          { title: 'from', value: (one: Contract) => one.contract.starts },
          { title: 'until', value: (one: Contract) => one.contract.ends },
          {
            title: 'promises',
            value: (one: Contract) => `${one.contract.terms.availabilityPercent} %`,
          },
        ],
        ({ label }) => label,
      );
    });
  contract
    .command('show <contract>')
    .description('show a contract: its terms, what they were, and each month against them')
    .action(async (label: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/contracts/{contract}', { params: { path: { contract: label } } }),
      );
      printOne(found, output, (one) => one.label, describeDetail);
    });
  contract
    .command('change <contract>')
    .description('change a contract; what it was stays in its history')
    .requiredOption('-f, --file <file>', 'YAML or JSON with the whole contract')
    .requiredOption('-r, --reason <reason>')
    .action(async (label: string, options: { file: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const path = { contract: label };
      const { version } = await answerOf(api.GET('/contracts/{contract}', { params: { path } }));
      const stored = await answerOf(
        api.PUT('/contracts/{contract}', {
          params: { path, header: { 'if-match': `"v${version}"` } },
          body: { reason: options.reason, contract: readYamlFile(options.file) as never },
        }),
      );
      printOne(stored, output, (one) => one.label, describeContract);
    });
  contract
    .command('end <contract>')
    .description('let a contract end earlier than it would')
    .requiredOption('--on <day>', 'the first day without it, such as 2026-12-31')
    .requiredOption('-r, --reason <reason>')
    .action(async (label: string, options: { on: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/contracts/{contract}/end', {
          params: { path: { contract: label }, header: onceHeaders() },
          body: { ends: options.on, reason: options.reason },
        }),
      );
      printOne(stored, output, (one) => one.label, describeContract);
    });
  contract
    .command('settle <contract> <month>')
    .description('report the credit of a breached month as settled: resolves its incident')
    .requiredOption('-r, --reason <reason>', 'such as the number of the credit note')
    .action(
      async (label: string, month: string, { reason }: { reason: string }, command: Command) => {
        const { api, output } = contextOf(command);
        const found = await answerOf(
          api.POST('/contracts/{contract}/months/{month}/settle', {
            params: { path: { contract: label, month }, header: onceHeaders() },
            body: { reason },
          }),
        );
        printOne(found, output, (one) => one.label, describeDetail);
      },
    );
}

function coveredBy({ contract: { covers, application } }: Contract): string {
  const things = [...covers.datacentres, ...covers.offers].join(' ');
  return application === undefined ? things : `${things} for ${application}`;
}

function describeContract(stored: Contract): string {
  const { label, state, version, contract } = stored;
  const { title, provider, starts, ends, noticeDays, terms } = contract;
  return [
    `${label}  ${state}  ${title}`,
    `with ${provider} for ${coveredBy(stored)}, from ${starts} until ${ends}, ${noticeDays} days of notice`,
    `promises ${terms.availabilityPercent} % a month (version ${version})`,
  ].join('\n');
}

function describeDetail(detail: ContractDetail): string {
  const { months, history } = detail;
  return [
    describeContract(detail),
    ...months.map(
      ({ month, verdict, final, measuredPercent, asked, answered, credit, incident, settledAt }) =>
        `${month}  ${verdict}${final ? '' : ' so far'}  ${
          measuredPercent === null ? 'no sample' : `${measuredPercent.toFixed(4)} %`
        } (${answered} of ${asked})${credit.amount > 0 ? `, credit ${credit.amount.toFixed(2)} ${credit.currency}` : ''}${
          incident === null ? '' : `, ${incident}`
        }${settledAt === null ? '' : `, settled ${settledAt}`}`,
    ),
    ...history.map(
      ({ version, changedAt, changedBy, reason }) =>
        `version ${version}  ${changedAt}  ${changedBy}: ${reason}`,
    ),
  ].join('\n');
}
