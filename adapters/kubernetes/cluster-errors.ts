import { DomainError } from '../../domain/errors.ts';

/** What an API server says in a `Status`. */
interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message?: string;
      readonly field?: string;
    }[];
  };
}

/** A request that the API server answered with a status of 400 or more. */
export class ClusterStatusError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly { reason?: string; message?: string; field?: string }[];

  constructor(status: number, asked: string, body: string) {
    const said = parseStatus(body);
    super(said.message ?? `${asked} was answered with ${status}`);
    this.name = 'ClusterStatusError';
    this.status = status;
    this.reason = said.reason ?? '';
    this.causes = said.details?.causes ?? [];
  }
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    // A proxy in between answers with a page of its own.
    return {};
  }
}

/** The network's errors: no answer came, or it broke off. A mistake of our own is none. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (
    error.name === 'TimeoutError' ||
    error.name === 'AbortError' ||
    (typeof code === 'string' &&
      /^(E[A-Z]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|[A-Z_]+CERT[A-Z_]*)$/.test(code)) ||
    (error instanceof AggregateError && error.errors.some(isAway))
  );
}

export function clusterFailure(name: string, server: string, cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    `Datacentre ${name} does not answer (${server}): ${wordsOf(cause)}.`,
    { code: 'cluster-unreachable', cause, remedy: 'It is tried again by itself for a while.' },
  );
}

function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return 'no answer in time';
  const { code } = cause as NodeJS.ErrnoException;
  return cause.message === '' ? (code ?? cause.name) : cause.message;
}
