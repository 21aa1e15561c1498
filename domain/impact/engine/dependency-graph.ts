import { withRoom } from './growable.ts';
import { createIdTable, type IdTable } from './id-table.ts';

/** What a node is; `gone` nodes keep their number and nothing else. */
export const nodeKinds = { item: 0, service: 1, gone: 2 } as const;

/** A group as it is given: numbers of nodes. */
export interface NumberedGroup {
  /** From `groupNames`. */
  readonly name: number;
  readonly needs: number;
  readonly members: readonly number[];
}

/**
 * The dependency graph in typed arrays, which are read by index and replaced when they grow: keep no reference
 * to one across a change. Only the functions of this folder write to them.
 *
 * Forward, for explanations and changes: node → its groups → their members. Backward, for spreading: member →
 * what may fall with it, which is the dependent itself where the group needs all its members (`edge >= 0`),
 * and a counted group where it can spare some (`~edge`). Most groups have one member: they cost one number.
 */
export interface DependencyGraph {
  ids: IdTable;
  /** The number that `ids` knows a node by, and back: nodes are numbered anew when the graph is built. */
  idOf: Int32Array;
  nodeOf: Int32Array;
  nodeCount: number;
  /** The number that the database knows a node by; never used twice. */
  nr: Int32Array;
  kind: Uint8Array;
  /** Of a service: its customer and its solution. Of an item: -1 and its datacentre. */
  customer: Int32Array;
  place: Uint16Array;

  firstGroup: Int32Array;
  groupCount: Int32Array;
  firstMember: Int32Array;
  memberCount: Int32Array;
  groupName: Int32Array;
  /** The counted group of a group, or -1 where all members are needed. */
  counted: Int32Array;
  groups: number;
  members: Int32Array;
  membersUsed: number;

  /** Of a counted group: who needs it, the group it is, and how many members it can lose and still stand. */
  dependent: Int32Array;
  groupOf: Int32Array;
  spare: Int32Array;
  countedGroups: number;
  freeCounted: number[];

  firstEdge: Int32Array;
  edgeCount: Int32Array;
  edges: Int32Array;
  edgesUsed: number;
  /** Room of the lists that were moved to the end to grow. */
  edgeRoom: Map<number, number>;
  /** Places in `members`, `edges` and the groups' columns that nothing refers to any more. */
  waste: number;
  /** Rises with every change: what was derived from the arrays before is no longer true. */
  revision: number;
}

export function emptyGraph(): DependencyGraph {
  return {
    ids: createIdTable(),
    idOf: new Int32Array(0),
    nodeOf: new Int32Array(0),
    nodeCount: 0,
    nr: new Int32Array(0),
    kind: new Uint8Array(0),
    customer: new Int32Array(0),
    place: new Uint16Array(0),
    firstGroup: new Int32Array(0),
    groupCount: new Int32Array(0),
    firstMember: new Int32Array(0),
    memberCount: new Int32Array(0),
    groupName: new Int32Array(0),
    counted: new Int32Array(0),
    groups: 0,
    members: new Int32Array(0),
    membersUsed: 0,
    dependent: new Int32Array(0),
    groupOf: new Int32Array(0),
    spare: new Int32Array(0),
    countedGroups: 0,
    freeCounted: [],
    firstEdge: new Int32Array(0),
    edgeCount: new Int32Array(0),
    edges: new Int32Array(0),
    edgesUsed: 0,
    edgeRoom: new Map(),
    waste: 0,
    revision: 0,
  };
}

export interface NodeFacts {
  readonly nr: number;
  readonly kind: 'item' | 'service';
  readonly customer: number;
  readonly place: number;
}

/** The number of the node with this id, or -1. */
export function findNode({ ids, nodeOf }: DependencyGraph, id: string): number {
  const known = ids.findText(id);
  return known < 0 ? -1 : (nodeOf[known] ?? -1);
}

export function nodeId({ ids, idOf }: DependencyGraph, node: number): string {
  return ids.text(idOf[node] ?? 0);
}

/** Adds a node, or changes what is known about it. Returns its number. */
export function putNode(graph: DependencyGraph, id: string, facts: NodeFacts): number {
  graph.revision += 1;
  const idNumber = graph.ids.addText(id);
  if (idNumber >= graph.nodeCount) {
    // Ids and nodes are as many: the next number is the next of both.
    graph.nodeCount = idNumber + 1;
    graph.idOf = withRoom(graph.idOf, graph.nodeCount);
    graph.nodeOf = withRoom(graph.nodeOf, graph.nodeCount);
    graph.idOf[idNumber] = idNumber;
    graph.nodeOf[idNumber] = idNumber;
    graph.nr = withRoom(graph.nr, graph.nodeCount);
    graph.kind = withRoom(graph.kind, graph.nodeCount);
    graph.customer = withRoom(graph.customer, graph.nodeCount);
    graph.place = withRoom(graph.place, graph.nodeCount);
    graph.firstGroup = withRoom(graph.firstGroup, graph.nodeCount);
    graph.groupCount = withRoom(graph.groupCount, graph.nodeCount);
    graph.firstEdge = withRoom(graph.firstEdge, graph.nodeCount);
    graph.edgeCount = withRoom(graph.edgeCount, graph.nodeCount);
  }
  const node = graph.nodeOf[idNumber] ?? 0;
  graph.nr[node] = facts.nr;
  graph.kind[node] = nodeKinds[facts.kind];
  graph.customer[node] = facts.customer;
  graph.place[node] = facts.place;
  return node;
}

/** Takes a node out. Nothing may need it any more; what it needed itself is forgotten. */
export function removeNode(graph: DependencyGraph, node: number): void {
  replaceGroups(graph, node, []);
  graph.kind[node] = nodeKinds.gone;
  graph.customer[node] = -1;
  graph.ids.remove(graph.idOf[node] ?? 0);
}

/** What a node needs from now on, instead of what it needed before. */
export function replaceGroups(
  graph: DependencyGraph,
  node: number,
  groups: readonly NumberedGroup[],
): void {
  graph.revision += 1;
  forgetGroups(graph, node);
  const first = graph.groups;
  const size = groups.reduce((sum, { members }) => sum + members.length, 0);
  graph.groups += groups.length;
  graph.firstMember = withRoom(graph.firstMember, graph.groups);
  graph.memberCount = withRoom(graph.memberCount, graph.groups);
  graph.groupName = withRoom(graph.groupName, graph.groups);
  graph.counted = withRoom(graph.counted, graph.groups);
  graph.members = withRoom(graph.members, graph.membersUsed + size);
  graph.firstGroup[node] = first;
  graph.groupCount[node] = groups.length;
  groups.forEach(({ name, needs, members }, i) => {
    const group = first + i;
    const spare = members.length - needs;
    const counted = spare > 0 ? newCounted(graph, node, group, spare) : -1;
    graph.firstMember[group] = graph.membersUsed;
    graph.memberCount[group] = members.length;
    graph.groupName[group] = name;
    graph.counted[group] = counted;
    for (const member of members) {
      graph.members[graph.membersUsed] = member;
      graph.membersUsed += 1;
      addEdge(graph, member, counted < 0 ? node : ~counted);
    }
  });
}

function newCounted(
  graph: DependencyGraph,
  dependent: number,
  group: number,
  spare: number,
): number {
  const counted = graph.freeCounted.pop() ?? graph.countedGroups;
  if (counted === graph.countedGroups) {
    graph.countedGroups += 1;
    graph.dependent = withRoom(graph.dependent, graph.countedGroups);
    graph.groupOf = withRoom(graph.groupOf, graph.countedGroups);
    graph.spare = withRoom(graph.spare, graph.countedGroups);
  }
  graph.dependent[counted] = dependent;
  graph.groupOf[counted] = group;
  graph.spare[counted] = spare;
  return counted;
}

function forgetGroups(graph: DependencyGraph, node: number): void {
  const first = graph.firstGroup[node] ?? 0;
  const end = first + (graph.groupCount[node] ?? 0);
  for (let group = first; group < end; group += 1) {
    const counted = graph.counted[group] ?? -1;
    const from = graph.firstMember[group] ?? 0;
    const to = from + (graph.memberCount[group] ?? 0);
    for (let i = from; i < to; i += 1) {
      removeEdge(graph, graph.members[i] ?? 0, counted < 0 ? node : ~counted);
    }
    if (counted >= 0) {
      // Spare that no loss uses up: a list that still held it would do no harm.
      graph.spare[counted] = 0x7fffffff;
      graph.freeCounted.push(counted);
    }
    graph.waste += 1 + to - from;
  }
  graph.groupCount[node] = 0;
}

function addEdge(graph: DependencyGraph, member: number, edge: number): void {
  const first = graph.firstEdge[member] ?? 0;
  const count = graph.edgeCount[member] ?? 0;
  const room = graph.edgeRoom.get(member) ?? count;
  if (count < room) {
    graph.edges[first + count] = edge;
  } else {
    const wider = Math.max(4, count * 2);
    graph.edges = withRoom(graph.edges, graph.edgesUsed + wider);
    graph.edges.copyWithin(graph.edgesUsed, first, first + count);
    graph.firstEdge[member] = graph.edgesUsed;
    graph.edges[graph.edgesUsed + count] = edge;
    graph.edgesUsed += wider;
    graph.edgeRoom.set(member, wider);
    graph.waste += count;
  }
  graph.edgeCount[member] = count + 1;
}

function removeEdge(graph: DependencyGraph, member: number, edge: number): void {
  const first = graph.firstEdge[member] ?? 0;
  const last = first + (graph.edgeCount[member] ?? 0) - 1;
  for (let i = first; i <= last; i += 1) {
    if (graph.edges[i] !== edge) continue;
    graph.edges[i] = graph.edges[last] ?? 0;
    if (!graph.edgeRoom.has(member)) graph.edgeRoom.set(member, last - first + 1);
    graph.edgeCount[member] = last - first;
    return;
  }
}

/** Bytes of all arrays. */
export function graphByteLength(graph: DependencyGraph): number {
  return Object.values(graph).reduce(
    (sum: number, value: unknown) => sum + (ArrayBuffer.isView(value) ? value.byteLength : 0),
    graph.ids.byteLength,
  );
}
