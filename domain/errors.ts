/**
 * What went wrong, in the words of the domain. The API maps a kind to an HTTP status and the CLI to an
 * exit code; activities map it to retryable or not (workflows/failures.ts).
 */
export const errorKinds = [
  'invalid', // the input is wrong: says which field and how to mend it
  'not-found',
  'conflict', // the thing moved on, or something else is in the way
  'refused', // a rule of the company says no (freeze, quorum, blocking conflict)
  'forbidden', // the caller may not
  'stale', // a newer attempt holds the target; a late worker must stop
  'unavailable', // a part we need is away: trying again later may help
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** One thing wrong with an input; `field` is a path such as `window.start` or `line 12, column needs`. */
export interface Complaint {
  readonly field: string;
  readonly message: string;
}

export interface DomainErrorOptions {
  /** Stable, machine-readable, kebab-case: part of the problem type's URI. Never renamed. */
  readonly code: string;
  readonly complaints?: readonly Complaint[];
  /** What to do next, one sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** An error that is the caller's to understand: which thing, why, and the way out. */
export class DomainError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly complaints: readonly Complaint[];
  readonly remedy: string | undefined;

  constructor(kind: ErrorKind, message: string, options: DomainErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.kind = kind;
    this.code = options.code;
    this.complaints = options.complaints ?? [];
    this.remedy = options.remedy;
  }
}

export function isDomainError(error: unknown): error is DomainError {
  return error instanceof DomainError;
}
