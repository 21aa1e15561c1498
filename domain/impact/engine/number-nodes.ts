/**
 * An order in which what hangs together lies together, so that spreading reads memory from front to back:
 * each node follows the member it needs that has the fewest dependents, the most particular one, in
 * preorder. What needs a rack's server lies beside that rack, not beside the sign-in that everything needs.
 *
 * `order[new] = old`. Linear; the graph may have cycles. `dependents` counts the rows that each node is the member
 * of; what it holds is lost.
 */
export function numberNodes(
  rows: Int32Array,
  { perRow, dependentAt, memberAt }: { perRow: number; dependentAt: number; memberAt: number },
  dependents: Int32Array,
): Int32Array {
  const nodeCount = dependents.length;
  const parent = new Int32Array(nodeCount).fill(-1);
  for (let r = 0; r < rows.length; r += perRow) {
    const node = rows[r + dependentAt] as number;
    const member = rows[r + memberAt] as number;
    const chosen = parent[node] as number;
    if (chosen < 0 || (dependents[member] as number) < (dependents[chosen] as number)) {
      parent[node] = member;
    }
  }

  const firstChild = new Int32Array(nodeCount).fill(-1);
  const nextSibling = new Int32Array(nodeCount).fill(-1);
  // From the last on, so that siblings come out in their order.
  for (let node = nodeCount - 1; node >= 0; node -= 1) {
    const above = parent[node] ?? -1;
    if (above < 0) continue;
    nextSibling[node] = firstChild[above] ?? -1;
    firstChild[above] = node;
  }

  const order = new Int32Array(nodeCount);
  const visited = new Uint8Array(nodeCount);
  const stack = dependents; // not needed any more
  let next = 0;
  const walk = (root: number): void => {
    let depth = 0;
    stack[depth] = root;
    visited[root] = 1;
    order[next] = root;
    next += 1;
    let child = firstChild[root] ?? -1;
    for (;;) {
      if (child >= 0) {
        if (visited[child] !== 0) {
          child = nextSibling[child] ?? -1;
          continue;
        }
        visited[child] = 1;
        order[next] = child;
        next += 1;
        depth += 1;
        stack[depth] = child;
        child = firstChild[child] ?? -1;
      } else {
        if (depth === 0) return;
        child = nextSibling[stack[depth] ?? 0] ?? -1;
        depth -= 1;
      }
    }
  };
  for (let node = 0; node < nodeCount; node += 1) if ((parent[node] ?? -1) < 0) walk(node);
  // Only circles of nodes that need each other are left.
  for (let node = 0; node < nodeCount; node += 1) if (visited[node] === 0) walk(node);
  return order;
}
