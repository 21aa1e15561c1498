import * as z from 'zod';
import { slugSchema } from '../names.ts';

const count = z.int().min(1).max(1000);
const bound = z.int().min(0).max(1000);
const components = (atLeast: number) => z.array(slugSchema).min(atLeast).max(200);

/**
 * What the structure of an application asks of a placement. *Instances* of a component are counted over all
 * datacentres; a machine holds at most one instance of a component.
 */
export const restrictionSchema = z.discriminatedUnion('kind', [
  /** The component shares no machine with any of the others. */
  z.strictObject({ kind: z.literal('conflict'), component: slugSchema, with: components(1) }),
  /** Where one of them is, all are: on every machine together, so in equal numbers. */
  z.strictObject({ kind: z.literal('co-location'), components: components(2) }),
  /** Exactly one of them is deployed; the others have no instance. */
  z.strictObject({ kind: z.literal('exclusive'), components: components(2) }),
  /** Bounds on the instances of these components together. */
  z.strictObject({
    kind: z.literal('instances'),
    components: components(1),
    atLeast: bound.optional(),
    atMost: bound.optional(),
    exactly: bound.optional(),
  }),
  /**
   * `requires` × instances(component) ≤ `provides` × instances(provider). A provider that is one of
   * exclusive components is held to it only if it is the one deployed.
   */
  z.strictObject({
    kind: z.literal('require-provide'),
    component: slugSchema,
    requires: count,
    provider: slugSchema,
    provides: count,
  }),
  /** Equal numbers of instances. */
  z.strictObject({ kind: z.literal('one-to-one'), components: components(2) }),
  /** 0 < `number` × instances(one) − instances(many) ≤ `number`: one for each `number` begun, none full. */
  z.strictObject({
    kind: z.literal('one-to-many'),
    one: slugSchema,
    many: slugSchema,
    number: count,
  }),
  /**
   * An instance on every rented machine, save those that hold a component of `except` (which it then shares
   * no machine with) or one that it conflicts with.
   */
  z.strictObject({
    kind: z.literal('full-deployment'),
    component: slugSchema,
    except: z.array(slugSchema).max(200).default([]),
  }),
  /** Each of these components, if it is deployed, in so many datacentres. */
  z.strictObject({
    kind: z.literal('spread'),
    components: components(1),
    minDatacentres: z.int().min(2).max(50),
    /** Most instances of each in one datacentre. */
    maxPerDatacentre: count.optional(),
  }),
]);

export type Restriction = z.output<typeof restrictionSchema>;

/** Components of which there may be none, because an exclusive one is deployed in their place. */
export function optionalComponents(application: {
  readonly restrictions?: readonly Restriction[] | undefined;
}): ReadonlySet<string> {
  return new Set(
    (application.restrictions ?? []).flatMap((restriction) =>
      restriction.kind === 'exclusive' ? restriction.components : [],
    ),
  );
}

/** Every component that a restriction speaks of. */
export function componentsOf(restriction: Restriction): readonly string[] {
  switch (restriction.kind) {
    case 'conflict':
      return [restriction.component, ...restriction.with];
    case 'require-provide':
      return [restriction.component, restriction.provider];
    case 'one-to-many':
      return [restriction.one, restriction.many];
    case 'full-deployment':
      return [restriction.component, ...restriction.except];
    default:
      return restriction.components;
  }
}

/** A restriction in one line, as errors and explanations name it. */
export function describeRestriction(restriction: Restriction): string {
  switch (restriction.kind) {
    case 'conflict':
      return `${restriction.component} shares no machine with ${restriction.with.join(', ')}`;
    case 'co-location':
      return `${restriction.components.join(', ')} share every machine`;
    case 'exclusive':
      return `exactly one of ${restriction.components.join(', ')} is deployed`;
    case 'instances': {
      const { atLeast, atMost, exactly } = restriction;
      const bounds = [
        ...(exactly === undefined ? [] : [`exactly ${exactly}`]),
        ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
        ...(atMost === undefined ? [] : [`at most ${atMost}`]),
      ];
      return `${bounds.join(' and ')} instances of ${restriction.components.join(' + ')}`;
    }
    case 'require-provide': {
      const { component, requires, provider, provides } = restriction;
      return `each ${component} requires ${requires} and each ${provider} provides ${provides}`;
    }
    case 'one-to-one':
      return `as many instances of each of ${restriction.components.join(', ')}`;
    case 'one-to-many':
      return `one ${restriction.one} for each ${restriction.number} ${restriction.many}`;
    case 'full-deployment':
      return `${restriction.component} on every machine${restriction.except.length > 0 ? ` without ${restriction.except.join(', ')}` : ''}`;
    case 'spread':
      return `${restriction.components.join(', ')} in at least ${restriction.minDatacentres} datacentres`;
  }
}
