import type { ErrorKind } from '../../domain/errors.ts';
import type { RehearsalReport } from '../../domain/rehearsal/report.ts';

/** What the process that rehearses answers to its order. */
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
