/** So many wrong tries are free; people mistype. */
const free = 5;
const firstMs = 15_000;
/** Never longer, so that nobody is locked out for good. */
const longestMs = 15 * 60_000;

/** After so long without a try the count begins again. */
export const forgottenAfterMs = 24 * 3_600_000;

/** How long to wait after so many wrong tries in a row. */
export function signInDelayMs(failures: number): number {
  if (failures <= free) return 0;
  return Math.min(longestMs, firstMs * 2 ** (failures - free - 1));
}
