import type { Command } from 'commander';
import { answerOf } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { describeReport } from '../import-report.ts';
import { printOne, printRows, write } from '../output.ts';
import { addContractCommands } from './contract-commands.ts';
import { addSourceImport } from './source-import.ts';

type Offer = components['schemas']['Offer'];
type ApplicationSla = components['schemas']['ApplicationSla'];
type Proposal = components['schemas']['Proposal'];

/** `ctc acsmi …`: what providers sell, what was agreed with them, and how they keep to it. */
export function addAcsmiCommands(program: Command): void {
  const acsmi = program
    .command('acsmi')
    .description('what providers sell, what was agreed with them, and how they keep to it');
  addOfferCommands(acsmi);
  addContractCommands(acsmi);
  acsmi
    .command('sla <application>')
    .description('the availability an application is promised, against what it requires')
    .action(async (application: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const sla = await answerOf(
        api.GET('/applications/{application}/sla', { params: { path: { application } } }),
      );
      printOne(sla, output, () => application, describeSla);
    });
  addProposalCommands(acsmi);
}

function addOfferCommands(acsmi: Command): void {
  acsmi
    .command('offers')
    .description('find offers: those for which everything that is asked for is known to hold')
    .option('--provider <id>')
    .option('--region <id>')
    .option('--datacentre <id>')
    .option('--jurisdiction <country>', 'such as ES')
    .option('--certification <names>', 'one, or several with commas in between: all of them')
    .option('--operating-system <name>')
    .option('--min-cores <n>')
    .option('--min-memory-mb <n>')
    .option('--min-storage-gb <n>')
    .option('--min-gpus <n>')
    .option('--max-monthly-price <amount>', 'in the currency of the offer')
    .option('--currency <code>', 'such as EUR')
    .option('--min-sla-percent <percent>')
    .option('--min-security-level <n>', 'from 1 to 5, the most secure')
    .option('--valid-at <day>', 'sold on this day, such as 2026-12-31 (default: today)')
    .option('--limit <n>', 'at most so many, up to 200', '50')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async (filters: Record<string, string>, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows, nextCursor } = await answerOf(
        api.GET('/offers', { params: { query: filters as never } }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'offer', value: ({ id }: Offer) => id },
          { title: 'provider', value: ({ provider }: Offer) => provider ?? '' },
          { title: 'datacentre', value: ({ datacentre }: Offer) => datacentre },
          { title: 'law', value: ({ jurisdiction }: Offer) => jurisdiction ?? '' },
          { title: 'cores', value: ({ cores }: Offer) => String(cores) },
          { title: 'memory mb', value: ({ memoryMb }: Offer) => String(memoryMb) },
          { title: 'month', value: (one: Offer) => `${one.monthlyPrice} ${one.currency}` },
          { title: 'sla %', value: ({ slaPercent }: Offer) => String(slaPercent ?? '') },
          { title: 'security', value: (one: Offer) => String(one.securityLevel ?? '') },
          { title: 'certified', value: (one: Offer) => (one.certifications ?? []).join(' ') },
        ],
        ({ id }) => id,
      );
      if (nextCursor !== undefined && output === 'table') write(`more: --cursor ${nextCursor}`);
    });
  acsmi
    .command('catalogues')
    .description('the catalogues to synchronise with (CTC_ACSMI_CATALOGUES of the API lists them)')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/acsmi/catalogues'));
      printRows(
        rows,
        output,
        [
          { title: 'catalogue', value: ({ name }) => name },
          { title: 'url', value: ({ url }) => url },
        ],
        ({ name }) => name,
      );
    });
  addSourceImport(
    acsmi
      .command('sync <catalogue>')
      .description(
        'import the offers of a catalogue, by its name or address; what it had before and has no more is withdrawn. ' +
          'ctc acsmi catalogues lists them',
      ),
    '/acsmi/syncs',
    describeReport,
  );
}

function addProposalCommands(acsmi: Command): void {
  acsmi
    .command('proposals')
    .description('what is proposed because a contract ends or an offer was withdrawn')
    .option('--application <name>')
    .option('--all', 'those whose reason is gone too')
    .action(async (options: { application?: string; all?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const { application, all } = options;
      const { rows } = await answerOf(
        api.GET('/acsmi/proposals', {
          params: {
            query: {
              includeClosed: String(all === true) as never,
              ...(application === undefined ? {} : { application }),
            },
          },
        }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'proposal', value: ({ label }: Proposal) => label },
          { title: 'application', value: (one: Proposal) => one.application ?? '' },
          { title: 'reason', value: ({ reason }: Proposal) => reason },
          { title: 'what to do', value: ({ whatToDo }: Proposal) => whatToDo },
          { title: 'closed', value: ({ closedAt }: Proposal) => closedAt ?? '' },
        ],
        ({ label }) => label,
      );
    });
  acsmi
    .command('proposal <label>')
    .description('show a proposal')
    .option('--request', 'only the change that it proposes, for ctc change request -f')
    .action(async (label: string, { request }: { request?: boolean }, command: Command) => {
      const { api, output } = contextOf(command);
      const proposal = await answerOf(
        api.GET('/acsmi/proposals/{proposal}', { params: { path: { proposal: label } } }),
      );
      if (request !== true) {
        printOne(proposal, output, () => label, describeProposal);
        return;
      }
      if (proposal.request === null) {
        throw new CliError(`${label} proposes no change: ${proposal.whatToDo}`, exitCodes.conflict);
      }
      write(JSON.stringify(proposal.request, null, 2));
    });
}

function describeProposal(proposal: Proposal): string {
  const { label, reason, whatToDo, proposedAt, closedAt, request } = proposal;
  return [
    `${label} of ${proposedAt}${closedAt === null ? '' : `, its reason gone since ${closedAt}`}`,
    reason,
    whatToDo,
    ...(request === null ? [] : [`ctc acsmi proposal ${label} --request prints the change`]),
  ].join('\n');
}

function describeSla(sla: ApplicationSla): string {
  const { application, release, change, verdict, summary, atDeployment } = sla;
  return [
    `${application} ${release} (${change})  ${verdict}`,
    summary,
    ...describeTerms(sla),
    ...(atDeployment === null
      ? ['no terms were kept when it was verified']
      : ['when it was verified:', `  ${atDeployment.summary}`]),
  ].join('\n');
}

function describeTerms({ units, components }: Pick<ApplicationSla, 'units' | 'components'>) {
  const between = (low: number, high: number): string =>
    low === high ? `${low.toFixed(6)} %` : `${low.toFixed(6)} to ${high.toFixed(6)} %`;
  return [
    ...units.map(
      ({ unit, promisedPercent }) =>
        `  ${unit}: ${promisedPercent === null ? '?' : `${promisedPercent} %`}`,
    ),
    ...components.map(
      ({ component, computation, atLeastPercent, atMostPercent }) =>
        `  ${component}: ${computation} = ${between(atLeastPercent, atMostPercent)}`,
    ),
  ];
}
