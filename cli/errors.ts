import { isDomainError } from '../domain/errors.ts';

/** Exit codes, documented in docs/operations.md; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  refused: 6,
  runFailed: 7,
  interrupted: 130,
} as const;

export interface ProblemBody {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly remedy?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Something to tell the person at the terminal, with the exit code that goes with it. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly problem: ProblemBody | undefined;

  constructor(message: string, exitCode: number, problem?: ProblemBody) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.problem = problem;
  }
}

/** What the API answered, as an error with its exit code. */
export function toCliError(status: number, problem: ProblemBody | undefined): CliError {
  const lines = [problem?.detail ?? `The API answered ${status}.`];
  for (const { field, message } of problem?.errors ?? []) lines.push(`  ${field}: ${message}`);
  if (problem?.remedy !== undefined) lines.push(problem.remedy);
  return new CliError(lines.join('\n'), exitCodeOf(status, problem?.type), problem);
}

function exitCodeOf(status: number, type: string | undefined): number {
  const access = ['not-allowed', 'out-of-scope', 'invalid-token', 'not-signed-in'];
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return exitCodes.usage;
    case 401:
      return exitCodes.notAllowed;
    case 403:
      return access.some((code) => type?.endsWith(`:${code}`) === true)
        ? exitCodes.notAllowed
        : exitCodes.refused;
    case 404:
      return exitCodes.notFound;
    case 409:
    case 412:
    case 428:
      return exitCodes.conflict;
    default:
      return exitCodes.error;
  }
}

/** The code to leave with, and what to print, for whatever a command threw. */
export function explainFailure(error: unknown): { message: string; exitCode: number } {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  if (isDomainError(error)) {
    const complaints = error.complaints.map(({ field, message }) => `  ${field}: ${message}`);
    return {
      message: [
        error.message,
        ...complaints,
        ...(error.remedy === undefined ? [] : [error.remedy]),
      ].join('\n'),
      exitCode:
        error.kind === 'invalid'
          ? exitCodes.usage
          : error.kind === 'not-found'
            ? exitCodes.notFound
            : exitCodes.error,
    };
  }
  const cause =
    error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return {
    message: `${error instanceof Error ? error.message : String(error)}${cause}`,
    exitCode: exitCodes.error,
  };
}
