import { randomUUID } from 'node:crypto';
import createClient, { type Client } from 'openapi-fetch';
import { CliError, exitCodes, toCliError, type ProblemBody } from './errors.ts';
import type { paths } from './generated/api.d.ts';

export type ApiClient = Client<paths>;

export interface ClientOptions {
  readonly apiUrl: string;
  readonly token: string;
}

/** A client typed by the API's own description; every POST gets a key of its own. */
export function createApiClient({ apiUrl, token }: ClientOptions): ApiClient {
  const client = createClient<paths>({ baseUrl: apiUrl });
  client.use({
    onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${token}`);
      if (request.method === 'POST' && !request.headers.has('idempotency-key')) {
        request.headers.set('idempotency-key', randomUUID());
      }
      return request;
    },
    onError({ error }) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return new CliError(
        `The API at ${apiUrl} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.\nStart it with "npm start", or set CTC_API_URL.`,
        exitCodes.error,
      );
    },
  });
  return client;
}

/** The header that POST demands; the client fills it in when it is empty. */
export function onceHeaders(): { 'idempotency-key': string } {
  return { 'idempotency-key': randomUUID() };
}

/** The answer's content. @throws CliError for every answer but success. */
export async function answerOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw toCliError(response.status, error as ProblemBody | undefined);
  return data as T;
}
