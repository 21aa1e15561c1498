import * as z from 'zod';
import { slugSchema } from '../names.ts';

/** What two components ask of the way between them, whether one calls the other or not. */
export const linkSchema = z
  .strictObject({
    from: slugSchema,
    to: slugSchema,
    /** Longest round trip between any replica of the one and any of the other. */
    maxLatencyMs: z.number().nonnegative().optional(),
    /**
     * What the replicas of `from` in one datacentre send a month. Where `to` has none beside them it leaves
     * the datacentre, and is paid for at that datacentre's price.
     */
    gbPerMonth: z.number().positive().optional(),
  })
  .refine(
    ({ maxLatencyMs, gbPerMonth }) => maxLatencyMs !== undefined || gbPerMonth !== undefined,
    {
      message: 'says nothing: give maxLatencyMs, gbPerMonth or both',
    },
  );

export type Link = z.output<typeof linkSchema>;

/** What is wrong with the links between these components, each at its place. */
export function checkLinks(
  links: readonly Link[],
  known: ReadonlySet<string>,
): { path: (string | number)[]; message: string }[] {
  const seen = new Set<string>();
  return links.flatMap(({ from, to }, index) => {
    const at = (field: string, message: string) => ({ path: ['links', index, field], message });
    const unknown = (['from', 'to'] as const).flatMap((field) => {
      const name = field === 'from' ? from : to;
      return known.has(name)
        ? []
        : [at(field, `there is no component "${name}"; known: ${[...known].join(', ')}`)];
    });
    const key = `${from} ${to}`;
    const isTwice = seen.has(key);
    seen.add(key);
    return [
      ...unknown,
      ...(from === to ? [at('to', 'a component has no link to itself')] : []),
      ...(isTwice ? [at('to', `the link from ${from} to ${to} is defined twice`)] : []),
    ];
  });
}
