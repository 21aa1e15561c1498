import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { json } from 'node:stream/consumers';
import { isDomainError } from '../../domain/errors.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';

/** Serves an engine by the contract that the HTTP adapter speaks, for other installations and for tests. */
export function createOptimusServer(optimus: Optimus, { delayMs = 0 } = {}): Server {
  const answer = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST' || request.url?.endsWith('/simulations') !== true) {
      answer(response, 404, { detail: 'POST /simulations is all there is' });
      return;
    }
    try {
      const input = (await json(request)) as SimulationInput;
      if (delayMs > 0) await delay(delayMs);
      answer(response, 200, await optimus.simulate(input));
    } catch (error) {
      if (isDomainError(error)) {
        answer(response, 422, { detail: error.message, errors: error.complaints });
        return;
      }
      answer(response, error instanceof SyntaxError ? 400 : 500, { detail: String(error) });
    }
  };
  return createServer((request, response) => void handle(request, response));
}
