import { EventSource } from 'eventsource';
import type { CliContext } from './context.ts';
import { toCliError, type CliError } from './errors.ts';
import type { components } from './generated/api.d.ts';

export type LogLine = components['schemas']['LogLine'];

const finished = [
  'completed',
  'rolled-back',
  'rollback-incomplete',
  'in-review',
  'closed',
  'rejected',
  'cancelled',
  'expired',
];

/**
 * The lines of a change's log as they are written, from the first on. A lost connection is taken up again
 * after the last line seen. With `untilEnded` it ends with the intervention.
 */
export async function* followLog(
  { apiUrl, token }: Pick<CliContext, 'apiUrl' | 'token'>,
  change: string,
  { untilEnded, signal }: { readonly untilEnded: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<LogLine> {
  const lines: LogLine[] = [];
  let failure: CliError | undefined;
  let wake: () => void = () => {};
  const source = new EventSource(`${apiUrl}/changes/${encodeURIComponent(change)}/events`, {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
  });
  source.addEventListener('log', ({ data }) => {
    lines.push(JSON.parse(data as string) as LogLine);
    wake();
  });
  source.addEventListener('error', ({ code, message }) => {
    // Without a status the connection broke, and the source tries again by itself.
    if (code === undefined || source.readyState !== source.CLOSED) return;
    failure = toCliError(code, { detail: message ?? `The log of ${change} cannot be followed.` });
    wake();
  });
  const stop = (): void => {
    source.close();
    wake();
  };
  signal?.addEventListener('abort', stop);
  try {
    while (signal?.aborted !== true) {
      for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
        yield line;
        if (untilEnded && finished.includes(line.to ?? '')) return;
      }
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
        // A line that came between the last look and this promise.
        if (lines.length > 0 || failure !== undefined || signal?.aborted === true) resolve();
      });
    }
  } finally {
    source.close();
    signal?.removeEventListener('abort', stop);
  }
}
