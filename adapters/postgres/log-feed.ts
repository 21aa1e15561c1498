import pg from 'pg';
import type { Logger } from 'pino';
import type { LogFeed } from '../../domain/change/readers.ts';
import { changeLogChannel } from './change-log.ts';

/** Readers look again after this long even when nobody woke them: a lost notification costs little. */
const patienceMs = 3_000;
const reconnectMs = 1_000;

/** One connection that listens for all readers of this process; comes back by itself. */
export function createLogFeed(deps: {
  readonly url: string;
  readonly logger: Logger;
}): LogFeed & { stop(): Promise<void> } {
  const waiting = new Map<string, Set<() => void>>();
  let client: pg.Client | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const wake = (changeId: string): void => {
    for (const resolve of waiting.get(changeId) ?? []) resolve();
  };
  const retry = (): void => {
    if (stopped || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void listen();
    }, reconnectMs);
  };
  const listen = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: deps.url, application_name: 'ctc-log-feed' });
    next.on('notification', ({ payload }) => wake(payload ?? ''));
    next.on('error', (error) =>
      deps.logger.debug({ err: error }, 'the log feed lost its connection'),
    );
    next.on('end', retry);
    client = next;
    try {
      await next.connect();
      await next.query(`listen ${changeLogChannel}`);
    } catch (error) {
      deps.logger.debug({ err: error }, 'the log feed cannot connect yet');
      await next.end().catch(() => {});
      retry();
    }
  };
  void listen();

  return {
    next: (changeId, signal) =>
      new Promise((resolve) => {
        const readers = waiting.get(changeId) ?? new Set();
        waiting.set(changeId, readers);
        const done = (): void => {
          clearTimeout(patience);
          signal.removeEventListener('abort', done);
          readers.delete(done);
          if (readers.size === 0) waiting.delete(changeId);
          resolve();
        };
        const patience = setTimeout(done, patienceMs);
        signal.addEventListener('abort', done);
        readers.add(done);
        if (signal.aborted) done();
      }),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
