import type { Optimus } from '../../domain/placement/ports.ts';
import { largePlacementInput } from '../../test/support/large-placement-input.ts';
import { median } from '../measure.ts';

const base = { components: 16, datacentres: 3, offers: 60 } as const;
const steps = {
  components: [8, 16, 32],
  offers: [60, 120, 240],
  datacentres: [3, 6, 12],
} as const;
const seeds = [1, 2, 3];
const limitMs = 60_000;

/** How the time to a proven optimum grows with each measure of the size, the others kept. */
export async function benchGrowth(optimus: Optimus): Promise<void> {
  console.log('\nGrowth of the time to the proven optimum (median of three placements each)\n');
  for (const [name, sizes] of Object.entries(steps)) {
    const points: { size: number; ms: number; gaps: number[] }[] = [];
    for (const size of sizes) {
      const times: number[] = [];
      const gaps: number[] = [];
      for (const seed of seeds) {
        const input = largePlacementInput({ ...base, [name]: size, seed });
        const startedMs = performance.now();
        const { proof } = await optimus.simulate(input, { timeLimitMs: limitMs, placements: 1 });
        times.push(performance.now() - startedMs);
        gaps.push(proof?.gapPercent ?? 100);
      }
      points.push({ size, ms: median(times), gaps });
    }
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) continue;
    const exponent = Math.log(last.ms / first.ms) / Math.log(last.size / first.size);
    const told = points.map(({ size, ms, gaps }) => {
      const open = gaps.filter((gap) => gap > 0);
      const gap = open.length === 0 ? '' : ` (gap up to ${Math.max(...open).toFixed(2)} %)`;
      return `${size}: ${(ms / 1000).toFixed(2)} s${gap}`;
    });
    console.log(
      `${name.padEnd(12)} ${told.join(' → ')}; grows with it to the power of ${exponent.toFixed(2)}`,
    );
  }
}
