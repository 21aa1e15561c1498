/** Rows of dependencies as they came: numbers side by side, because they are read together. */
export const perRow = 4;
export const [dependentAt, groupAt, needsAt, memberAt] = [0, 1, 2, 3] as const;

/** The same without the dependent, which their place tells. */
export const perSorted = 3;
export const [sortedGroupAt, sortedNeedsAt, sortedMemberAt] = [0, 1, 2] as const;

/** Rows in the order of their dependents and, within, of their groups. */
export interface SortedRows {
  readonly rows: Int32Array;
  /** By dependent: which row is the first of the next. */
  readonly endOf: Int32Array;
}

/**
 * Nodes are numbered anew on the way: `rank[old] = new`; `rowsOf` counts the rows of each dependent, by its old
 * number. In one pass to their places, so that all later ones read in order.
 */
export function sortRows(rows: Int32Array, rank: Int32Array, rowsOf: Int32Array): SortedRows {
  const next = new Int32Array(rank.length + 1);
  for (let old = 0; old < rank.length; old += 1) {
    next[(rank[old] as number) + 1] = rowsOf[old] as number;
  }
  for (let node = 0; node < rank.length; node += 1) {
    next[node + 1] = (next[node + 1] as number) + (next[node] as number);
  }
  const sorted = new Int32Array((rows.length / perRow) * perSorted);
  for (let r = 0; r < rows.length; r += perRow) {
    const node = rank[rows[r + dependentAt] as number] as number;
    const row = next[node] as number;
    const at = row * perSorted;
    sorted[at + sortedGroupAt] = rows[r + groupAt] as number;
    sorted[at + sortedNeedsAt] = rows[r + needsAt] as number;
    sorted[at + sortedMemberAt] = rank[rows[r + memberAt] as number] as number;
    next[node] = row + 1;
  }
  // `next[node]` has become the end of the node's rows.
  const endOf = next;
  let from = 0;
  for (let node = 0; node < rank.length; node += 1) {
    const to = endOf[node] as number;
    for (let row = from + 1; row < to; row += 1) sink(sorted, from, row);
    from = to;
  }
  return { rows: sorted, endOf };
}

/** Brings a row to its place among those before it: few, and nearly always in order already. */
function sink(sorted: Int32Array, from: number, row: number): void {
  const first = from * perSorted;
  for (let at = row * perSorted; at > first; at -= perSorted) {
    const before = at - perSorted;
    if ((sorted[before + sortedGroupAt] as number) <= (sorted[at + sortedGroupAt] as number))
      return;
    for (let i = 0; i < perSorted; i += 1) {
      const number = sorted[at + i] as number;
      sorted[at + i] = sorted[before + i] as number;
      sorted[before + i] = number;
    }
  }
}
