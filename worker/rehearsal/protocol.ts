import type { ErrorKind } from '../../domain/errors.ts';
import type { RehearsalReport } from '../../domain/rehearsal/report.ts';
import type { Scenario } from '../../domain/rehearsal/scenario.ts';

/** What the worker tells the process that rehearses. */
export interface RehearsalOrder {
  readonly changeId: string;
  readonly scenarios: readonly Scenario[];
}

/** What that answers. */
export type RehearsalMessage =
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'report'; readonly report: RehearsalReport }
  | {
      readonly type: 'problem';
      readonly kind: ErrorKind;
      readonly code: string;
      readonly message: string;
      readonly remedy?: string;
    };
