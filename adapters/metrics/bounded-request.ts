import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { DomainError } from '../../domain/errors.ts';

/** The largest answer that is read. */
export const mostBytes = 1_048_576;

export interface BoundedAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
  /** From the request on a new connection to the last byte. */
  readonly latencyMs: number;
}

export interface BoundedRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/**
 * One request on a connection of its own, as a new user's would be; follows no redirect, and no compressed
 * answer is asked for, so that what is read is what was sent. Rejects with the signal's reason when aborted.
 * @throws DomainError `unavailable` when it cannot be reached, `invalid` for an answer that is too large.
 */
export async function requestBounded(url: URL, options: BoundedRequest): Promise<BoundedAnswer> {
  const begun = performance.now();
  try {
    const { answer, body } = await exchange(url, options);
    return {
      status: answer.statusCode ?? 0,
      location: answer.headers.location,
      body,
      latencyMs: performance.now() - begun,
    };
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof DomainError) throw error;
    throw new DomainError(
      'unavailable',
      `${shown(url)} cannot be reached: ${reasonOf(error as NodeJS.ErrnoException)}.`,
      {
        code: 'metric-source-unreachable',
        remedy: 'Check that it runs and that the worker may connect to it.',
        cause: error,
      },
    );
  }
}

/** Without what may be confidential: its query. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function exchange(
  url: URL,
  { method, headers, body, signal }: BoundedRequest,
): Promise<{ answer: IncomingMessage; body: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(url, { method, headers: { ...headers }, agent: false, signal }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > mostBytes) sent.destroy(tooLarge(url));
      });
      answer.once('error', reject);
      answer.once('end', () => resolve({ answer, body: Buffer.concat(chunks).toString('utf8') }));
      answer.once('close', () => reject(new Error('the answer broke off')));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function tooLarge(url: URL): DomainError {
  return new DomainError(
    'invalid',
    `${shown(url)} answers more than ${mostBytes} bytes, which are not read.`,
    { code: 'metric-answer-too-large', remedy: 'Let it answer only what is to be measured.' },
  );
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET') return 'connection reset';
  if (code === 'ENOTFOUND') return 'its name is not known';
  return message === '' ? (code ?? 'it failed') : message;
}
