import { nodeKinds, type DependencyGraph } from './dependency-graph.ts';

/** Nodes of a block: small enough to look through, large enough that there are few. */
const blockSize = 256;

/** How many services lie where, and the least of their numbers in the database, block by block. */
export interface ServiceIndex {
  /** Services among the nodes from `from` up to and not including `to`. */
  count(from: number, to: number): number;
  /** Calls `visit` with the services of a run that may have a number of at most `below()`, which may shrink. */
  visitBelow(from: number, to: number, below: () => number, visit: (node: number) => void): void;
}

/** Follows the graph: built anew, in one pass, when it is first asked after a change. */
export function createServiceIndex(graph: DependencyGraph): ServiceIndex {
  let revision = -1;
  let before = new Int32Array(1);
  let least = new Int32Array(0);
  const follow = (): void => {
    if (revision === graph.revision) return;
    revision = graph.revision;
    before = new Int32Array(graph.nodeCount + 1);
    least = new Int32Array(Math.ceil(graph.nodeCount / blockSize)).fill(0x7fffffff);
    let services = 0;
    for (let node = 0; node < graph.nodeCount; node += 1) {
      if (graph.kind[node] === nodeKinds.service) {
        services += 1;
        const block = (node / blockSize) | 0;
        const nr = graph.nr[node] as number;
        if (nr < (least[block] as number)) least[block] = nr;
      }
      before[node + 1] = services;
    }
  };
  return {
    count(from, to) {
      follow();
      return (before[to] as number) - (before[from] as number);
    },
    visitBelow(from, to, below, visit) {
      follow();
      for (let start = from; start < to;) {
        const block = (start / blockSize) | 0;
        const end = Math.min(to, (block + 1) * blockSize);
        if ((least[block] as number) <= below()) {
          for (let node = start; node < end; node += 1) {
            if (graph.kind[node] === nodeKinds.service) visit(node);
          }
        }
        start = end;
      }
    },
  };
}
