import * as z from 'zod';
import { slugSchema } from '../names.ts';

/** What a stop of the line covers: everything, or what is done in or to one part of the company. */
export const lineScopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('datacentre'), id: slugSchema }),
  z.strictObject({ kind: z.literal('solution'), id: slugSchema }),
  z.strictObject({ kind: z.literal('department'), id: slugSchema }),
]);
export type LineScope = z.output<typeof lineScopeSchema>;

export const lineStopRequestSchema = z.strictObject({
  scope: lineScopeSchema,
  reason: z.string().trim().min(10, 'say why in at least ten characters').max(1000),
});
export type LineStopRequest = z.output<typeof lineStopRequestSchema>;

/** `all deployments`, `deployments of datacentre mad`. */
export function scopeWords(scope: LineScope): string {
  return scope.kind === 'all' ? 'all deployments' : `deployments of ${scope.kind} ${scope.id}`;
}

/** What a change's workflow knows of a stop that covers it. */
export interface StandingStop {
  readonly id: string;
  /** In words: `deployments of datacentre mad`. */
  readonly scope: string;
  /** Of a stop of one datacentre: a release goes on elsewhere, and holds before a wave there. */
  readonly datacentre?: string;
  readonly reason: string;
  readonly by: string;
  /** ISO instant. */
  readonly at: string;
}

/** A stop that was lifted: who let the line go on. */
export interface LiftedStop {
  readonly id: string;
  readonly scope: string;
  readonly reason: string;
  readonly by: string;
  /** ISO instant. */
  readonly at: string;
}

/** The line as one change sees it. */
export interface LineView {
  /** Stops that cover it now, oldest first. */
  readonly standing: readonly StandingStop[];
  /** Of the stops that were asked about: those that were lifted. */
  readonly lifted: readonly LiftedStop[];
}
