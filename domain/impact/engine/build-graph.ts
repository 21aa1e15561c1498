import { emptyGraph, nodeKinds, type DependencyGraph, type NodeFacts } from './dependency-graph.ts';
import { withRoom } from './growable.ts';
import { createIdTable, type IdTable } from './id-table.ts';
import { numberNodes } from './number-nodes.ts';
import {
  dependentAt,
  groupAt,
  memberAt,
  needsAt,
  perRow,
  perSorted,
  sortedGroupAt,
  sortedMemberAt,
  sortedNeedsAt,
  sortRows,
  type SortedRows,
} from './sort-rows.ts';

/** Takes nodes and rows of dependencies in any order, nodes before the rows that name them. */
export interface GraphBuilder {
  readonly ids: IdTable;
  /** `node` is the number that `ids` gave. */
  setNode(node: number, facts: NodeFacts): void;
  addRow(dependent: number, groupName: number, needs: number, member: number): void;
  /** The builder holds nothing afterwards. */
  finish(): DependencyGraph;
}

export function createGraphBuilder(expected: { nodes: number; rows: number }): GraphBuilder {
  const ids = createIdTable(expected.nodes);
  let nr = new Int32Array(expected.nodes);
  let kind = new Uint8Array(expected.nodes);
  let customer = new Int32Array(expected.nodes);
  let place = new Uint16Array(expected.nodes);
  let rows = new Int32Array(expected.rows * perRow);
  let used = 0;
  // Counted as they come, while more are waited for.
  let rowsOf = new Int32Array(expected.nodes);
  let dependentsOf = new Int32Array(expected.nodes);

  return {
    ids,
    setNode(node, facts) {
      if (node >= nr.length) {
        nr = withRoom(nr, node + 1);
        kind = withRoom(kind, node + 1);
        customer = withRoom(customer, node + 1);
        place = withRoom(place, node + 1);
        rowsOf = withRoom(rowsOf, node + 1);
        dependentsOf = withRoom(dependentsOf, node + 1);
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
      rowsOf[dependent] = (rowsOf[dependent] as number) + 1;
      dependentsOf[member] = (dependentsOf[member] as number) + 1;
    },
    finish() {
      const nodeCount = ids.size;
      const order = numberNodes(
        rows.subarray(0, used),
        { perRow, dependentAt, memberAt },
        dependentsOf.subarray(0, nodeCount),
      );
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

      const sorted = sortRows(rows.subarray(0, used), rank, rowsOf);
      rows = new Int32Array(0);
      addGroups(graph, sorted);
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

function addGroups(graph: DependencyGraph, sorted: SortedRows): void {
  const { nodeCount } = graph;
  const { rows, endOf } = sorted;
  const rowCount = rows.length / perSorted;
  const sizes = countGroups(nodeCount, sorted);
  const firstGroup = new Int32Array(nodeCount);
  const groupCount = new Int32Array(nodeCount);
  const firstMember = new Int32Array(sizes.groups);
  const memberCount = new Int32Array(sizes.groups);
  const groupName = new Int32Array(sizes.groups);
  const counted = new Int32Array(sizes.groups);
  const members = new Int32Array(rowCount);
  const dependent = new Int32Array(sizes.counted);
  const groupOf = new Int32Array(sizes.counted);
  const spare = new Int32Array(sizes.counted);
  let countedGroups = 0;
  let group = 0;
  let row = 0;
  for (let node = 0; node < nodeCount; node += 1) {
    const end = endOf[node] as number;
    firstGroup[node] = group;
    while (row < end) {
      const start = row;
      row = endOfGroup(rows, start, end);
      for (let i = start; i < row; i += 1) {
        members[i] = rows[i * perSorted + sortedMemberAt] as number;
      }
      firstMember[group] = start;
      memberCount[group] = row - start;
      groupName[group] = rows[start * perSorted + sortedGroupAt] as number;
      const spareOfGroup = row - start - (rows[start * perSorted + sortedNeedsAt] as number);
      if (spareOfGroup > 0) {
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
  }
  graph.firstGroup = firstGroup;
  graph.groupCount = groupCount;
  graph.firstMember = firstMember;
  graph.memberCount = memberCount;
  graph.groupName = groupName;
  graph.counted = counted;
  graph.members = members;
  graph.dependent = dependent;
  graph.groupOf = groupOf;
  graph.spare = spare;
  graph.countedGroups = countedGroups;
  graph.groups = group;
  graph.membersUsed = rowCount;
}

/** How many groups there are, and how many of them can spare a member: so much room they need. */
function countGroups(
  nodeCount: number,
  { rows, endOf }: SortedRows,
): { groups: number; counted: number } {
  let [groups, counted, row] = [0, 0, 0];
  for (let node = 0; node < nodeCount; node += 1) {
    const end = endOf[node] as number;
    while (row < end) {
      const start = row;
      row = endOfGroup(rows, start, end);
      groups += 1;
      if (row - start > (rows[start * perSorted + sortedNeedsAt] as number)) counted += 1;
    }
  }
  return { groups, counted };
}

function endOfGroup(rows: Int32Array, start: number, end: number): number {
  const name = rows[start * perSorted + sortedGroupAt];
  let row = start + 1;
  while (row < end && rows[row * perSorted + sortedGroupAt] === name) row += 1;
  return row;
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
