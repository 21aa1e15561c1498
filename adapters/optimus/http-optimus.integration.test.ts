import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { buildOptimusApp } from '../../api/optimus/optimus-app.ts';
import { describeOptimusContract } from '../../test/contracts/optimus.ts';
import { exampleSimulationInput } from '../../test/support/example-simulation-input.ts';
import { createEmbeddedOptimus } from './embedded-optimus.ts';
import { createHttpOptimus } from './http-optimus.ts';

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/optimus`;
}

describeOptimusContract('an external simulator by HTTP', async () => {
  const engine = createEmbeddedOptimus();
  const token = 'of-the-engine';
  const app = await buildOptimusApp(engine, { prefix: '/optimus', token });
  const baseUrl = `${await app.listen({ host: '127.0.0.1', port: 0 })}/optimus`;
  return {
    optimus: createHttpOptimus({ baseUrl, token, timeoutMs: 60_000 }),
    close: async () => {
      await app.close();
      await engine.close();
    },
  };
});

const elsewhere = process.env['CTC_TEST_OPTIMUS_URL'];
if (elsewhere !== undefined) {
  const token = process.env['CTC_TEST_OPTIMUS_TOKEN'];
  describeOptimusContract(`the simulator at ${elsewhere}`, () =>
    Promise.resolve({
      optimus: createHttpOptimus({
        baseUrl: elsewhere,
        timeoutMs: 60_000,
        ...(token === undefined ? {} : { token }),
      }),
      close: () => Promise.resolve(),
    }),
  );
}

describe('an external simulator that misbehaves', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  const serve = async (answer: RequestListener): Promise<string> => {
    const server = createServer(answer);
    servers.push(server);
    return listen(server);
  };

  it('gives the same front as the engine behind it, and what finds none is unavailable', async () => {
    const engine = createEmbeddedOptimus();
    const app = await buildOptimusApp(engine);
    const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
    const request = { x: 'monthlyCost', y: 'availability', points: 4 } as const;
    const input = exampleSimulationInput();
    const front = await createHttpOptimus({ baseUrl, timeoutMs: 60_000 }).findFront(input, request);
    expect(front).toEqual(await engine.findFront(input, request));
    expect(front.points.length).toBeGreaterThan(1);
    await app.close();
    await engine.close();

    const without = await serve((_request, response) => response.writeHead(404).end());
    await expect(
      createHttpOptimus({ baseUrl: without, timeoutMs: 5_000 }).findFront(input, request),
    ).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('fronts') });
  });

  it('lets nobody in who has not its token', async () => {
    const engine = createEmbeddedOptimus();
    const app = await buildOptimusApp(engine, { token: 'the-right-one' });
    const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
    for (const token of [undefined, 'the-wrong-one']) {
      const options = { baseUrl, timeoutMs: 5_000, ...(token === undefined ? {} : { token }) };
      await expect(
        createHttpOptimus(options).simulate(exampleSimulationInput()),
      ).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining('403') });
    }
    await app.close();
    await engine.close();
  });

  it('is asked again while it is overloaded', async () => {
    const engine = createEmbeddedOptimus();
    let refusals = 2;
    const inner = await buildOptimusApp(engine, { prefix: '/optimus' });
    await inner.ready();
    const baseUrl = await serve((request, response) => {
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(503).end();
        return;
      }
      inner.routing(request, response);
    });
    const { status } = await createHttpOptimus({ baseUrl, timeoutMs: 60_000 }).simulate(
      exampleSimulationInput(),
    );
    expect(status).toBe('optimal');
    expect(refusals).toBe(0);
    await engine.close();
  });

  const answering =
    (body: string): RequestListener =>
    (_request, response) => {
      response.end(body);
    };
  const aboutOtherInputs = {
    engine: { name: 'x', version: '1' },
    inputsHash: 'a'.repeat(64),
    status: 'infeasible',
    placements: [],
    rejectedDatacentres: [],
    contradictions: [],
  };
  const misbehaviours: readonly { what: string; answer: RequestListener; words: RegExp }[] = [
    { what: 'never answers', answer: () => {}, words: /did not answer within 300 ms/ },
    { what: 'answers what is not JSON', answer: answering('<html>'), words: /not JSON/ },
    {
      what: 'answers about other inputs',
      answer: answering(JSON.stringify(aboutOtherInputs)),
      words: /of other inputs/,
    },
    {
      what: 'leaves out what the contract demands',
      answer: answering('{"status":"optimal"}'),
      words: /engine/,
    },
  ];
  it.each(misbehaviours)('is not believed when it $what', async ({ answer, words }) => {
    const baseUrl = await serve(answer);
    const asked = createHttpOptimus({ baseUrl, timeoutMs: 300 }).simulate(exampleSimulationInput());
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(asked).rejects.toThrow(words);
  });

  it('is unavailable when nothing listens', async () => {
    const server = createServer();
    const baseUrl = await listen(server);
    server.close();
    await once(server, 'close');
    await expect(
      createHttpOptimus({ baseUrl, timeoutMs: 300 }).simulate(exampleSimulationInput()),
    ).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('passes on why it refuses an input', async () => {
    const baseUrl = await serve((_request, response) => {
      response.writeHead(400).end('the moon is wrong');
    });
    await expect(
      createHttpOptimus({ baseUrl, timeoutMs: 5_000 }).simulate(exampleSimulationInput()),
    ).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('the moon is wrong'),
    });
  });
});
