import type { Optimus } from '../../domain/placement/ports.ts';
import { isDomainError } from '../../domain/errors.ts';
import {
  largePlacementInput,
  type LargeInputOptions,
} from '../../test/support/large-placement-input.ts';

/** From small to large, for comparison with other optimisers: the same for everybody (seed 1). */
const sizes: readonly LargeInputOptions[] = [
  { components: 5, datacentres: 1, offers: 20, minPercent: 99 },
  { components: 5, datacentres: 6, offers: 500 },
  { components: 10, datacentres: 3, offers: 60 },
  { components: 20, datacentres: 4, offers: 100 },
  { components: 40, datacentres: 6, offers: 250 },
  { components: 50, datacentres: 12, offers: 300 },
  { components: 80, datacentres: 6, offers: 500 },
  { components: 80, datacentres: 6, offers: 500, isShared: false },
  { components: 6, datacentres: 4, offers: 10_000 },
];

/**
 * The proven gap of generated placements after a time limit, and how well the limit is kept.
 * @returns false when an answer took more than a tenth longer than its limit.
 */
export async function benchLimits(optimus: Optimus, limitsMs: readonly number[]): Promise<boolean> {
  let areKept = true;
  for (const size of sizes) {
    const { components, datacentres, offers, isShared = true } = size;
    const input = largePlacementInput(size);
    for (const timeLimitMs of limitsMs) {
      const startedMs = performance.now();
      const answer = await optimus
        .simulate(input, { timeLimitMs, placements: 1 })
        .then(({ status, proof }) => `${status}, gap ${(proof?.gapPercent ?? 0).toFixed(2)} %`)
        .catch((error: unknown) => (isDomainError(error) ? error.code : String(error)));
      const tookMs = performance.now() - startedMs;
      const isKept = tookMs <= timeLimitMs * 1.1;
      areKept &&= isKept;
      console.log(
        `${components} components, ${datacentres} datacentres, ${offers} offers, ${isShared ? 'shared' : 'dedicated'}: ${answer} after ${(tookMs / 1000).toFixed(2)} s of ${timeLimitMs / 1000} s${isKept ? '' : ' TOO LATE'}`,
      );
    }
  }
  return areKept;
}
