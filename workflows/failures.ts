import type { ErrorKind } from '../domain/errors.ts';

/**
 * The one table: which kind of error is tried again and which ends the attempt. Activities throw
 * ApplicationFailure with the kind as its type (activities/to-application-failure.ts).
 */
export const retryability: Readonly<Record<ErrorKind, 'retry' | 'final'>> = {
  // The same input gives the same complaint.
  invalid: 'final',
  'not-found': 'final',
  refused: 'final',
  forbidden: 'final',
  // Compare-and-set lost against somebody: reading again does not bring the old state back.
  conflict: 'final',
  // A newer attempt holds the target: this one must never act again.
  stale: 'final',
  // Somebody else's restart, network or deployment: comes back.
  unavailable: 'retry',
};

/** Failure types that no retry policy repeats. */
export const finalFailureTypes: readonly string[] = Object.entries(retryability)
  .filter(([, verdict]) => verdict === 'final')
  .map(([kind]) => kind);
