import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DumpRow } from './netbox-dump.ts';
import { createNetboxRenderer, netboxPaths } from './netbox-rendering.ts';

export interface InsteadOfPage {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface NetboxServerOptions {
  readonly dump: readonly DumpRow[];
  readonly token: string;
  /** NetBox's MAX_PAGE_SIZE. */
  readonly maxPageSize?: number;
  /** What to answer to the n-th request (from 1) instead of a page; `'hang'` for never. */
  readonly instead?: (n: number, url: URL) => InsteadOfPage | 'hang' | undefined;
  /** Changes a page before it is sent. */
  readonly alter?: (page: NetboxPage, url: URL) => unknown;
}

export interface NetboxPage {
  readonly count: number;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: readonly Readonly<Record<string, unknown>>[];
}

/** A NetBox of version 3.6 that has only lists: real HTTP on a free port of the loopback. */
export async function startNetboxServer(options: NetboxServerOptions) {
  const { dump, token, maxPageSize = 1000, instead, alter } = options;
  const render = createNetboxRenderer(dump);
  const rendered = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
  const requests: URL[] = [];

  const select = (path: string, { searchParams }: URL) => {
    let objects = rendered.get(path);
    if (objects === undefined) rendered.set(path, (objects = render(path)));
    const wants = (filter: string, is: (object: Readonly<Record<string, unknown>>) => boolean) => {
      const value = searchParams.get(filter);
      return value === null
        ? () => true
        : (object: (typeof objects)[number]) => is(object) === (value === 'true');
    };
    return objects
      .filter(wants('cabled', ({ cable }) => cable !== null))
      .filter(wants('mgmt_only', (object) => object['mgmt_only'] === true));
  };

  const makePage = (path: string, url: URL): NetboxPage => {
    const asked = (name: string, otherwise: number) => {
      const value = Number(url.searchParams.get(name) ?? otherwise);
      return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
    };
    const limit = Math.min(asked('limit', 50) || maxPageSize, maxPageSize);
    const offset = asked('offset', 0);
    const objects = select(path, url);
    const link = (to: number) => {
      const other = new URL(url);
      other.searchParams.set('limit', String(limit));
      if (to > 0) other.searchParams.set('offset', String(to));
      else other.searchParams.delete('offset');
      return other.href;
    };
    return {
      count: objects.length,
      next: offset + limit < objects.length ? link(offset + limit) : null,
      previous: offset > 0 ? link(Math.max(0, offset - limit)) : null,
      results: objects.slice(offset, offset + limit),
    };
  };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`);
    requests.push(url);
    const send = (status: number, body: unknown, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    const other = instead?.(requests.length, url);
    if (other === 'hang') return;
    if (other !== undefined) {
      send(other.status, other.body ?? { detail: 'as the test wants it' }, other.headers);
      return;
    }
    const { authorization } = request.headers;
    if (authorization !== `Token ${token}`) {
      const detail =
        authorization === undefined
          ? 'Authentication credentials were not provided.'
          : 'Invalid token';
      send(403, { detail });
      return;
    }
    const path = /^\/api\/([a-z/-]+)\/$/.exec(url.pathname)?.[1] ?? '';
    if (!netboxPaths.has(path)) {
      send(404, { detail: 'Not found.' });
      return;
    }
    const page = makePage(path, url);
    send(200, alter === undefined ? page : alter(page, url));
  };

  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** All so far. */
    requests: requests as readonly URL[],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
