/**
 * Whom freezes hold for. No calendar in here: workflows may import it.
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
