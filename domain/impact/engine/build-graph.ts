import { emptyGraph, nodeKinds, type DependencyGraph, type NodeFacts } from './dependency-graph.ts';
import { withRoom } from './growable.ts';
import { createIdTable, type IdTable } from './id-table.ts';
import { numberNodes } from './number-nodes.ts';

/** Takes nodes and rows of dependencies in any order, nodes before the rows that name them. */
export interface GraphBuilder {
  readonly ids: IdTable;
  /** `node` is the number that `ids` gave. */
  setNode(node: number, facts: NodeFacts): void;
  addRow(dependent: number, groupName: number, needs: number, member: number): void;
  /** The builder holds nothing afterwards. */
  finish(): DependencyGraph;
}

/** Numbers of a row in `rows`: side by side, because they are read together. */
const perRow = 4;
const [dependentAt, groupAt, needsAt, memberAt] = [0, 1, 2, 3];

export function createGraphBuilder(expected: { nodes: number; rows: number }): GraphBuilder {
  const ids = createIdTable(expected.nodes);
  let nr = new Int32Array(expected.nodes);
  let kind = new Uint8Array(expected.nodes);
  let customer = new Int32Array(expected.nodes);
  let place = new Uint16Array(expected.nodes);
  let rows = new Int32Array(expected.rows * perRow);
  let used = 0;

  return {
    ids,
    setNode(node, facts) {
      if (node >= nr.length) {
        nr = withRoom(nr, node + 1);
        kind = withRoom(kind, node + 1);
        customer = withRoom(customer, node + 1);
        place = withRoom(place, node + 1);
      }
      nr[node] = facts.nr;
      kind[node] = nodeKinds[facts.kind];
      customer[node] = facts.customer;
      place[node] = facts.place;
    },
    addRow(dependent, groupName, needs, member) {
      if (used + perRow > rows.length) rows = withRoom(rows, used + perRow);
      rows[used + dependentAt] = dependent;
      rows[used + groupAt] = groupName;
      rows[used + needsAt] = needs;
      rows[used + memberAt] = member;
      used += perRow;
    },
    finish() {
      const nodeCount = ids.size;
      const order = numberNodes(nodeCount, rows.subarray(0, used), {
        perRow,
        dependentAt,
        memberAt,
      });
      const rank = new Int32Array(nodeCount);
      for (let node = 0; node < nodeCount; node += 1) rank[order[node] ?? 0] = node;

      const graph = emptyGraph();
      graph.ids = ids;
      graph.idOf = order;
      graph.nodeOf = rank;
      graph.nodeCount = nodeCount;
      graph.nr = permuted(nr, order);
      graph.kind = permuted(kind, order);
      graph.customer = permuted(customer, order);
      graph.place = permuted(place, order);

      // Rows in the order of their dependents' new numbers.
      const firstRow = new Int32Array(nodeCount + 1);
      for (let r = 0; r < used; r += perRow) {
        const after = (rank[rows[r + dependentAt] as number] as number) + 1;
        firstRow[after] = (firstRow[after] as number) + 1;
      }
      for (let n = 0; n < nodeCount; n += 1) {
        firstRow[n + 1] = (firstRow[n + 1] as number) + (firstRow[n] as number);
      }
      const rowAt = new Int32Array(used / perRow);
      for (let r = 0; r < used; r += perRow) {
        const node = rank[rows[r + dependentAt] as number] as number;
        const at = firstRow[node] as number;
        rowAt[at] = r;
        firstRow[node] = at + 1;
      }
      // `firstRow[node]` is now where the rows of the node end.
      addGroups(graph, { rowAt, endOfRows: firstRow, rows, rank });
      addEdges(graph);
      return graph;
    },
  };
}

function permuted<A extends Int32Array | Uint16Array | Uint8Array>(data: A, order: Int32Array): A {
  const moved = new (data.constructor as new (length: number) => A)(order.length);
  for (let i = 0; i < order.length; i += 1) moved[i] = data[order[i] ?? 0] ?? 0;
  return moved;
}

interface SortedRows {
  /** Where each row begins in `rows`. */
  readonly rowAt: Int32Array;
  readonly endOfRows: Int32Array;
  readonly rows: Int32Array;
  readonly rank: Int32Array;
}

function addGroups(graph: DependencyGraph, { rowAt, endOfRows, rows, rank }: SortedRows): void {
  const { nodeCount } = graph;
  const rowCount = rowAt.length;
  const firstGroup = new Int32Array(nodeCount);
  const groupCount = new Int32Array(nodeCount);
  const firstMember = new Int32Array(rowCount);
  const memberCount = new Int32Array(rowCount);
  const groupName = new Int32Array(rowCount);
  const counted = new Int32Array(rowCount);
  const members = new Int32Array(rowCount);
  let dependent = new Int32Array(1024);
  let groupOf = new Int32Array(1024);
  let spare = new Int32Array(1024);
  let countedGroups = 0;
  let group = 0;
  let from = 0;
  const nameOf = (i: number): number => rows[(rowAt[i] as number) + groupAt] as number;
  for (let node = 0; node < nodeCount; node += 1) {
    const to = endOfRows[node] as number;
    // Few rows, and nearly always in order: those of one group side by side.
    for (let i = from + 1; i < to; i += 1) {
      const row = rowAt[i] as number;
      const name = nameOf(i);
      let at = i;
      for (; at > from && nameOf(at - 1) > name; at -= 1) rowAt[at] = rowAt[at - 1] as number;
      rowAt[at] = row;
    }
    firstGroup[node] = group;
    let i = from;
    while (i < to) {
      const row = rowAt[i] as number;
      const name = rows[row + groupAt] as number;
      const start = i;
      do {
        members[i] = rank[rows[(rowAt[i] as number) + memberAt] as number] as number;
        i += 1;
      } while (i < to && nameOf(i) === name);
      firstMember[group] = start;
      memberCount[group] = i - start;
      groupName[group] = name;
      const spareOfGroup = i - start - (rows[row + needsAt] as number);
      if (spareOfGroup > 0) {
        dependent = withRoom(dependent, countedGroups + 1);
        groupOf = withRoom(groupOf, countedGroups + 1);
        spare = withRoom(spare, countedGroups + 1);
        dependent[countedGroups] = node;
        groupOf[countedGroups] = group;
        spare[countedGroups] = spareOfGroup;
        counted[group] = countedGroups;
        countedGroups += 1;
      } else {
        counted[group] = -1;
      }
      group += 1;
    }
    groupCount[node] = group - (firstGroup[node] as number);
    from = to;
  }
  graph.firstGroup = firstGroup;
  graph.groupCount = groupCount;
  graph.firstMember = firstMember.slice(0, group);
  graph.memberCount = memberCount.slice(0, group);
  graph.groupName = groupName.slice(0, group);
  graph.counted = counted.slice(0, group);
  graph.groups = group;
  graph.members = members;
  graph.membersUsed = rowCount;
  graph.dependent = dependent.slice(0, countedGroups);
  graph.groupOf = groupOf.slice(0, countedGroups);
  graph.spare = spare.slice(0, countedGroups);
  graph.countedGroups = countedGroups;
}

/** Each member's list in the order of the dependents. */
function addEdges(graph: DependencyGraph): void {
  const { nodeCount, members, membersUsed, groups, counted, firstMember, memberCount } = graph;
  const firstEdge = new Int32Array(nodeCount);
  const edgeCount = new Int32Array(nodeCount);
  const edges = new Int32Array(membersUsed);
  for (let i = 0; i < membersUsed; i += 1) {
    const member = members[i] ?? 0;
    edgeCount[member] = (edgeCount[member] ?? 0) + 1;
  }
  let next = 0;
  for (let node = 0; node < nodeCount; node += 1) {
    firstEdge[node] = next;
    next += edgeCount[node] ?? 0;
  }
  const filled = edgeCount.slice().fill(0);
  let node = 0;
  for (let group = 0; group < groups; group += 1) {
    while (group >= (graph.firstGroup[node] ?? 0) + (graph.groupCount[node] ?? 0)) node += 1;
    const c = counted[group] ?? -1;
    const edge = c < 0 ? node : ~c;
    const from = firstMember[group] ?? 0;
    const to = from + (memberCount[group] ?? 0);
    for (let i = from; i < to; i += 1) {
      const member = members[i] ?? 0;
      const at = filled[member] ?? 0;
      edges[(firstEdge[member] ?? 0) + at] = edge;
      filled[member] = at + 1;
    }
  }
  graph.firstEdge = firstEdge;
  graph.edgeCount = edgeCount;
  graph.edges = edges;
  graph.edgesUsed = membersUsed;
}
