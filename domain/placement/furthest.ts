/** What a question about a limit comes to: the figure reached, or that there is none, or that it was not found out. */
export type Reached = number | 'none' | 'unknown';

/**
 * The figure nearest to a target that can be reached, by halving what lies between.
 *
 * @param start a figure that was reached.
 * @param target one that cannot be.
 * @param within closer is not looked.
 * @param ask for a figure at least as near to the target as this one.
 */
export function furthest(
  start: number,
  target: number,
  within: number,
  ask: (limit: number) => Reached,
): number {
  let [reached, beyond] = [start, target];
  while (Math.abs(beyond - reached) > within) {
    const middle = (reached + beyond) / 2;
    const answer = ask(middle);
    if (answer === 'unknown') break;
    if (answer === 'none') beyond = middle;
    else reached = answer;
  }
  return reached;
}
