/**
 * What a set of disturbances does to everything that depends on them. Exact for every graph, linear in what
 * it reaches.
 *
 * - **down**: the least set D with every item disturbed `down`, and every node with a group of which
 *   fewer than `needs` members are outside D. Least: nodes that only need each other stay up.
 * - **degraded**: the least set G outside D with every item disturbed `degraded`, and every node with a
 *   group of which fewer than `needs` members are outside D and G.
 * - **at risk**: the least set R outside D and G with every node that has a group with a member in D or
 *   G (redundancy is lost), or with fewer than `needs` members outside D, G and R (it stands on what
 *   has lost redundancy).
 */
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

export type CountsByState = Readonly<Record<ImpactState, number>>;
export type IdsByState = Readonly<Record<ImpactState, readonly string[]>>;

/** A customer counts once, in the worst state of its services (within the line, if there is one). */
export interface AffectedCounts {
  readonly services: CountsByState;
  readonly customers: CountsByState;
}

export interface SummaryLine extends AffectedCounts {
  /** The solution, contract level, country or department. */
  readonly key: string;
}

export interface ImpactSummary {
  readonly total: AffectedCounts;
  /** Lines by key. The department is the one that answers for the solution. */
  readonly bySolution: readonly SummaryLine[];
  readonly byContractLevel: readonly SummaryLine[];
  readonly byCountry: readonly SummaryLine[];
  readonly byDepartment: readonly SummaryLine[];
}

/** An impact for people: what it comes to, and the affected nodes nearest to what is disturbed. */
export interface Impact {
  /** Of the inventory it was computed from. */
  readonly version: number;
  readonly disturbances: readonly Disturbance[];
  readonly counts: { readonly items: CountsByState; readonly services: CountsByState };
  readonly summary: ImpactSummary;
  /** At most as many of each as were asked for, nearest first. */
  readonly items: IdsByState;
  readonly services: IdsByState;
}

/** From the affected node down to the disturbed item, which has no cause but the change itself. */
export interface Explanation {
  readonly node: string;
  readonly state: ImpactState;
  readonly steps: readonly Cause[];
  readonly disturbed: { readonly item: string; readonly effect: Effect };
}

/** An explanation in one line: `mail-7 is at risk: mail-7 needs 1 of 2 in "storage", 1 left …`. */
export function describeExplanation({ node, state, steps, disturbed }: Explanation): string {
  const words = { down: 'down', degraded: 'degraded', atRisk: 'at risk' } as const;
  const chain = steps.map(
    (step) =>
      `${step.node} needs ${step.needs} of ${step.of} in "${step.group}", ${step.left} left without ${step.because}`,
  );
  const end = `the change takes ${disturbed.item} ${disturbed.effect === 'down' ? 'down' : 'into a degraded state'}`;
  return `${node} is ${words[state]}: ${[...chain, end].join('; ')}`;
}
