import type { Command } from 'commander';
import type { Nfrs } from '../domain/application/nfrs.ts';
import { answerOf } from './client.ts';
import type { contextOf } from './context.ts';
import { CliError, exitCodes } from './errors.ts';
import type { paths } from './generated/api.d.ts';

type Question = NonNullable<
  paths['/applications/{application}/simulations']['post']['requestBody']
>['content']['application/json'];
type Assumption = NonNullable<Question['assume']>[number];

export interface Assumed {
  readonly fails?: string[];
  readonly price?: string[];
  readonly withdrawn?: string[];
  readonly availability?: string;
  readonly maxCost?: string;
  readonly p95?: string;
  readonly throughput?: string;
  readonly countries?: string[];
  readonly datacentres?: string[];
  readonly timeLimit?: string;
}

/** The options by which something is assumed to be otherwise. */
export function assumptions(command: Command): Command {
  return command
    .option('--fails <datacentre...>', 'the datacentre is lost')
    .option(
      '--price <[of=]percent...>',
      'prices change: offer:ID=+20, datacentre:ID=-5, provider:ID=+10, or +3 for all',
    )
    .option('--withdrawn <offer...>', 'the offer is not sold any more')
    .option('--availability <percent>', 'at least so available')
    .option('--max-cost <amount>', 'at most so much a month')
    .option('--p95 <ms>', 'answers within so many ms')
    .option('--throughput <per second>', 'so many answers a second')
    .option('--countries <country...>', 'only in these countries')
    .option('--datacentres <datacentre...>', 'only these are candidates')
    .option('--time-limit <seconds>', 'how long to look', '10');
}

async function nfrsOf({ api }: ReturnType<typeof contextOf>, application: string): Promise<Nfrs> {
  const { definition } = await answerOf(
    api.GET('/applications/{application}', { params: { path: { application } } }),
  );
  return definition['nfrs'] as Nfrs;
}

/** The limits that were given, each in place of its requirement's; the rest of the requirement stays. */
export async function questionOf(
  context: ReturnType<typeof contextOf>,
  application: string,
  options: Assumed,
): Promise<Pick<Question, 'assume' | 'datacentres' | 'timeLimitMs'>> {
  const { availability, maxCost, p95, throughput, countries } = options;
  const isChanged = [availability, maxCost, p95, throughput, countries].some(
    (limit) => limit !== undefined,
  );
  const now = isChanged ? await nfrsOf(context, application) : undefined;
  const changed =
    now === undefined
      ? {}
      : {
          ...(availability === undefined
            ? {}
            : {
                availability: {
                  ...now.availability,
                  minPercent: number('--availability', availability),
                },
              }),
          ...(maxCost === undefined
            ? {}
            : { monthlyCost: { ...now.monthlyCost, max: number('--max-cost', maxCost) } }),
          ...(p95 === undefined
            ? {}
            : { responseTime: { ...now.responseTime, p95MaxMs: number('--p95', p95) } }),
          ...(throughput === undefined
            ? {}
            : {
                throughput: { ...now.throughput, minPerSecond: number('--throughput', throughput) },
              }),
          ...(countries === undefined ? {} : { location: { ...now.location, countries } }),
        };
  return {
    assume: [
      ...(options.fails ?? []).map((datacentre): Assumption => ({
        kind: 'datacentre-fails',
        datacentre,
      })),
      ...(options.price ?? []).map(priceChange),
      ...(options.withdrawn ?? []).map((offer): Assumption => ({ kind: 'offer-withdrawn', offer })),
      ...(isChanged ? [{ kind: 'requirements' as const, nfrs: changed as never }] : []),
    ],
    ...(options.datacentres === undefined ? {} : { datacentres: options.datacentres }),
    timeLimitMs: Math.round(number('--time-limit', options.timeLimit ?? '10') * 1000),
  };
}

/** `offer:mad-small=+20`, or `+20` for all. */
function priceChange(given: string): Assumption {
  const at = given.lastIndexOf('=');
  const percent = number('--price', given.slice(at + 1));
  if (at < 0) return { kind: 'price-changes', percent };
  const [kind, ...id] = given.slice(0, at).split(':');
  if (kind !== 'offer' && kind !== 'datacentre' && kind !== 'provider') {
    throw new CliError(
      `--price takes offer:ID=PERCENT, datacentre:ID=PERCENT, provider:ID=PERCENT or PERCENT, not "${given}".`,
      exitCodes.usage,
    );
  }
  return { kind: 'price-changes', percent, [kind]: id.join(':') };
}

/** @throws CliError when it is no number. */
export function number(option: string, given: string): number {
  const value = Number(given);
  if (given.trim() !== '' && Number.isFinite(value)) return value;
  throw new CliError(`${option} takes a number, not "${given}".`, exitCodes.usage);
}

/** @throws CliError when it is no whole number. */
export function wholeNumber(option: string, given: string): number {
  const value = number(option, given);
  if (Number.isInteger(value)) return value;
  throw new CliError(`${option} takes a whole number, not "${given}".`, exitCodes.usage);
}
