import type { ImpactState } from '../impact.ts';
import type { DependencyGraph } from './dependency-graph.ts';

export const stateCodes = { down: 1, degraded: 2, atRisk: 3 } as const satisfies Record<
  ImpactState,
  number
>;

/** Disturbed nodes by number. A node in both is down. */
export interface NumberedDisturbances {
  readonly down: readonly number[] | Int32Array;
  readonly degraded: readonly number[] | Int32Array;
}

/**
 * What a spread found: the affected nodes in the order in which they were found, first all that are down, then
 * the degraded, then those at risk. Views of the spreader's own memory: they hold until its next spread.
 */
export interface Spread {
  readonly found: Int32Array;
  readonly downEnd: number;
  readonly degradedEnd: number;
  /** Where in `found` the nodes end that are down, or degraded, because the disturbance says so. */
  readonly downRootsEnd: number;
  readonly degradedRootsEnd: number;
  /** By node: 0 or a `stateCodes`. */
  readonly state: Uint8Array;
  /**
   * Counted groups that lost a member which is down, and stand: what another intervention could bring down.
   * `losses[i]` is how many members `wounded[i]` lost.
   */
  readonly wounded: Int32Array;
  readonly losses: Int32Array;
}

export interface Spreader {
  /** Exact for every graph, linear in what it reaches (`assessImpact` defines the states). */
  spread(disturbances: NumberedDisturbances): Spread;
  /** What goes down, in the order in which it was found; a view as those of `spread`. */
  spreadDown(down: readonly number[] | Int32Array): Int32Array;
}

/** Beyond this share of the whole, clearing all from front to back is faster than clearing what was written. */
const clearAllShare = 1 / 16;

/** Scratch memory for spreads over one graph, one at a time; follows the graph as it grows. */
export function createSpreader(graph: DependencyGraph): Spreader {
  let state = new Uint8Array(0);
  let found = new Int32Array(0);
  /** How many members each counted group can lose, and stand: as `~spare` until it loses its first. */
  let left = new Int32Array(0);
  let touched = new Int32Array(0);
  let foundCount = 0;
  let touchedCount = 0;

  const prepare = (): void => {
    if (state.length < graph.nodeCount) {
      const room = Math.ceil(graph.nodeCount * 1.05);
      state = new Uint8Array(room);
      found = new Int32Array(room);
    } else if (foundCount > graph.nodeCount * clearAllShare) {
      state.fill(0);
    } else {
      for (let i = 0; i < foundCount; i += 1) state[found[i] as number] = 0;
    }
    const { spare, countedGroups } = graph;
    const isShort = left.length < countedGroups;
    if (isShort) {
      left = new Int32Array(Math.ceil(countedGroups * 1.05));
      touched = new Int32Array(left.length);
    }
    if (isShort || touchedCount > countedGroups * clearAllShare) {
      for (let group = 0; group < countedGroups; group += 1)
        left[group] = ~(spare[group] as number);
    } else {
      for (let i = 0; i < touchedCount; i += 1) {
        const group = touched[i] as number;
        left[group] = ~(spare[group] as number);
      }
    }
    foundCount = 0;
    touchedCount = 0;
  };
  let revision = graph.revision;
  /** After a change of the graph the spare of any group may be another. */
  const follow = (): void => {
    if (revision === graph.revision) return;
    revision = graph.revision;
    left = new Int32Array(0);
  };

  const mark = (nodes: readonly number[] | Int32Array, code: number): void => {
    for (const node of nodes) {
      if (state[node] !== 0) continue;
      state[node] = code;
      found[foundCount] = node;
      foundCount += 1;
    }
  };

  /** Takes the nodes found from `start` on, and those found meanwhile, out of their groups. */
  const run = (start: number, code: number): void => {
    const { firstEdge, edgeCount, edges, dependent } = graph;
    const [states, queue, rest, seen] = [state, found, left, touched];
    let tail = foundCount;
    let seenCount = touchedCount;
    for (let head = start; head < tail; head += 1) {
      const node = queue[head] as number;
      let at = firstEdge[node] as number;
      const end = at + (edgeCount[node] as number);
      for (; at < end; at += 1) {
        const edge = edges[at] as number;
        if (edge >= 0) {
          if (states[edge] === 0) {
            states[edge] = code;
            queue[tail] = edge;
            tail += 1;
          }
        } else {
          const group = ~edge;
          const remaining = rest[group] as number;
          if (remaining < 0) {
            // The first that it loses: it has one to spare, or it would not be counted.
            seen[seenCount] = group;
            seenCount += 1;
            rest[group] = ~remaining - 1;
          } else if (remaining > 0) {
            rest[group] = remaining - 1;
          } else {
            const node2 = dependent[group] as number;
            if (states[node2] === 0) {
              states[node2] = code;
              queue[tail] = node2;
              tail += 1;
            }
          }
        }
      }
    }
    foundCount = tail;
    touchedCount = seenCount;
  };

  const woundedGroups = (): Pick<Spread, 'wounded' | 'losses'> => {
    const { dependent, spare } = graph;
    const wounded: number[] = [];
    const losses: number[] = [];
    for (let i = 0; i < touchedCount; i += 1) {
      const group = touched[i] as number;
      if (state[dependent[group] as number] !== 0) continue;
      wounded.push(group);
      losses.push((spare[group] as number) - (left[group] as number));
    }
    return { wounded: Int32Array.from(wounded), losses: Int32Array.from(losses) };
  };

  return {
    spreadDown(down) {
      follow();
      prepare();
      mark(down, stateCodes.down);
      run(0, stateCodes.down);
      return found.subarray(0, foundCount);
    },
    spread({ down, degraded }) {
      follow();
      prepare();
      mark(down, stateCodes.down);
      const downRootsEnd = foundCount;
      run(0, stateCodes.down);
      const downEnd = foundCount;
      const wounds = woundedGroups();
      mark(degraded, stateCodes.degraded);
      const degradedRootsEnd = foundCount;
      run(downEnd, stateCodes.degraded);
      const degradedEnd = foundCount;
      // Whoever needs a group that lost a member, and stands, has lost redundancy.
      const groups = touchedCount;
      for (let i = 0; i < groups; i += 1) {
        const node = graph.dependent[touched[i] as number] as number;
        if (state[node] !== 0) continue;
        state[node] = stateCodes.atRisk;
        found[foundCount] = node;
        foundCount += 1;
      }
      run(degradedEnd, stateCodes.atRisk);
      return {
        found: found.subarray(0, foundCount),
        downEnd,
        degradedEnd,
        downRootsEnd,
        degradedRootsEnd,
        state,
        ...wounds,
      };
    },
  };
}
