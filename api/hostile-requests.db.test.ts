import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { createTestApi, type TestApi } from '../test/support/api-app.ts';
import { buildApp } from './app.ts';

let api: TestApi;
let root: string;

beforeAll(async () => {
  api = await createTestApi();
  const who = { name: 'Root', email: 'root@example.com', roles: ['administrator', 'operator'] };
  await api.deps.principals.add({ id: 'root', ...who }, 'test');
  const wish = { label: 'test', expiresAt: null, permissions: null };
  root = (await api.deps.access.issueToken('root', wish, { id: 'root', limitedTo: null })).secret;
});
afterAll(() => api.stop());

const get = (url: string) =>
  api.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${root}` } });

describe('a request that is made to be misread', () => {
  it('is decoded once, and a parameter that is given twice is none', async () => {
    expect((await get('/incidents/INC%2D1')).json()).toMatchObject({
      detail: expect.stringContaining('INC-1'),
    });
    expect((await get('/incidents/INC%252D1')).json()).toMatchObject({
      ...{ status: 404, detail: expect.stringContaining('INC%2D1') },
    });
    expect((await get('/changes?limit=1')).statusCode).toBe(200);
    expect((await get('/changes?limit=1&limit=2')).statusCode).toBe(422);
  });

  it.each(['{"__proto__":{"isAdministrator":true}}', '{"constructor":{"prototype":{"x":1}}}'])(
    'changes no prototype: %s',
    async (payload) => {
      const headers = { authorization: `Bearer ${root}`, 'content-type': 'application/json' };
      const answer = await api.app.inject({
        ...{ method: 'POST', url: '/roles', payload },
        headers: { ...headers, 'idempotency-key': 'a-key-of-ours' },
      });
      expect([400, 422]).toContain(answer.statusCode);
      expect(({} as Record<string, unknown>)['isAdministrator']).toBeUndefined();
    },
  );

  it('is not echoed by TRACE, and ends where one of the two lengths says only', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.app.server.address() as AddressInfo;
    const send = async (request: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(request.replaceAll('\n', '\r\n'));
      return text(socket);
    };
    const head = 'Host: ctc\nConnection: close\nX-Secret: 42\n';
    const traced = await send(`TRACE /livez HTTP/1.1\n${head}\n`);
    expect(traced).toMatch(/^HTTP\/1\.1 (404|405|400) /);
    expect(traced).not.toContain('X-Secret');
    expect(await send(`GET /livez HTTP/1.1\n${head}\n`)).toMatch(/^HTTP\/1\.1 200 /);
    const both = 'Content-Type: application/json\nContent-Length: 6\nTransfer-Encoding: chunked\n';
    const smuggled = await send(
      `POST /login HTTP/1.1\nHost: ctc\n${both}\n0\n\nGET /livez HTTP/1.1\n${head}\n`,
    );
    expect(smuggled).toMatch(/^HTTP\/1\.1 400 /);
    expect(smuggled).not.toContain('"ok":true');
  });
});

describe('whoever tries many tokens or passwords', () => {
  it('is stopped by where they really come from, not by what they say of it', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 22; attempt += 1) {
      const { statusCode } = await api.app.inject({
        ...{ method: 'POST', url: '/login', remoteAddress: '203.0.113.5' },
        headers: { 'x-forwarded-for': `198.51.100.${attempt}`, authorization: `x${attempt}` },
        payload: { token: `ctc_pat_guess-${attempt}` },
      });
      statuses.push(statusCode);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 403), 429, 429]);
  });
});

describe('an error that nobody foresaw', () => {
  it('is told to nobody, and stands in the log, line by line what it is', async () => {
    const lines: string[] = [];
    const logger = pino(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      }),
    );
    const secret = 'select password\nfrom "account" where host = \'10.0.0.7\'';
    const app = await buildApp(
      { ...api.deps, metrics: () => Promise.reject(new Error(secret)) },
      { logger, bodyLimitBytes: 1_000_000, trustedProxies: [] },
    );
    try {
      const answer = await app.inject({
        ...{ method: 'GET', url: '/metrics?a%0A{"level":60}=hidden' },
        headers: { authorization: `Bearer ${root}` },
      });
      expect(answer.statusCode).toBe(500);
      expect(answer.body).not.toMatch(/select|10\.0\.0\.7|at .*\.ts/);
      const entries = lines.map((line) => {
        expect(line.trimEnd()).not.toContain('\n');
        return JSON.parse(line) as {
          msg: string;
          time: number;
          reqId: string;
          err?: { message: string };
        };
      });
      const entry = entries.find(({ msg }) => msg === 'request failed');
      expect(entry?.err?.message).toBe(secret);
      // What the caller is told leads to it.
      const { instance } = answer.json<{ instance: string }>();
      expect(instance).toBe(`urn:ctc:request:${entry?.reqId ?? ''}`);
      expect(Math.abs((entry?.time ?? 0) - Date.now())).toBeLessThan(60_000);
      for (const hidden of ['hidden', root]) expect(lines.join('')).not.toContain(hidden);
    } finally {
      await app.close();
    }
  });
});
