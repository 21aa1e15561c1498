import * as z from 'zod';
import { slugSchema } from '../names.ts';
import { dimensions, type Grant } from './grants.ts';

const limitSchema = z.array(slugSchema).min(1).nullable().default(null);

/** Whoever is in the group holds the role, within the limits. */
export const groupRuleSchema = z.strictObject({
  group: z.string().min(1).max(300),
  role: slugSchema,
  departments: limitSchema,
  datacentres: limitSchema,
  solutions: limitSchema,
});
export type GroupRule = z.output<typeof groupRuleSchema>;

/** What somebody holds by their groups; each grant once. */
export function grantsOfGroups(
  groups: readonly string[],
  rules: readonly GroupRule[],
): readonly Grant[] {
  const grants = new Map<string, Grant>();
  for (const { group, role, ...limits } of rules) {
    if (!groups.includes(group)) continue;
    const sorted = Object.fromEntries(
      dimensions.map((dimension) => {
        const ids = limits[dimension];
        return [dimension, ids === null ? null : [...new Set(ids)].sort()];
      }),
    ) as Omit<Grant, 'role'>;
    const grant = { role, ...sorted };
    grants.set(JSON.stringify(grant), grant);
  }
  return [...grants.values()];
}
