import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '../../domain/errors.ts';
import { readNetboxDump, rowsOf, type DumpRow } from '../../test/support/netbox-dump.ts';
import { startNetboxServer, type NetboxServerOptions } from '../../test/support/netbox-server.ts';
import { createNetboxClient, type NetboxClientOptions } from './netbox-client.ts';

const token = '0123456789abcdef0123456789abcdef01234567';
let dump: readonly DumpRow[];
let deviceIds: number[];
beforeAll(() => {
  dump = readNetboxDump();
  deviceIds = rowsOf(dump, 'dcim.device').map(({ pk }) => pk);
});

type Server = Awaited<ReturnType<typeof startNetboxServer>>;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A server that behaves as told, and a client that does not really wait between attempts. */
async function connect(
  behaviour: Partial<NetboxServerOptions> = {},
  options: Partial<NetboxClientOptions> = {},
) {
  const server = await startNetboxServer({ dump, token, ...behaviour });
  servers.push(server);
  const waits: number[] = [];
  const client = createNetboxClient({
    url: server.url,
    token,
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    ...options,
  });
  const readDevices = async () => {
    const ids: number[] = [];
    for await (const { id } of client.list('devices')) ids.push(id);
    return ids;
  };
  /** The error of reading, which must never hold the token. */
  const failure = async (): Promise<DomainError> => {
    const error: unknown = await readDevices().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof DomainError)) throw new Error('reading did not fail', { cause: error });
    const shown = JSON.stringify([error.message, error.stack, error.remedy, String(error.cause)]);
    expect(shown).not.toContain(options.token ?? token);
    expect(error.remedy).toBeDefined();
    return error;
  };
  return { server, client, waits, readDevices, failure };
}

describe('the client of NetBox', () => {
  it.each([1, 7, 71, 72, 73, 1000])('reads all devices once in pages of %i', async (pageSize) => {
    const { server, readDevices } = await connect({}, { pageSize });
    expect(await readDevices()).toEqual(deviceIds);
    expect(server.requests).toHaveLength(Math.ceil(deviceIds.length / pageSize));
  });

  it('follows the pages of a NetBox that gives fewer than asked for', async () => {
    const { server, readDevices } = await connect({ maxPageSize: 13 }, { pageSize: 500 });
    expect(await readDevices()).toEqual(deviceIds);
    expect(server.requests).toHaveLength(6);
  });

  it('reads an empty list', async () => {
    const { client } = await connect();
    const found: unknown[] = [];
    for await (const each of client.list('managementInterfaces')) found.push(each);
    expect(found).toEqual([]);
  });

  it.each(['/', '/api', '/api/'])('takes an address that ends in %s', async (end) => {
    const { server } = await connect();
    const { readDevices } = await connect({}, { url: `${server.url}${end}` });
    expect(await readDevices()).toEqual(deviceIds);
  });

  it('asks again while NetBox is overloaded, waiting as long as it is told or ever longer', async () => {
    const { waits, readDevices } = await connect(
      {
        instead: (n) =>
          ({
            2: { status: 500 },
            3: { status: 429, headers: { 'retry-after': '7' } },
            4: { status: 503 },
          })[n],
      },
      { pageSize: 50, firstDelayMs: 100 },
    );
    expect(await readDevices()).toEqual(deviceIds);
    expect(waits).toEqual([100, 7000, 400]);
  });

  it('heeds a date to try again at', async () => {
    const at = new Date(Date.now() + 30_000).toUTCString();
    const { waits, readDevices } = await connect({
      instead: (n) => (n === 1 ? { status: 503, headers: { 'retry-after': at } } : undefined),
    });
    expect(await readDevices()).toEqual(deviceIds);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(0);
    expect(waits[0]).toBeLessThanOrEqual(30_000);
  });

  it('gives up after the attempts it has, naming the page', async () => {
    const { server, failure } = await connect(
      { instead: () => ({ status: 502 }) },
      { attempts: 3 },
    );
    const error = await failure();
    expect(error).toMatchObject({ kind: 'unavailable', code: 'netbox-unavailable' });
    expect(error.message).toContain(`${server.url}/api/dcim/devices/?`);
    expect(error.message).toMatch(/answers 502.*3 of 3 attempts/);
    expect(server.requests).toHaveLength(3);
  });

  it('does not wait for an hour because it is told to', async () => {
    const { failure, waits } = await connect({
      instead: () => ({ status: 429, headers: { 'retry-after': '3600' } }),
    });
    expect((await failure()).message).toMatch(/asks to wait 3600000 ms \(1 of 6/);
    expect(waits).toEqual([]);
  });

  it('gives up on a NetBox that never answers', async () => {
    const { failure } = await connect(
      { instead: () => 'hang' },
      { pageTimeoutMs: 50, attempts: 2 },
    );
    expect((await failure()).message).toContain('no answer within 50 ms');
  });

  it('gives up on a NetBox that is not there', async () => {
    const { server, failure } = await connect({}, { attempts: 2 });
    await server.close();
    servers.length = 0;
    expect((await failure()).message).toMatch(/cannot be reached \(.*ECONNREFUSED/);
  });

  it('stops with the reason of its signal', async () => {
    const { client } = await connect({ instead: () => 'hang' });
    const reason = new Error('nobody waits any more');
    const reading = client.list('devices', { signal: AbortSignal.abort(reason) }).next();
    await expect(reading).rejects.toBe(reason);
  });

  it.each([401, 403])('says that the token may not (%i)', async (status) => {
    const { failure, server } = await connect({ instead: () => ({ status }) });
    expect(await failure()).toMatchObject({ kind: 'forbidden', code: 'netbox-forbidden' });
    expect(server.requests).toHaveLength(1);
  });

  it('says that a wrong token may not, without showing it', async () => {
    const { failure } = await connect({}, { token: 'wrong-and-secret' });
    expect(await failure()).toMatchObject({ kind: 'forbidden' });
  });

  it.each([
    ['with a line break', 'abc\ndef'],
    ['that is empty', ''],
  ])('refuses a token %s before it sends anything', (_what, bad) => {
    expect(() => createNetboxClient({ url: 'https://netbox.example.com', token: bad })).toThrow(
      /token is empty or has characters/,
    );
  });

  it.each(['netbox', 'ftp://netbox.example.com', 'https://me:secret@netbox.example.com'])(
    'refuses the address %s without repeating it',
    (url) => {
      let message = '';
      try {
        createNetboxClient({ url, token });
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toBe("NetBox's address cannot be used.");
    },
  );

  it('sends a token of the second version as such', async () => {
    const sent: unknown[] = [];
    const { readDevices } = await connect(
      {},
      {
        token: 'nbt_key.secret',
        fetch: (_url, init) => {
          sent.push(new Headers(init?.headers).get('authorization'));
          return Promise.resolve(Response.json({ count: 0, next: null, results: [] }));
        },
      },
    );
    expect(await readDevices()).toEqual([]);
    expect(sent).toEqual(['Bearer nbt_key.secret']);
  });
});

describe('an answer that cannot be believed', () => {
  const altered = (changes: Record<string, unknown>): Partial<NetboxServerOptions> => ({
    alter: (page) => ({ ...page, ...changes }),
  });

  it('is never asked for at another host', async () => {
    const other = await connect();
    const { failure } = await connect(
      altered({ next: `${other.server.url}/api/dcim/devices/?offset=50` }),
    );
    expect(await failure()).toMatchObject({ kind: 'invalid', code: 'netbox-next-elsewhere' });
    expect(other.server.requests).toEqual([]);
  });

  it('is never asked for in another list', async () => {
    const { server, failure } = await connect({
      alter: (page, url) => ({ ...page, next: `${url.origin}/api/users/tokens/` }),
    });
    expect(await failure()).toMatchObject({ code: 'netbox-next-elsewhere' });
    expect(server.requests).toHaveLength(1);
  });

  it('ends nothing in a circle', async () => {
    const { failure } = await connect({ alter: (page, url) => ({ ...page, next: url.href }) });
    expect((await failure()).message).toContain('go round in a circle');
  });

  it('is no redirect', async () => {
    const { failure } = await connect({
      instead: () => ({ status: 301, headers: { location: 'https://elsewhere.example.com/x' } }),
    });
    const error = await failure();
    expect(error).toMatchObject({ kind: 'invalid', code: 'netbox-redirects' });
    expect(error.message).toContain('https://elsewhere.example.com)');
  });

  it.each([
    ['is not JSON', { instead: () => ({ status: 200, body: '<html>' }) }, /not JSON/],
    ['has no results', altered({ results: undefined }), /results: /],
    ['has no count', altered({ count: 'many' }), /count: /],
    ['is not there', { instead: () => ({ status: 404 }) }, /answers 404/],
    [
      'has an object of another form',
      altered({ results: [{ id: 1, display: 'x' }] }),
      /Object 1 of/,
    ],
  ] satisfies [string, Partial<NetboxServerOptions>, RegExp][])(
    'is refused when it %s',
    async (_what, behaviour, words) => {
      const { failure, server } = await connect(behaviour);
      const error = await failure();
      expect(error.kind).toBe('invalid');
      expect(error.message).toMatch(words);
      expect(error.message).toContain(`${server.url}/api/dcim/devices/`);
      expect(server.requests).toHaveLength(1);
    },
  );

  it('is not taken for whole when the list shrank meanwhile', async () => {
    let answers = 0;
    const { failure } = await connect(
      { alter: (page) => ({ ...page, count: page.count - (answers++ === 0 ? 0 : 1) }) },
      { pageSize: 50 },
    );
    expect(await failure()).toMatchObject({ kind: 'unavailable', code: 'netbox-changed' });
  });

  it('is not taken for whole when it holds fewer than it says', async () => {
    const { failure } = await connect({
      alter: (page) => ({ ...page, results: page.results.slice(1) }),
    });
    expect(await failure()).toMatchObject({ code: 'netbox-changed' });
  });
});
