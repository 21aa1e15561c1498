import { Worker } from 'node:worker_threads';
import { canonicalHash } from '../canonical-hash.ts';
import { checkSimulationInput } from '../../domain/placement/check-input.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import type { SimulationResult } from '../../domain/placement/simulation.ts';

type Answer = Pick<
  SimulationResult,
  'status' | 'placements' | 'rejectedDatacentres' | 'contradictions'
>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Bumped whenever the same input may give another answer. */
export const embeddedEngine = { name: 'ctc-embedded', version: '1' } as const;

const idleMs = 2_000;

/**
 * The simulator inside CTC: exact by integer programming, in a thread that starts with the first call. A
 * cancelled simulation ends the thread; simulations that waited behind it are begun anew.
 */
export function createEmbeddedOptimus(): Optimus & { close(): Promise<void> } {
  let thread: Worker | undefined;
  let lastId = 0;
  let idle: NodeJS.Timeout | undefined;
  const waiting = new Map<number, Waiting & { readonly input: unknown }>();

  const start = (): Worker => {
    const started = new Worker(new URL('./solver-thread.ts', import.meta.url));
    started.unref();
    started.on('message', (message: { id: number; answer?: Answer; error?: string }) => {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (waiting.size === 0) endWhenIdle(started);
      if (message.answer !== undefined) call?.resolve(message.answer);
      else call?.reject(new Error(message.error ?? 'The solver gave no answer.'));
    });
    started.on('error', (error: Error) => {
      if (thread === started) thread = undefined;
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
    });
    return started;
  };
  /** The solver's memory is given back when nobody has needed it for a while. */
  const endWhenIdle = (started: Worker): void => {
    started.unref();
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (thread !== started || waiting.size > 0) return;
      thread = undefined;
      void started.terminate();
    }, idleMs);
    idle.unref();
  };
  const post = (id: number, input: unknown): void => {
    thread ??= start();
    thread.ref();
    thread.postMessage({ id, input });
  };
  const restart = async (): Promise<void> => {
    const ended = thread;
    thread = undefined;
    await ended?.terminate();
    for (const [id, call] of waiting) post(id, call.input);
  };

  return {
    async simulate(input, { signal } = {}) {
      signal?.throwIfAborted();
      const checked = checkSimulationInput(input);
      lastId += 1;
      const id = lastId;
      const answer = await new Promise<Answer>((resolve, reject) => {
        const abort = (): void => {
          waiting.delete(id);
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
          void restart();
        };
        signal?.addEventListener('abort', abort, { once: true });
        const settled =
          <T>(then: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener('abort', abort);
            then(value);
          };
        waiting.set(id, { input: checked, resolve: settled(resolve), reject: settled(reject) });
        post(id, checked);
      });
      return { engine: embeddedEngine, inputsHash: canonicalHash(checked), ...answer };
    },

    async close() {
      clearTimeout(idle);
      for (const call of waiting.values()) call.reject(new Error('The simulator was closed.'));
      waiting.clear();
      await thread?.terminate();
      thread = undefined;
    },
  };
}
