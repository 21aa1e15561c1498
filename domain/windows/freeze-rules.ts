import { overlapOf, overlaps, type WindowInstants } from './window-rules.ts';

/**
 * Whom freezes hold for, and whom they hit. No calendar in here: workflows may import it.
 */

/** A freeze is the company's own rule; a no-touch period is what a customer asked for. */
export const freezeKinds = ['freeze', 'no-touch'] as const;
export type FreezeKind = (typeof freezeKinds)[number];

export type FreezeScope =
  | { readonly kind: 'company' }
  | {
      readonly kind: 'datacentre' | 'solution' | 'customer' | 'department';
      readonly id: string;
    };

/** A freeze whose periods are instants already. */
export interface ResolvedFreeze {
  readonly kind: FreezeKind;
  readonly scope: FreezeScope;
  readonly periods: readonly WindowInstants[];
}

/** Anything that says whether it holds an id: a Set, or what the impact engine answers. */
export interface Ids {
  readonly has: (id: string) => boolean;
}

/** What an intervention touches. */
export interface FrozenIntervention extends WindowInstants {
  readonly datacentres: Ids;
  readonly departments: Ids;
  readonly solutions: Ids;
  readonly customers: Ids;
}

export interface FreezeHit<Freeze extends ResolvedFreeze> {
  readonly freeze: Freeze;
  /** What the intervention's window has in common with one of the freeze's periods. */
  readonly overlap: WindowInstants;
}

/** The freezes an intervention runs into, in their order, each once for every period it overlaps. */
export function freezesHit<Freeze extends ResolvedFreeze>(
  intervention: FrozenIntervention,
  freezes: readonly Freeze[],
): FreezeHit<Freeze>[] {
  return freezes.flatMap((freeze) => {
    // Instants first: they are cheaper than asking for a customer.
    const during = freeze.periods.filter((period) => overlaps(intervention, period));
    if (during.length === 0 || !touches(intervention, freeze.scope)) return [];
    return during.map((period) => ({ freeze, overlap: overlapOf(intervention, period) }));
  });
}

function touches(intervention: FrozenIntervention, scope: FreezeScope): boolean {
  switch (scope.kind) {
    case 'company':
      return true;
    case 'datacentre':
      return intervention.datacentres.has(scope.id);
    case 'department':
      return intervention.departments.has(scope.id);
    case 'solution':
      return intervention.solutions.has(scope.id);
    case 'customer':
      return intervention.customers.has(scope.id);
  }
}
