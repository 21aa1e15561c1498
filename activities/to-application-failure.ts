import { ApplicationFailure } from '@temporalio/activity';
import { isDomainError } from '../domain/errors.ts';
import { retryability } from '../workflows/failures.ts';

/**
 * Runs a step and turns what it throws into what Temporal understands: a DomainError becomes an
 * ApplicationFailure with its kind as type, retryable by the one table. Anything else stays as it is and
 * is tried again, for it may be a hiccup of the network or the database.
 */
export async function mappingFailures<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw ApplicationFailure.create({
      message: error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`,
      type: error.kind,
      nonRetryable: retryability[error.kind] === 'final',
      details: [{ code: error.code, complaints: error.complaints }],
      cause: error,
    });
  }
}

/** Every function of `steps` with its errors mapped. */
export function withMappedFailures<T extends object>(steps: T): T {
  const mapped = Object.entries(steps).map(([name, step]) => [
    name,
    (...args: unknown[]) =>
      mappingFailures(() => (step as (...args: unknown[]) => Promise<unknown>)(...args)),
  ]);
  return Object.fromEntries(mapped) as T;
}
