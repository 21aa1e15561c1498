import { colours } from './colours.ts';
import type { components } from './generated/api.d.ts';
import { printOne, printRows, write, type OutputFormat } from './output.ts';

type Simulation = components['schemas']['Simulation'];
type Front = components['schemas']['Front'];
type Placement = Front['points'][number]['placement'];
type Predicted = Front['points'][number]['predicted'];

/** Columns of what is predicted of a placement. */
export const figures = [
  {
    title: 'a month',
    value: ({ predicted }: { predicted: Predicted }) =>
      `${predicted.monthlyCost.toFixed(2)} ${predicted.currency}`,
  },
  {
    title: 'availability',
    value: ({ predicted }: { predicted: Predicted }) => percent(predicted.availabilityPercent),
  },
  {
    title: 'p95',
    value: ({ predicted }: { predicted: Predicted }) =>
      `${predicted.responseTimeP95Ms.toFixed(0)} ms`,
  },
];

/** Rounded down: never more than can be had. */
function percent(share: number): string {
  return `${(Math.floor(share * 1e4) / 1e4).toFixed(4)} %`;
}

/** Components by datacentre: `mad: db, web ×2; bcn: web`. */
export function whereOf({ assignments }: Placement): string {
  const sites = new Map<string, Map<string, number>>();
  for (const { datacentre, component } of assignments) {
    const there = sites.get(datacentre) ?? new Map<string, number>();
    sites.set(datacentre, there.set(component, (there.get(component) ?? 0) + 1));
  }
  return [...sites]
    .map(([site, there]) => {
      const names = [...there].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
      return `${site}: ${names.join(', ')}`;
    })
    .join('; ');
}

const starts = {
  title: 'starts',
  value: ({ moves }: Simulation['result']['placements'][number]) => String(moves?.starts ?? ''),
};

/** A simulation with its placements, why not elsewhere, and what is different. */
export function showSimulation(simulation: Simulation, output: OutputFormat): void {
  if (output !== 'table') {
    printOne(
      simulation,
      output,
      ({ id }) => id,
      () => '',
    );
    return;
  }
  const { result, difference, id, engine } = simulation;
  write(
    `${id}  ${result.status}  ${colours.dim(`${engine}, inputs ${result.inputsHash.slice(0, 12)}`)}`,
  );
  const proof = result.proof;
  if (proof !== undefined) {
    write(
      proof.gapPercent === 0
        ? `Proven: nothing costs less, for the first ${proof.ranksProven}.`
        : `Not proven: something may cost up to ${proof.gapPercent.toFixed(2)} % less.`,
    );
  }
  if (result.placements.length > 0) {
    printRows(
      result.placements,
      output,
      [
        { title: '', value: ({ rank }) => String(rank) },
        ...figures,
        ...(result.placements.some(({ moves }) => moves !== undefined) ? [starts] : []),
        { title: 'where', value: ({ placement }) => whereOf(placement) },
      ],
      ({ rank }) => String(rank),
    );
  }
  for (const { rank, trial } of result.placements) {
    if (trial === undefined) continue;
    write(
      `Played ${trial.trials} times, placement ${rank} answered in ${trial.availabilityPercent.toFixed(4)} % (99 % sure: ${trial.lowPercent.toFixed(4)} to ${trial.highPercent.toFixed(4)} %).`,
    );
  }
  for (const { target } of result.unmet ?? [])
    write(colours.yellow(`▲ Not met, and soft: ${target}.`));
  for (const sentence of result.contradictions) write(colours.red(`✖ ${sentence}`));
  for (const { datacentre, reasons } of result.rejectedDatacentres) {
    write(colours.dim(`${datacentre}: ${reasons.join('; ')}`));
  }
  const isAssumed = (simulation.assumptions ?? []).length > 0;
  if (difference !== undefined && isAssumed && result.status !== 'infeasible') {
    write(describeDifference(difference));
  }
}

function describeDifference({
  monthlyCost,
  availabilityPercent,
  appears,
  disappears,
}: NonNullable<Simulation['difference']>): string {
  const signed = (value: number, digits: number): string =>
    `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
  return [
    'Beside what is best as things are:',
    ...(monthlyCost === null ? [] : [`  ${signed(monthlyCost, 2)} a month`]),
    ...(availabilityPercent === null ? [] : [`  ${signed(availabilityPercent, 4)} % availability`]),
    ...(appears.length === 0 ? [] : [`  more: ${appears.join(', ')}`]),
    ...(disappears.length === 0 ? [] : [`  less: ${disappears.join(', ')}`]),
  ].join('\n');
}
