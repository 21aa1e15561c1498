import { setTimeout as delay } from 'node:timers/promises';
import { canonicalHash } from '../canonical-hash.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkSimulationInput } from '../../domain/placement/check-input.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import {
  simulationResultSchema,
  type SimulationInput,
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

/** An external OPTIMUS: `POST <baseUrl>/simulations` with a SimulationInput gives a SimulationResult. */
export function createHttpOptimus({
  baseUrl,
  token,
  timeoutMs: configuredMs,
}: HttpOptimusOptions): Optimus {
  const url = new URL('simulations', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);

  /** Undefined when trying again may help; `reason` then says why it failed. */
  const ask = async (
    input: SimulationInput,
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
      body: JSON.stringify(input),
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
    throw new DomainError(
      response.status < 500 ? 'invalid' : 'unavailable',
      `OPTIMUS refused the simulation (${response.status}): ${text.slice(0, 500)}`,
      { code: response.status < 500 ? 'optimus-refused' : 'optimus-unavailable' },
    );
  };

  return {
    async simulate(input, { signal, timeLimitMs = configuredMs } = {}) {
      const checked = checkSimulationInput(input);
      const timeoutMs = Math.min(timeLimitMs, configuredMs);
      const deadline = AbortSignal.timeout(timeoutMs);
      const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
      let reason = 'it gave no answer';
      try {
        for (let delayMs = firstDelayMs; ; delayMs = Math.min(longestDelayMs, delayMs * 2)) {
          const asked = await ask(checked, either);
          if ('answer' in asked) return checkResult(asked.answer, canonicalHash(checked));
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
    },
  };
}

/** An answer is believed only if it is of the contract's form and about the question that was asked. */
function checkResult(answer: unknown, inputsHash: string): SimulationResult {
  const parsed = simulationResultSchema.safeParse(answer);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw nonsense(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  if (parsed.data.inputsHash !== inputsHash) {
    throw nonsense(`inputsHash: is ${parsed.data.inputsHash}, of other inputs than were sent`);
  }
  const { status, placements } = parsed.data;
  if (status !== 'infeasible' && placements.length === 0) {
    throw nonsense(`placements: is empty, and the status is "${status}"`);
  }
  return parsed.data;
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

function rootMessage(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root instanceof Error ? root.message : String(root);
}
