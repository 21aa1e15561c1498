import { DomainError } from '../../errors.ts';
import {
  impactStates,
  type Disturbance,
  type Explanation,
  type IdsByState,
  type Impact,
} from '../impact.ts';
import type { Company } from './company.ts';
import { findNode, nodeId, nodeKinds } from './dependency-graph.ts';
import { createSpreadExplainer } from './explain-spread.ts';
import { stateCodes, type NumberedDisturbances, type Spread, type Spreader } from './spread.ts';
import { summariseSpread, type SpreadSummary } from './summarise-spread.ts';

/**
 * The numbers of disturbed items.
 * @throws DomainError `not-found` naming the ids that are no item.
 */
export function numberDisturbances(
  { graph }: Company,
  disturbances: readonly Disturbance[],
): NumberedDisturbances {
  const complaints: { field: string; message: string }[] = [];
  const numbered = { down: [] as number[], degraded: [] as number[] };
  disturbances.forEach(({ item, effect }, i) => {
    const node = findNode(graph, item);
    if (node >= 0 && graph.kind[node] === nodeKinds.item) numbered[effect].push(node);
    else {
      const what = node >= 0 ? `"${item}" is a service, not an item` : `there is no item "${item}"`;
      complaints.push({ field: `disturbances[${i}].item`, message: what });
    }
  });
  if (complaints.length === 0) return numbered;
  throw new DomainError(
    'not-found',
    `The inventory has ${complaints.length === 1 ? 'no such item' : 'no such items'}: ${complaints
      .slice(0, 3)
      .map(({ message }) => message)
      .join('; ')}${complaints.length > 3 ? ` and ${complaints.length - 3} more` : ''}.`,
    {
      code: 'item-not-found',
      complaints,
      remedy: 'Name items of the inventory (ctc inventory list items).',
    },
  );
}

/** Like `numberDisturbances`, leaving out what is no item (any more): for changes asked for long ago. */
export function numberKnownDisturbances(
  { graph }: Company,
  disturbances: readonly Disturbance[],
): NumberedDisturbances {
  const numbered = { down: [] as number[], degraded: [] as number[] };
  for (const { item, effect } of disturbances) {
    const node = findNode(graph, item);
    if (node >= 0 && graph.kind[node] === nodeKinds.item) numbered[effect].push(node);
  }
  return numbered;
}

/** What a spread comes to, with the nearest `limit` ids of each kind and state. */
export function describeSpread(
  company: Company,
  disturbances: readonly Disturbance[],
  spread: Spread,
  limit: number,
): { impact: Impact; details: SpreadSummary } {
  const details = summariseSpread(company, spread);
  const [down, degraded, atRisk] = details.items;
  const impact: Impact = {
    version: company.version,
    disturbances,
    counts: { items: { down, degraded, atRisk }, services: details.summary.total.services },
    summary: details.summary,
    items: nearest(company, spread, 'item', limit),
    services: nearest(company, spread, 'service', limit),
  };
  return { impact, details };
}

/** Found first is nearest: a spread goes outwards. */
function nearest(
  { graph }: Company,
  { found, downEnd, degradedEnd }: Spread,
  kind: 'item' | 'service',
  limit: number,
): IdsByState {
  const take = (from: number, to: number): string[] => {
    const ids: string[] = [];
    for (let i = from; i < to && ids.length < limit; i += 1) {
      const node = found[i] ?? 0;
      if (graph.kind[node] === nodeKinds[kind]) ids.push(nodeId(graph, node));
    }
    return ids;
  };
  return {
    down: take(0, downEnd),
    degraded: take(downEnd, degradedEnd),
    atRisk: take(degradedEnd, found.length),
  };
}

/**
 * Why each of these nodes is affected.
 * @throws DomainError `not-found` for a node that is not.
 */
export function explainAffected(
  company: Company,
  spreader: Spreader,
  disturbances: readonly Disturbance[],
  ids: readonly string[],
): Explanation[] {
  const { graph, groupNames } = company;
  const spread = spreader.spread(numberDisturbances(company, disturbances));
  const explain = createSpreadExplainer(graph, spread);
  return ids.map((id) => {
    const node = findNode(graph, id);
    const state = impactStates.find((name) => node >= 0 && spread.state[node] === stateCodes[name]);
    if (state === undefined) {
      throw new DomainError('not-found', `"${id}" is not affected.`, {
        code: 'node-not-affected',
        remedy: 'Ask for a node that the impact reaches.',
      });
    }
    const steps = explain(node).map(({ node: at, groupName, because, ...cause }) => ({
      node: nodeId(graph, at),
      group: groupNames.text(groupName),
      because: nodeId(graph, because),
      ...cause,
    }));
    const root = steps.at(-1)?.because ?? id;
    const rootState = spread.state[findNode(graph, root)];
    const effect = rootState === stateCodes.down ? 'down' : 'degraded';
    return { node: id, state, steps, disturbed: { item: root, effect } };
  });
}
