import type { DomainError } from '../../domain/errors.ts';

interface PostgresError extends Error {
  readonly code: string;
  readonly constraint?: string;
  readonly detail?: string;
}

function isPostgresError(error: unknown): error is PostgresError {
  return (
    error instanceof Error &&
    typeof (error as Partial<PostgresError>).code === 'string' &&
    /^[0-9A-Z]{5}$/.test((error as PostgresError).code)
  );
}

/** The name of the constraint that a statement broke; undefined for every other error. */
export function brokenConstraint(error: unknown): string | undefined {
  return isPostgresError(error) && error.code.startsWith('23') ? error.constraint : undefined;
}

/** Whether a row is still referred to, or refers to nothing. */
export function isForeignKeyViolation(error: unknown): error is PostgresError {
  return isPostgresError(error) && error.code === '23503';
}

/** What to say when a write breaks one of these constraints; other errors stay as they are. */
export async function explainingConstraints<T>(
  explanations: Readonly<Record<string, () => DomainError>>,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const constraint = brokenConstraint(error);
    const explain = constraint === undefined ? undefined : explanations[constraint];
    throw explain === undefined ? error : explain();
  }
}
