import type { KubeConfig } from '@kubernetes/client-node';
import type https from 'node:https';
import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import { DomainError } from '../../domain/errors.ts';
import { clusterFailure, ClusterStatusError, isAway } from './cluster-errors.ts';

export interface ClusterRequest {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * One cluster's API, object by object as JSON: the typed client drops the fields that it does not know, and a
 * manifest must arrive as it was written. Credentials come from client-node.
 */
export interface ClusterClient {
  readonly server: string;
  /** The answer's JSON. @throws ClusterStatusError for 4xx, DomainError `unavailable` or `forbidden` otherwise. */
  send(method: string, path: string, options?: ClusterRequest): Promise<unknown>;
  /** As `send`; undefined for 404. */
  find(path: string, options?: ClusterRequest): Promise<unknown>;
  /** Any answer, whatever its status. @throws as the network does. */
  raw(method: string, path: string, options?: ClusterRequest): Promise<RawAnswer>;
  close(): Promise<void>;
}

export interface ClusterClientOptions {
  /** For errors: the datacentre. */
  readonly name: string;
  /** Reads the credentials; called again when the API server no longer takes them. */
  readonly load: () => Promise<KubeConfig>;
}

/** What client-node gives for its own undici is what ours takes. */
type Connect = NonNullable<ProxyAgent.Options['requestTls']>;

interface Session {
  readonly config: KubeConfig;
  readonly server: string;
  readonly dispatcher: Dispatcher;
}

const defaultTimeoutMs = 15_000;

export async function createClusterClient({
  name,
  load,
}: ClusterClientOptions): Promise<ClusterClient> {
  let session = await open();

  async function open(): Promise<Session> {
    const config = await load();
    const cluster = config.getCurrentCluster();
    if (cluster === null) {
      throw new DomainError('invalid', `The kubeconfig of datacentre ${name} names no cluster.`, {
        code: 'kubeconfig-without-cluster',
        remedy: 'Set its current-context, or name a context in the file of clusters.',
      });
    }
    const given: https.RequestOptions = {};
    await config.applyToHTTPSOptions(given);
    const found = config.createDispatcherOptions(cluster, given as https.AgentOptions);
    if (found.type === 'socks') {
      throw new DomainError('invalid', `Datacentre ${name}: SOCKS proxies are not supported.`, {
        code: 'kubeconfig-socks',
        remedy: 'Use an HTTP proxy (proxy-url: http://…).',
      });
    }
    // `connections` bounds what one application may do to an API server at once.
    const dispatcher =
      found.type === 'proxy'
        ? new ProxyAgent({ uri: found.uri, requestTls: found.requestTls as Connect })
        : new Agent({
            connections: 16,
            ...(found.type === 'agent' ? { connect: found.connect as Connect } : {}),
          });
    return { config, server: cluster.server.replace(/\/$/, ''), dispatcher };
  }

  async function raw(
    method: string,
    path: string,
    { query = {}, body, contentType, signal, timeoutMs = defaultTimeoutMs }: ClusterRequest = {},
  ): Promise<RawAnswer> {
    const { config, server, dispatcher } = session;
    const auth: https.RequestOptions = {};
    await config.applyToHTTPSOptions(auth);
    const url = new URL(server + path);
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const timeout = AbortSignal.timeout(timeoutMs);
    const answer = await request(url, {
      method: method,
      dispatcher,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      headers: {
        accept: 'application/json',
        ...Object.fromEntries(Object.entries(auth.headers ?? {}).map(([k, v]) => [k, String(v)])),
        ...(typeof auth.auth !== 'string'
          ? {}
          : { authorization: `Basic ${Buffer.from(auth.auth).toString('base64')}` }),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: await answer.body.text(),
    };
  }

  async function answered(
    method: string,
    path: string,
    options: ClusterRequest,
  ): Promise<RawAnswer> {
    try {
      let answer = await raw(method, path, options);
      if (answer.status === 401) {
        // Rotated credentials: once more with what the file, or the plugin, has now.
        const before = session;
        session = await open();
        await before.dispatcher.close();
        answer = await raw(method, path, options);
      }
      return answer;
    } catch (error) {
      options.signal?.throwIfAborted();
      throw isAway(error) ? clusterFailure(name, session.server, error) : error;
    }
  }

  async function send(
    method: string,
    path: string,
    options: ClusterRequest = {},
  ): Promise<unknown> {
    const answer = await answered(method, path, options);
    if (answer.status < 300) return answer.text === '' ? undefined : JSON.parse(answer.text);
    throw refusalOf(name, session.server, method, path, answer);
  }

  return {
    get server() {
      return session.server;
    },
    raw,
    send,
    async find(path, options) {
      try {
        return await send('GET', path, options);
      } catch (error) {
        if (error instanceof ClusterStatusError && error.status === 404) return undefined;
        throw error;
      }
    },
    close: () => session.dispatcher.destroy(),
  };
}

function refusalOf(
  name: string,
  server: string,
  method: string,
  path: string,
  { status, text }: RawAnswer,
): Error {
  const refusal = new ClusterStatusError(status, `${method} ${path}`, text);
  if (status === 429 || status >= 500) return clusterFailure(name, server, refusal);
  if (status === 401) {
    return new DomainError('forbidden', `Datacentre ${name} does not take our credentials.`, {
      code: 'cluster-unauthorized',
      cause: refusal,
      remedy: 'Renew them where the file of clusters says they are.',
    });
  }
  if (status === 403) {
    return new DomainError('forbidden', `Datacentre ${name}: ${refusal.message}`, {
      code: 'cluster-forbidden',
      cause: refusal,
      remedy: 'Give the account of CTC the right; deploy/kubernetes/ has what it usually needs.',
    });
  }
  return refusal;
}
