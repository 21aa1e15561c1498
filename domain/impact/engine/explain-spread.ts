import type { DependencyGraph } from './dependency-graph.ts';
import { stateCodes, type Spread } from './spread.ts';

/** One step of an explanation by numbers, as `Cause` says it in ids. */
export interface NumberedCause {
  readonly node: number;
  readonly groupName: number;
  readonly needs: number;
  readonly of: number;
  readonly left: number;
  readonly because: number;
}

/**
 * Explains nodes of one spread, as long as it holds: the chain from an affected node down to a disturbed one.
 * Each step goes to a member that was found before the node itself, the earliest one, so that the chain ends
 * in any graph and is short. Empty for a disturbed node.
 */
export function createSpreadExplainer(
  graph: DependencyGraph,
  spread: Spread,
): (node: number) => NumberedCause[] {
  const { found, downEnd, degradedEnd, downRootsEnd, degradedRootsEnd, state } = spread;
  const position = new Int32Array(graph.nodeCount).fill(-1);
  for (let i = 0; i < found.length; i += 1) position[found[i] ?? 0] = i;
  const isRoot = (at: number): boolean =>
    at < downRootsEnd || (at >= downEnd && at < degradedRootsEnd);
  const stateOf = (node: number): number => state[node] ?? 0;

  const causeOf = (node: number): NumberedCause => {
    const before = position[node] ?? 0;
    const own = stateOf(node);
    const first = graph.firstGroup[node] ?? 0;
    const end = first + (graph.groupCount[node] ?? 0);
    let best: NumberedCause | undefined;
    let bestAt = Infinity;
    for (let group = first; group < end; group += 1) {
      const from = graph.firstMember[group] ?? 0;
      const to = from + (graph.memberCount[group] ?? 0);
      let [lost, worse, earliest, because, left] = [0, 0, Infinity, -1, 0];
      for (let i = from; i < to; i += 1) {
        const member = graph.members[i] ?? 0;
        const theirs = stateOf(member);
        if (theirs === 0 || theirs > own) left += 1;
        const at = position[member] ?? -1;
        if (at < 0 || at >= before) continue;
        lost += 1;
        if (at < degradedEnd) worse += 1;
        if (at < earliest) [earliest, because] = [at, member];
      }
      const counted = graph.counted[group] ?? -1;
      const spare = counted < 0 ? 0 : (graph.spare[counted] ?? 0);
      const isCause = lost > spare || (own === stateCodes.atRisk && worse > 0);
      if (!isCause || earliest >= bestAt) continue;
      bestAt = earliest;
      best = {
        node,
        groupName: graph.groupName[group] ?? 0,
        needs: to - from - spare,
        of: to - from,
        left,
        because,
      };
    }
    if (best === undefined) throw new Error(`node ${node} is affected without a cause`);
    return best;
  };

  return (node) => {
    const causes: NumberedCause[] = [];
    for (let at = node; !isRoot(position[at] ?? 0);) {
      const cause = causeOf(at);
      causes.push(cause);
      at = cause.because;
    }
    return causes;
  };
}
