/** The median; for an even number of values the upper one of the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Both sides in turn, several rounds, so that what else the machine does falls on both alike. Prints each
 * side's median rate and the median of the rounds' ratios.
 */
export async function compare(options: {
  readonly unit: string;
  readonly rounds: number;
  readonly ours: { readonly name: string; readonly rate: () => Promise<number> };
  readonly bare: { readonly name: string; readonly rate: () => Promise<number> };
}): Promise<void> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    bare.push(await options.bare.rate());
    ours.push(await options.ours.rate());
  }
  const ratios = ours.map((rate, round) => rate / (bare[round] ?? Number.NaN));
  const row = (name: string, rates: readonly number[]): void =>
    console.log(
      `${name.padEnd(62)} ${median(rates).toFixed(0).padStart(7)} ${options.unit}  (${rates.map((rate) => rate.toFixed(0)).join(', ')})`,
    );
  row(options.bare.name, bare);
  row(options.ours.name, ours);
  console.log(
    `${'ratio'.padEnd(62)} ${median(ratios).toFixed(2).padStart(7)}  (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`,
  );
}
