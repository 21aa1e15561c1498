import { Worker } from 'node:worker_threads';
import { canonicalHash } from '../canonical-hash.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkSimulationInput } from '../../domain/placement/check-input.ts';
import type { Front } from '../../domain/placement/front.ts';
import type { Optimus, SimulateOptions } from '../../domain/placement/ports.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import type { SimulationAnswer } from './answer-simulation.ts';
import type { PlainError, SolveMessage, SolveOrder, Task, TaskAnswer } from './solver-thread.ts';

interface Waiting {
  readonly order: SolveOrder;
  readonly resolve: (answer: TaskAnswer) => void;
  readonly reject: (error: Error) => void;
  /** The best known so far. */
  soFar?: TaskAnswer;
}

/** Bumped whenever the same input may give another answer. */
export const embeddedEngine = { name: 'ctc-embedded', version: '3' } as const;

const idleMs = 2_000;
const defaultTimeLimitMs = 30_000;
const placementsWanted = 5;
/** The solver looks at the clock now and then only; past this share of its limit its thread is ended. */
const grace = 1.06;
/** Of the limit, what is kept back for the way there and back, and for the solver's last step. */
const reserve = 0.02;

/**
 * The simulator inside CTC: exact by integer programming, in a thread that starts with the first call. A
 * cancelled simulation ends the thread, and so does one that passes its time limit: it is then answered
 * with the best found so far. Simulations that waited behind it are begun anew.
 */
export function createEmbeddedOptimus({
  timeLimitMs: configuredMs = defaultTimeLimitMs,
}: { readonly timeLimitMs?: number } = {}): Optimus & { close(): Promise<void> } {
  let thread: Worker | undefined;
  let lastId = 0;
  let idle: NodeJS.Timeout | undefined;
  let guard: NodeJS.Timeout | undefined;
  const waiting = new Map<number, Waiting>();

  const start = (): Worker => {
    const started = new Worker(new URL('./solver-thread.ts', import.meta.url));
    started.unref();
    started.on('message', (message: SolveMessage) => {
      const call = waiting.get(message.id);
      if (call === undefined) return;
      if ('answer' in message && !message.isLast) {
        call.soFar = message.answer;
        return;
      }
      waiting.delete(message.id);
      if (waiting.size === 0) endWhenIdle(started);
      watch();
      if ('answer' in message) call.resolve(message.answer);
      else call.reject(toError(message.error));
    });
    started.on('error', (error: Error) => {
      if (thread === started) thread = undefined;
      clearTimeout(guard);
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
  const post = (order: SolveOrder): void => {
    thread ??= start();
    thread.ref();
    thread.postMessage(order);
  };
  /** Those that waited have their whole limit still: they have not been begun. */
  const restart = async (): Promise<void> => {
    const ended = thread;
    thread = undefined;
    await ended?.terminate();
    for (const { order } of waiting.values()) post({ ...order, askedAtMs: Date.now() });
    watch();
  };
  /** The first that waits is the one that is worked on. */
  const watch = (): void => {
    clearTimeout(guard);
    const [id, call] = [...waiting][0] ?? [];
    if (id === undefined || call === undefined) return;
    guard = setTimeout(() => {
      waiting.delete(id);
      if (call.soFar === undefined) call.reject(overdue(call.order.limitMs));
      else call.resolve(call.soFar);
      void restart();
    }, call.order.limitMs * grace);
    guard.unref();
  };

  const solve = (
    input: SimulationInput,
    task: Task,
    { signal, timeLimitMs = configuredMs }: Pick<SimulateOptions, 'signal' | 'timeLimitMs'>,
  ): Promise<TaskAnswer> => {
    const askedAtMs = Date.now();
    lastId += 1;
    const id = lastId;
    const limitMs = timeLimitMs * (1 - reserve);
    return new Promise<TaskAnswer>((resolve, reject) => {
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
      const order = { id, input, task, limitMs, askedAtMs };
      waiting.set(id, { order, resolve: settled(resolve), reject: settled(reject) });
      post(order);
      if (waiting.size === 1) watch();
    });
  };

  return {
    async simulate(input, options = {}) {
      options.signal?.throwIfAborted();
      const checked = checkSimulationInput(input);
      const { placements = placementsWanted, trials } = options;
      const answer = solve(checked, { kind: 'simulate', placements, trials }, options);
      // While the thread is at work.
      const inputsHash = canonicalHash(checked);
      return { engine: embeddedEngine, inputsHash, ...((await answer) as SimulationAnswer) };
    },

    async findFront(input, request, options = {}) {
      options.signal?.throwIfAborted();
      const checked = checkSimulationInput(input);
      return (await solve(checked, { kind: 'front', request }, options)) as Front;
    },

    async close() {
      clearTimeout(idle);
      clearTimeout(guard);
      for (const call of waiting.values()) call.reject(new Error('The simulator was closed.'));
      waiting.clear();
      await thread?.terminate();
      thread = undefined;
    },
  };
}

function toError({ message, domain }: PlainError): Error {
  return domain === undefined ? new Error(message) : new DomainError(domain.kind, message, domain);
}

function overdue(limitMs: number): DomainError {
  return new DomainError(
    'unavailable',
    `The solver found no placement within ${Math.round(limitMs)} ms.`,
    { code: 'optimus-time-limit', remedy: 'Give it more time.' },
  );
}
