import { DomainError } from '../errors.ts';
import type { RequirementGroup } from '../inventory/inventory.ts';

/**
 * The inventory's dependencies as arrays of numbers: nodes and groups are numbered in the order given
 * (items before services), `node*` is indexed by node and `group*` by group.
 */
export interface PreparedGraph {
  readonly ids: readonly string[];
  /** Nodes below this number are items, the others services. */
  readonly itemCount: number;
  readonly indexOf: ReadonlyMap<string, number>;
  readonly groupNames: readonly string[];
  readonly groupDependent: Int32Array;
  readonly groupNeeds: Int32Array;
  readonly groupSize: Int32Array;
  /** The groups that node n is a member of: `memberOf[memberOfStart[n] … memberOfStart[n + 1] - 1]`. */
  readonly memberOfStart: Int32Array;
  readonly memberOf: Int32Array;
}

export interface GraphInput {
  readonly items: readonly { readonly id: string }[];
  readonly services: readonly { readonly id: string }[];
  readonly groups: readonly RequirementGroup[];
}

function invalid(message: string, remedy: string): DomainError {
  return new DomainError('invalid', message, { code: 'inventory-graph-invalid', remedy });
}

/**
 * Prepares a graph once for any number of assessments; linear in time and space.
 * @throws DomainError `invalid` for an id given twice, an unknown dependent or member, a member given
 * twice in a group, or a group that needs fewer than one or more members than it has.
 */
export function prepareGraph(input: GraphInput): PreparedGraph {
  const { groups } = input;
  const ids: string[] = [];
  const indexOf = new Map<string, number>();
  for (const nodes of [input.items, input.services]) {
    for (const { id } of nodes) {
      if (indexOf.has(id)) throw invalid(`"${id}" is in the inventory twice.`, 'Give it one id.');
      indexOf.set(id, ids.length);
      ids.push(id);
    }
  }
  const find = (id: string, group: RequirementGroup): number => {
    const index = indexOf.get(id);
    if (index === undefined) {
      throw invalid(
        `Group "${group.name}" of "${group.dependent}" names "${id}", which is neither item nor service.`,
        'Import it first, or take it out of the group.',
      );
    }
    return index;
  };

  const groupDependent = new Int32Array(groups.length);
  const groupNeeds = new Int32Array(groups.length);
  const groupSize = new Int32Array(groups.length);
  const memberOfStart = new Int32Array(ids.length + 1);
  let edges = 0;
  // The last group that counted a node: finds a member given twice without a set for each group.
  const lastGroup = new Int32Array(ids.length).fill(-1);
  groups.forEach((group, g) => {
    groupDependent[g] = find(group.dependent, group);
    if (group.needs < 1 || group.needs > group.members.length) {
      throw invalid(
        `Group "${group.name}" of "${group.dependent}" needs ${group.needs} of ${group.members.length} members.`,
        'It must need at least 1 and at most all of them.',
      );
    }
    groupNeeds[g] = group.needs;
    groupSize[g] = group.members.length;
    for (const id of group.members) {
      const member = find(id, group);
      if (lastGroup[member] === g) {
        throw invalid(
          `Group "${group.name}" of "${group.dependent}" names "${id}" twice.`,
          'Name each member once.',
        );
      }
      lastGroup[member] = g;
      memberOfStart[member + 1] = (memberOfStart[member + 1] ?? 0) + 1;
      edges += 1;
    }
  });
  for (let n = 0; n < ids.length; n += 1) {
    memberOfStart[n + 1] = (memberOfStart[n + 1] ?? 0) + (memberOfStart[n] ?? 0);
  }
  const memberOf = new Int32Array(edges);
  const next = memberOfStart.slice();
  groups.forEach((group, g) => {
    for (const id of group.members) {
      const member = find(id, group);
      const position = next[member] ?? 0;
      memberOf[position] = g;
      next[member] = position + 1;
    }
  });
  return {
    ids,
    itemCount: input.items.length,
    indexOf,
    groupNames: groups.map(({ name }) => name),
    groupDependent,
    groupNeeds,
    groupSize,
    memberOfStart,
    memberOf,
  };
}
