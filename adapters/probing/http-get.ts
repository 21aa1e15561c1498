import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';

export interface Answer {
  readonly status: number | undefined;
  /** Until the last byte of the answer, or until it failed. */
  readonly durationMs: number;
  /** Status line or error, for a person. */
  readonly detail: string;
  readonly serverTiming: string | undefined;
}

export interface GetOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One real GET on a connection of its own, as a new user's would be. Never rejects, except with the reason
 * of an aborted `signal`.
 */
export async function httpGet(url: string, options: GetOptions): Promise<Answer> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signals = options.signal === undefined ? [timeout] : [timeout, options.signal];
  const begun = performance.now();
  try {
    const answer = await receive(url, AbortSignal.any(signals));
    const timing = answer.headers['server-timing'];
    return {
      status: answer.statusCode,
      durationMs: performance.now() - begun,
      detail: `${answer.statusCode ?? ''} ${answer.statusMessage ?? ''}`.trim(),
      serverTiming: Array.isArray(timing) ? timing.join(', ') : timing,
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    return {
      status: undefined,
      durationMs: performance.now() - begun,
      detail: timeout.aborted
        ? `no answer within ${options.timeoutMs} ms`
        : describeRequestError(error as NodeJS.ErrnoException),
      serverTiming: undefined,
    };
  }
}

function receive(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const sent = request(url, { agent: false, signal }, (answer) => {
      answer.once('error', reject);
      answer.once('end', () => resolve(answer));
      answer.once('close', () => reject(new Error('the answer broke off')));
      answer.resume();
    });
    sent.once('error', reject);
    sent.end();
  });
}

function describeRequestError({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET') return 'connection reset';
  return message === '' ? (code ?? 'failed') : message;
}
