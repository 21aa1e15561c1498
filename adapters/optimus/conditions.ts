import type { ApplicationDefinition } from '../../domain/application/application-definition.ts';
import {
  describeRequirement,
  isSoft,
  requirementsOf,
  type Requirement,
} from '../../domain/application/nfrs.ts';
import { describeRestriction } from '../../domain/application/restrictions.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';

/** Something that placements are held to and that can be left out. */
export type Condition =
  | { readonly kind: 'requirement'; readonly requirement: Requirement }
  | { readonly kind: 'restriction'; readonly index: number }
  | { readonly kind: 'link'; readonly index: number };

/**
 * Every hard condition of an application. Exclusive alternatives are not among them: without them all of the
 * alternatives would have to be deployed.
 */
export function conditionsOf({
  nfrs,
  restrictions = [],
  links = [],
}: ApplicationDefinition): Condition[] {
  return [
    ...requirementsOf(nfrs).flatMap((requirement): Condition[] =>
      isSoft(nfrs, requirement) ? [] : [{ kind: 'requirement', requirement }],
    ),
    ...restrictions.flatMap(({ kind }, index): Condition[] =>
      kind === 'exclusive' ? [] : [{ kind: 'restriction', index }],
    ),
    ...links.flatMap(({ maxLatencyMs }, index): Condition[] =>
      maxLatencyMs === undefined ? [] : [{ kind: 'link', index }],
    ),
  ];
}

/** A question without some conditions: requirements are left out by name, the others of the input itself. */
export interface Relaxed {
  readonly input: SimulationInput;
  readonly without: ReadonlySet<Requirement>;
}

/** The input without these conditions, and without its soft requirements. */
export function leaveOut(input: SimulationInput, conditions: readonly Condition[]): Relaxed {
  const { application } = input;
  const { nfrs, restrictions = [], links = [] } = application;
  const isKept = (kind: 'restriction' | 'link', at: number): boolean =>
    !conditions.some((one) => one.kind === kind && one.index === at);
  return {
    input: {
      ...input,
      application: {
        ...application,
        restrictions: restrictions.filter((_, index) => isKept('restriction', index)),
        // What they carry is paid for still.
        links: links.map((link, index) =>
          isKept('link', index) ? link : { ...link, maxLatencyMs: undefined },
        ),
      },
    },
    without: new Set([
      ...requirementsOf(nfrs).filter((requirement) => isSoft(nfrs, requirement)),
      ...conditions.flatMap((one) => (one.kind === 'requirement' ? [one.requirement] : [])),
    ]),
  };
}

/** A condition in the words of explanations. */
export function describeCondition(
  { nfrs, restrictions = [], links = [] }: ApplicationDefinition,
  condition: Condition,
): string {
  switch (condition.kind) {
    case 'requirement':
      return describeRequirement(nfrs, condition.requirement);
    case 'restriction': {
      const restriction = restrictions[condition.index];
      return `the restriction "${restriction === undefined ? '' : describeRestriction(restriction)}"`;
    }
    case 'link': {
      const { from = '', to = '', maxLatencyMs = 0 } = links[condition.index] ?? {};
      return `the link from ${from} to ${to} of at most ${maxLatencyMs} ms`;
    }
  }
}
