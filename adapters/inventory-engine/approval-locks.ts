import type { Intervention } from '../../domain/conflicts/conflict.ts';
import type { Footprint } from '../../domain/conflicts/footprint.ts';
import type { Company } from '../../domain/impact/engine/company.ts';
import { nodeKinds } from '../../domain/impact/engine/dependency-graph.ts';

/** Locks are numbers below these; things that share one wait for each other without need, and are not missed. */
const buckets = { items: 512, groups: 256, customers: 64, names: 256 } as const;
const first = { items: 0, groups: 512, customers: 768, names: 832 } as const;

/**
 * The locks an approval takes, rising: one for each item that it works on or disturbs, each redundancy group
 * that it wounds, each customer, and what it uses by name. Two changes that can conflict have one in common.
 */
export function approvalLocks(
  { graph, customers }: Company,
  intervention: Intervention,
  footprint: Footprint,
): number[] {
  const locks = new Set<number>();
  const add = (kind: keyof typeof buckets, number: number): void => {
    locks.add(first[kind] + (mix(number) % buckets[kind]));
  };
  for (const item of footprint.items) add('items', graph.nr[item] as number);
  for (const set of [footprint.down, footprint.degraded]) {
    for (let i = 0; i < set.length; i += 2) {
      for (let node = set[i] as number; node < (set[i + 1] as number); node += 1) {
        if (graph.kind[node] === nodeKinds.item) add('items', graph.nr[node] as number);
      }
    }
  }
  // By who needs it: the numbers of groups differ from process to process.
  for (const group of footprint.wounded) {
    add('groups', graph.nr[graph.dependent[group] as number] as number);
  }
  const reached = footprint.customers;
  for (let i = 0; i < reached.length; i += 2) {
    for (
      let customer = reached[i] as number;
      customer < (reached[i + 1] as number);
      customer += 1
    ) {
      add('customers', customers.nr[customer] as number);
    }
  }
  const { application, team, datacentres, change, after } = intervention;
  const names = [
    ...(application === undefined ? [] : [`application:${application}`]),
    ...(team === undefined ? [] : [`team:${team}`]),
    ...datacentres.map((id) => `datacentre:${id}`),
    ...[change, ...after].map((id) => `change:${id}`),
  ];
  for (const name of names) add('names', hashOf(name));
  return [...locks].sort((a, b) => a - b);
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Numbers that follow each other belong together: spread apart they do not crowd into few buckets. */
const mix = (number: number): number => Math.imul(number, 0x9e3779b1) >>> 8;
