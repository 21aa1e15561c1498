import { DomainError } from '../errors.ts';
import {
  impactStates,
  type Cause,
  type Effect,
  type Impact,
  type ImpactState,
} from './assess-impact.ts';

/** From the affected node down to the disturbed item, which has no cause but the change itself. */
export interface Explanation {
  readonly node: string;
  readonly state: ImpactState;
  readonly steps: readonly Cause[];
  readonly disturbed: { readonly item: string; readonly effect: Effect };
}

/**
 * Explains any affected node of an impact. An impact holds one cause for each node and no whole chains,
 * which could be longer than the graph; this follows them. Indexes the impact once.
 * The explaining function throws DomainError `not-found` for a node that is not affected.
 */
export function createImpactExplainer(impact: Impact): (node: string) => Explanation {
  const causes = new Map(impact.causes.map((cause) => [cause.node, cause]));
  const states = new Map<string, ImpactState>();
  for (const state of impactStates) {
    for (const ids of [impact.items[state], impact.services[state]]) {
      for (const id of ids) states.set(id, state);
    }
  }
  return (node) => {
    const state = states.get(node);
    if (state === undefined) {
      throw new DomainError('not-found', `"${node}" is not affected.`, {
        code: 'node-not-affected',
        remedy: 'Ask for a node that the impact lists.',
      });
    }
    const steps: Cause[] = [];
    let item = node;
    for (let cause = causes.get(item); cause !== undefined; cause = causes.get(item)) {
      steps.push(cause);
      item = cause.because;
    }
    const effect = states.get(item) === 'down' ? 'down' : 'degraded';
    return { node, state, steps, disturbed: { item, effect } };
  };
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
