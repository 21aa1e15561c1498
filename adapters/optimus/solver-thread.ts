import { parentPort } from 'node:worker_threads';
import { isDomainError, type ErrorKind } from '../../domain/errors.ts';
import type { Front, FrontRequest } from '../../domain/placement/front.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { answerSimulation, type SimulationAnswer } from './answer-simulation.ts';
import { createHighsSolver } from './highs-solver.ts';
import { findFront } from './pareto-front.ts';
import { createDeadline, type Deadline } from './solver.ts';

/** What is asked of a solver. */
export type Task =
  | { readonly kind: 'simulate'; readonly placements: number; readonly trials: number | undefined }
  | { readonly kind: 'front'; readonly request: FrontRequest };

export type TaskAnswer = SimulationAnswer | Front;

export interface SolveOrder {
  readonly id: number;
  readonly input: SimulationInput;
  readonly task: Task;
  /** Milliseconds for this simulation, from when it was asked for or, if later, the one before it ended. */
  readonly limitMs: number;
  /** Milliseconds since 1970 at which it was asked for: threads have different clocks for shorter times. */
  readonly askedAtMs: number;
}

/** What of an error gets through to another thread. */
export interface PlainError {
  readonly message: string;
  /** Of a DomainError. */
  readonly domain?: {
    readonly kind: ErrorKind;
    readonly code: string;
    readonly remedy?: string;
  };
}

/** `isLast`: the answer; before it, the best known so far. */
export type SolveMessage =
  | { readonly id: number; readonly answer: TaskAnswer; readonly isLast: boolean }
  | { readonly id: number; readonly error: PlainError };

/** Runs in a thread of its own: solving blocks it, and ending it is how a solve is cancelled. */
const solver = await createHighsSolver();
let endedAtMs = 0;

parentPort?.on('message', (order: SolveOrder) => {
  const { id, limitMs, askedAtMs } = order;
  const waitedMs = Date.now() - Math.max(askedAtMs, endedAtMs);
  const post = (message: SolveMessage): void => parentPort?.postMessage(message);
  try {
    const deadline = createDeadline(limitMs - waitedMs);
    const answer = solve(order, deadline, (soFar) => post({ id, answer: soFar, isLast: false }));
    post({ id, answer, isLast: true });
  } catch (error) {
    post({ id, error: toPlain(error) });
  }
  endedAtMs = Date.now();
});

function solve(
  { input, task }: SolveOrder,
  deadline: Deadline,
  onProgress: (soFar: TaskAnswer) => void,
): TaskAnswer {
  if (task.kind === 'front') {
    return findFront(input, task.request, solver, deadline, onProgress);
  }
  const { placements, trials } = task;
  return answerSimulation(input, solver, { placements, trials, deadline, onProgress });
}

function toPlain(error: unknown): PlainError {
  if (!isDomainError(error)) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
  const { message, kind, code, remedy } = error;
  return { message, domain: { kind, code, ...(remedy === undefined ? {} : { remedy }) } };
}
