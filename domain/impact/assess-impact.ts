import { DomainError } from '../errors.ts';
import type { PreparedGraph } from './prepare-graph.ts';

export const effects = ['down', 'degraded'] as const;
export type Effect = (typeof effects)[number];

/** What a change does to an item while it runs. */
export interface Disturbance {
  readonly item: string;
  readonly effect: Effect;
}

/** From worst to mildest. */
export const impactStates = ['down', 'degraded', 'atRisk'] as const;
export type ImpactState = (typeof impactStates)[number];

/**
 * Why a node that is not disturbed itself is affected: in `group` it needs `needs` of `of` members, and
 * `left` of them are in a better state than the node itself. `because` is a member that is affected and
 * was so before the node: following it ends at a disturbed item, in any graph.
 */
export interface Cause {
  readonly node: string;
  readonly group: string;
  readonly needs: number;
  readonly of: number;
  readonly left: number;
  readonly because: string;
}

export type IdsByState = Readonly<Record<ImpactState, readonly string[]>>;

/** Each affected node once, in its worst state; ids in the order of the inventory. Plain JSON. */
export interface Impact {
  readonly disturbances: readonly Disturbance[];
  readonly items: IdsByState;
  readonly services: IdsByState;
  /** One for every affected node that is not in its state by a disturbance of its own. */
  readonly causes: readonly Cause[];
}

const stateCode = { down: 1, degraded: 2, atRisk: 3 } as const;

/**
 * What a set of disturbances does to everything that depends on them. Exact for every graph, linear in
 * its size.
 *
 * - **down**: the least set D with every item disturbed `down`, and every node with a group of which
 *   fewer than `needs` members are outside D. Least: nodes that only need each other stay up.
 * - **degraded**: the least set G outside D with every item disturbed `degraded`, and every node with a
 *   group of which fewer than `needs` members are outside D and G.
 * - **at risk**: the least set R outside D and G with every node that has a group with a member in D or
 *   G (redundancy is lost), or with fewer than `needs` members outside D, G and R (it stands on what
 *   has lost redundancy).
 *
 * @throws DomainError `not-found` naming the disturbed ids that are no item.
 */
export function assessImpact(graph: PreparedGraph, disturbances: readonly Disturbance[]): Impact {
  const { ids, itemCount, groupDependent, groupNeeds, groupSize, memberOfStart, memberOf } = graph;
  const disturbed = disturbances.map(({ item, effect }) => ({ node: itemOf(graph, item), effect }));

  const state = new Uint8Array(ids.length); // 0: not affected
  const causeGroup = new Int32Array(ids.length).fill(-1);
  const causeMember = new Int32Array(ids.length);
  /** Members of a group that are not yet in any of the states handled so far. */
  const left = groupSize.slice();
  const leftAtCause = new Int32Array(ids.length);
  /** Affected nodes by the time they were found: all down, then all degraded, then all at risk. */
  const found: number[] = [];

  const mark = (node: number, code: number, group: number, member: number) => {
    state[node] = code;
    causeGroup[node] = group;
    causeMember[node] = member;
    found.push(node);
  };
  const groupsOf = (node: number) =>
    memberOf.subarray(memberOfStart[node] ?? 0, memberOfStart[node + 1] ?? 0);

  /** Takes the nodes found from `start` on, and those found meanwhile, out of their groups. */
  const spread = (start: number, code: number) => {
    for (let i = start; i < found.length; i += 1) {
      const member = found[i] ?? 0;
      for (const group of groupsOf(member)) {
        const remaining = (left[group] ?? 0) - 1;
        left[group] = remaining;
        const dependent = groupDependent[group] ?? 0;
        if (remaining < (groupNeeds[group] ?? 0) && state[dependent] === 0) {
          mark(dependent, code, group, member);
        }
      }
    }
    for (let i = start; i < found.length; i += 1) {
      const node = found[i] ?? 0;
      const group = causeGroup[node] ?? -1;
      if (group >= 0) leftAtCause[node] = left[group] ?? 0;
    }
  };

  for (const effect of effects) {
    const start = found.length;
    for (const { node, effect: wanted } of disturbed) {
      if (wanted === effect && state[node] === 0) mark(node, stateCode[effect], -1, -1);
    }
    spread(start, stateCode[effect]);
  }
  const affected = found.length;
  for (let i = 0; i < affected; i += 1) {
    const member = found[i] ?? 0;
    for (const group of groupsOf(member)) {
      const dependent = groupDependent[group] ?? 0;
      if (state[dependent] === 0) mark(dependent, stateCode.atRisk, group, member);
    }
  }
  spread(affected, stateCode.atRisk);

  found.sort((a, b) => a - b);
  const idOf = (node: number) => ids[node] ?? '';
  const inState = (wanted: ImpactState, isItem: boolean) =>
    found
      .filter((node) => state[node] === stateCode[wanted] && node < itemCount === isItem)
      .map(idOf);
  const byState = (isItem: boolean): IdsByState => ({
    down: inState('down', isItem),
    degraded: inState('degraded', isItem),
    atRisk: inState('atRisk', isItem),
  });
  return {
    disturbances,
    items: byState(true),
    services: byState(false),
    causes: found
      .filter((node) => (causeGroup[node] ?? -1) >= 0)
      .map((node) => {
        const group = causeGroup[node] ?? 0;
        return {
          node: idOf(node),
          group: graph.groupNames[group] ?? '',
          needs: groupNeeds[group] ?? 0,
          of: groupSize[group] ?? 0,
          left: leftAtCause[node] ?? 0,
          because: idOf(causeMember[node] ?? 0),
        };
      }),
  };
}

function itemOf(graph: PreparedGraph, id: string): number {
  const index = graph.indexOf.get(id);
  if (index !== undefined && index < graph.itemCount) return index;
  throw new DomainError(
    'not-found',
    index === undefined
      ? `There is no item "${id}" in the inventory.`
      : `"${id}" is a service, not an item: a change disturbs items, and services through them.`,
    {
      code: 'item-not-found',
      complaints: [{ field: 'affects', message: `"${id}" is no item` }],
      remedy: 'Check the id, or import the item with its dependencies first.',
    },
  );
}
