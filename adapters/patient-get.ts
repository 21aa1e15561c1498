import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import { rootMessage } from './root-message.ts';

/** How long a source of pages is waited for. */
export interface Patience {
  readonly fetch?: typeof globalThis.fetch;
  /** For one attempt at one page. */
  readonly pageTimeoutMs?: number;
  /** For one page, the first one included. */
  readonly attempts?: number;
  /** Between two attempts; doubled each time up to `longestDelayMs`. */
  readonly firstDelayMs?: number;
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface PatientGetOptions<Page> extends Patience {
  /** Whose pages they are, in words. */
  readonly of: string;
  readonly headers: Readonly<Record<string, string>>;
  /** @throws DomainError for what is no page. */
  readonly read: (page: URL, text: string) => Page;
  /** What to say of an answer that trying again does not mend. */
  readonly refusal: (page: URL, response: Response) => DomainError;
  /** What to say when it stays away. */
  readonly unavailable: { readonly code: string; readonly remedy: string };
}

/** A `Retry-After` longer than this ends the attempts: whoever imports should know, not wait. */
const longestDelayMs = 60_000;

type Attempt<Page> = { page: Page } | { reason: string; retryAfterMs?: number; cause?: unknown };

/**
 * Gets pages one by one, patiently: what is busy, broken or away is tried again; no redirect is followed.
 * @throws DomainError `unavailable` when it stays away; as `read` and `refusal` say; the signal's reason.
 */
export function createPatientGet<Page>({
  of,
  headers,
  read,
  refusal,
  unavailable,
  fetch = globalThis.fetch,
  pageTimeoutMs = 60_000,
  attempts = 6,
  firstDelayMs = 500,
  wait = (ms, signal) => delay(ms, undefined, { signal }),
}: PatientGetOptions<Page>): (page: URL, signal: AbortSignal | undefined) => Promise<Page> {
  const attempt = async (page: URL, signal: AbortSignal | undefined): Promise<Attempt<Page>> => {
    const deadline = AbortSignal.timeout(pageTimeoutMs);
    const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      // A redirect could lead to another host, and the token would go with it.
      const response = await fetch(page, { headers, signal: either, redirect: 'manual' });
      const text = await response.text();
      if (response.ok) return { page: read(page, text) };
      if (response.status !== 429 && response.status < 500) throw refusal(page, response);
      return { reason: `it answers ${response.status}`, ...retryAfter(response) };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DomainError) throw error;
      return {
        cause: error,
        reason: deadline.aborted
          ? `it gave no answer within ${pageTimeoutMs} ms`
          : `it cannot be reached (${rootMessage(error)})`,
      };
    }
  };

  return async (page, signal) => {
    let delayMs = firstDelayMs;
    for (let made = 1; ; made += 1) {
      const answer = await attempt(page, signal);
      if ('page' in answer) return answer.page;
      const { reason, retryAfterMs, cause } = answer;
      if (made >= attempts || (retryAfterMs ?? 0) > longestDelayMs) {
        const later = retryAfterMs === undefined ? '' : ` and asks to wait ${retryAfterMs} ms`;
        throw new DomainError(
          'unavailable',
          `${of} gave no page at ${page.href}: ${reason}${later} (${made} of ${attempts} attempts).`,
          { ...unavailable, cause },
        );
      }
      await wait(retryAfterMs ?? delayMs, signal);
      delayMs = Math.min(longestDelayMs, delayMs * 2);
    }
  };
}

/** Seconds or a date, as HTTP has it. */
function retryAfter(response: Response): { retryAfterMs?: number } {
  const value = response.headers.get('retry-after')?.trim() ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.max(0, ms) };
}
