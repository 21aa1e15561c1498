import { setTimeout as delay } from 'node:timers/promises';
import type * as z from 'zod';
import { canonicalHash } from '../canonical-hash.ts';
import { rootMessage } from '../root-message.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkSimulationInput } from '../../domain/placement/check-input.ts';
import { frontSchema } from '../../domain/placement/front.ts';
import type { Optimus, SimulateOptions } from '../../domain/placement/ports.ts';
import {
  simulationResultSchema,
  type SimulationResult,
} from '../../domain/placement/simulation.ts';

export interface HttpOptimusOptions {
  readonly baseUrl: string;
  readonly token?: string;
  /** For one simulation, its retries included. */
  readonly timeoutMs: number;
}

const retryStatuses = [429, 502, 503, 504];
const firstDelayMs = 200;
const longestDelayMs = 3_000;

/**
 * An external OPTIMUS: `POST <baseUrl>/simulations` with a SimulationInput gives a SimulationResult, and
 * `POST <baseUrl>/fronts` a Front (docs/optimus-openapi.json).
 */
export function createHttpOptimus({
  baseUrl,
  token,
  timeoutMs: configuredMs,
}: HttpOptimusOptions): Optimus {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;

  /** Undefined when trying again may help; `reason` then says why it failed. */
  const askOnce = async (
    url: URL,
    body: unknown,
    signal: AbortSignal,
  ): Promise<{ answer: unknown } | { reason: string }> => {
    const response = await fetch(url, {
      method: 'POST',
      signal,
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return `it cannot be reached (${rootMessage(error)})`;
    });
    if (typeof response === 'string') return { reason: response };
    if (retryStatuses.includes(response.status)) {
      await response.body?.cancel();
      return { reason: `it answers ${response.status}` };
    }
    const text = await response.text();
    if (response.ok) return { answer: parseJson(text) };
    if (response.status === 404) {
      throw new DomainError('unavailable', `OPTIMUS knows nothing of ${url.pathname}.`, {
        code: 'optimus-unavailable',
        remedy: 'Ask the embedded engine, or an external one that knows it.',
      });
    }
    throw new DomainError(
      response.status < 500 ? 'invalid' : 'unavailable',
      `OPTIMUS refused what it was asked for (${response.status}): ${text.slice(0, 500)}`,
      { code: response.status < 500 ? 'optimus-refused' : 'optimus-unavailable' },
    );
  };

  /** Asked again until it answers, within the time limit. */
  const ask = async (
    path: string,
    body: unknown,
    { signal, timeLimitMs = configuredMs, placements, trials }: SimulateOptions,
  ): Promise<unknown> => {
    const timeoutMs = Math.min(timeLimitMs, configuredMs);
    const url = new URL(path, base);
    url.searchParams.set('timeLimitMs', String(timeoutMs));
    if (placements !== undefined) url.searchParams.set('placements', String(placements));
    if (trials !== undefined) url.searchParams.set('trials', String(trials));
    const deadline = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    let reason = 'it gave no answer';
    try {
      for (let delayMs = firstDelayMs; ; delayMs = Math.min(longestDelayMs, delayMs * 2)) {
        const asked = await askOnce(url, body, either);
        if ('answer' in asked) return asked.answer;
        reason = asked.reason;
        await delay(delayMs, undefined, { signal: either });
      }
    } catch (error) {
      if (!deadline.aborted || signal?.aborted === true) throw error;
      throw new DomainError(
        'unavailable',
        `OPTIMUS at ${url.origin} did not answer within ${timeoutMs} ms: ${reason}.`,
        { code: 'optimus-unavailable', cause: error },
      );
    }
  };

  return {
    async simulate(input, options = {}) {
      const checked = checkSimulationInput(input);
      const answer = believe(simulationResultSchema, await ask('simulations', checked, options));
      return checkResult(answer, canonicalHash(checked));
    },

    async findFront(input, request, options = {}) {
      const body = { input: checkSimulationInput(input), request };
      return believe(frontSchema, await ask('fronts', body, options));
    },
  };
}

/** An answer is believed only if it is of the contract's form. */
function believe<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw nonsense(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** … and about the question that was asked. */
function checkResult(answer: SimulationResult, inputsHash: string): SimulationResult {
  if (answer.inputsHash !== inputsHash) {
    throw nonsense(`inputsHash: is ${answer.inputsHash}, of other inputs than were sent`);
  }
  const { status, placements } = answer;
  if (status !== 'infeasible' && placements.length === 0) {
    throw nonsense(`placements: is empty, and the status is "${status}"`);
  }
  return answer;
}

function nonsense(detail: string): DomainError {
  return new DomainError('unavailable', `OPTIMUS gave an answer that cannot be used: ${detail}.`, {
    code: 'optimus-answer-invalid',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw nonsense('it is not JSON');
  }
}
