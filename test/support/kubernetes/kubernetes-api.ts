import { Agent, request } from 'undici';
import { readKubeconfig, type ClusterAccess } from './kubeconfig.ts';

/** An object of Kubernetes as the API gives it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** An answer that is no success. */
export class KubernetesApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'KubernetesApiError';
    this.status = status;
  }
}

/** The bare API of a cluster, for tests: it looks at what the driver did without the driver's client. */
export interface KubernetesApi {
  /** Throws a KubernetesApiError, or what the connection failed with. Path and query begin with a slash. */
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  get(path: string): Promise<KubernetesObject>;
  list(path: string): Promise<KubernetesObject[]>;
  create(path: string, object: Record<string, unknown>): Promise<KubernetesObject>;
  /** A JSON merge patch. */
  patch(path: string, patch: Record<string, unknown>): Promise<KubernetesObject>;
  delete(path: string): Promise<void>;
  close(): Promise<void>;
}

export async function connectToKubernetes(kubeconfig: string): Promise<KubernetesApi> {
  return createKubernetesApi(await readKubeconfig(kubeconfig));
}

export function createKubernetesApi(access: ClusterAccess): KubernetesApi {
  const { url, ca, token, clientCertificate, clientKey } = access;
  const agent = new Agent({
    connect: {
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
    },
  });

  const send: KubernetesApi['send'] = async (
    method,
    path,
    body,
    contentType = 'application/json',
  ) => {
    const response = await request(`${url}${path}`, {
      dispatcher: agent,
      method: method as 'GET',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    const text = await response.body.text();
    if (response.statusCode >= 400) {
      throw new KubernetesApiError(
        response.statusCode,
        `${method} ${path}: ${response.statusCode} ${text.slice(0, 600)}`,
      );
    }
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    return isJson ? (JSON.parse(text) as unknown) : text;
  };

  const get = async (path: string) => (await send('GET', path)) as KubernetesObject;
  return {
    send,
    get,
    async list(path) {
      const { items } = await get(path);
      return items as KubernetesObject[];
    },
    create: async (path, object) => (await send('POST', path, object)) as KubernetesObject,
    patch: async (path, patch) =>
      (await send('PATCH', path, patch, 'application/merge-patch+json')) as KubernetesObject,
    async delete(path) {
      await send('DELETE', path);
    },
    close: async () => agent.destroy(),
  };
}
