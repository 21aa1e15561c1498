import { Worker } from 'node:worker_threads';
import type { ConflictSettings } from '../../domain/conflicts/conflict.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import type { Answer, Call } from './engine-messages.ts';

export interface InventoryEngineOptions {
  readonly databaseUrl: string;
  readonly settings: ConflictSettings;
  /** How long a call may wait for the inventory to be loaded; beyond it is `unavailable`. */
  readonly waitMs?: number;
  readonly onError?: (error: Error) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const firstRestartMs = 250;
const longestRestartMs = 10_000;

/**
 * The inventory in a thread of its own, so that nothing of it blocks the caller's event loop. It begins to load
 * at once, and again whenever the thread ends by itself.
 */
export function createInventoryEngine({
  databaseUrl,
  settings,
  waitMs = 10_000,
  onError = () => undefined,
}: InventoryEngineOptions): InventoryEngine & { close(): Promise<void> } {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let closed = false;
  let isLoaded = false;
  let restartMs = firstRestartMs;
  let restart: NodeJS.Timeout | undefined;
  let thread: Worker | undefined;

  const settle = (id: number): Waiting | undefined => {
    const call = waiting.get(id);
    waiting.delete(id);
    clearTimeout(call?.timer);
    if (waiting.size === 0) thread?.unref();
    return call;
  };
  const failAll = (error: () => Error): void => {
    for (const id of [...waiting.keys()]) settle(id)?.reject(error());
  };
  const start = (): Worker => {
    const started = new Worker(new URL('./engine-thread.ts', import.meta.url), {
      workerData: { databaseUrl, settings },
    });
    started.unref();
    started.on('message', ({ id, result, refusal, failure }: Answer) => {
      const call = settle(id);
      if (refusal !== undefined) {
        const { kind, message, ...options } = refusal;
        call?.reject(new DomainError(kind, message, options));
      } else if (failure !== undefined) {
        onError(new Error(failure));
        call?.reject(away('its database does not answer', failure));
      } else {
        restartMs = firstRestartMs;
        isLoaded = true;
        call?.resolve(result);
      }
    });
    started.on('error', onError);
    started.on('exit', () => {
      if (thread !== started) return;
      thread = undefined;
      isLoaded = false;
      failAll(() => away('it is being started again'));
      if (closed) return;
      restart = setTimeout(() => {
        thread = start();
        void preload();
      }, restartMs);
      restart.unref();
      restartMs = Math.min(restartMs * 2, longestRestartMs);
    });
    return started;
  };
  const call = (method: Call['method'], ...args: unknown[]): Promise<never> => {
    if (closed) return Promise.reject(away('it was closed'));
    const current = thread;
    if (current === undefined) return Promise.reject(away('it is being started again'));
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // The thread answers later; nobody listens any more.
        settle(id)?.reject(isLoaded ? away('it is busy') : away('the inventory is being loaded'));
      }, waitMs);
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject, timer });
      current.ref();
      current.postMessage({ id, method, args } satisfies Call);
    });
  };
  // Whoever asks first should not be the one who waits for the load; a failure shows at the first call.
  const preload = () => call('catchUp').catch(() => undefined);

  thread = start();
  void preload();
  return {
    async status() {
      if (isLoaded) return call('status');
      return {
        state: thread === undefined ? 'failed' : 'loading',
        ...{ nodes: 0, interventions: 0, bytes: 0, loadMs: 0, loads: 0, follows: 0 },
      };
    },
    assess: (...args) => call('assess', ...args),
    explain: (...args) => call('explain', ...args),
    snapshot: (...args) => call('snapshot', ...args),
    conflictsOf: (...args) => call('conflictsOf', ...args),
    crowdsIn: (...args) => call('crowdsIn', ...args),
    conflictsAmong: (...args) => call('conflictsAmong', ...args),
    freeWindows: (...args) => call('freeWindows', ...args),
    locksOf: (...args) => call('locksOf', ...args),
    touchedSince: (...args) => call('touchedSince', ...args),
    allConflicts: () => call('allConflicts'),
    async close() {
      closed = true;
      clearTimeout(restart);
      const ending = thread;
      thread = undefined;
      failAll(() => away('it was closed'));
      await ending?.terminate();
    },
  };
}

function away(why: string, detail?: string): DomainError {
  return new DomainError('unavailable', `The inventory cannot be asked now: ${why}.`, {
    code: 'inventory-engine-unavailable',
    remedy: 'Try again in a few seconds.',
    ...(detail === undefined ? {} : { cause: new Error(detail) }),
  });
}
