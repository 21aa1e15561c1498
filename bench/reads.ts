import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Agent, request as send } from 'undici';
import { answerOf, onceHeaders } from '../cli/client.ts';
import { startE2eSystem } from '../test/support/e2e-system.ts';
import { compare } from './measure.ts';

const changes = 60;
const readsARound = 2_000;
const rounds = 5;
const atOnce = 16;

/**
 * `GET /changes` beside a bare Fastify route that sends the rows of the same query: what tokens, rate limit,
 * schema and shape cost. Both are processes of their own on the same database, asked in turn.
 */
export async function benchReads(): Promise<void> {
  const system = await startE2eSystem({ CTC_LOG_LEVEL: 'error' }, { worker: false });
  const { people, stack } = system;
  for (let n = 0; n < changes; n += 1) {
    await answerOf(
      people.ana.api.POST('/changes', {
        params: { header: onceHeaders() },
        body: {
          kind: 'licensing',
          title: `Renew licence ${n}`,
          reason: 'a benchmark',
          department: 'web-platform',
          window: { start: '2031-01-01T00:00', end: '2031-01-01T01:00', zone: 'UTC' },
          steps: ['renew it'],
          rollbackSteps: ['return it'],
        } as never,
      }),
    );
  }
  const bare = fork(join(import.meta.dirname, 'bare', 'bare-route.ts'), [stack.databaseUrl]);
  const [{ port }] = (await once(bare, 'message')) as [{ port: number }];
  const agent = new Agent({ connections: atOnce });
  const tokens = await Promise.all(
    Array.from({ length: rounds + 1 }, async (_, n) => {
      const { secret } = await answerOf(
        system.administrator.api.POST('/principals/{principal}/tokens', {
          params: { path: { principal: 'ana' } },
          body: { label: `bench ${n}`, expiresAt: null },
        }),
      );
      return secret;
    }),
  );

  const perSecond = async (url: string, headers: Record<string, string>): Promise<number> => {
    let left = readsARound;
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left > 0) {
          left -= 1;
          const { statusCode, body } = await send(url, { dispatcher: agent, headers });
          await body.text();
          if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}.`);
        }
      }),
    );
    return (readsARound * 1000) / (performance.now() - startedMs);
  };
  // A token of its own for each round: the rate limit counts by token.
  const ours = (): Promise<number> =>
    perSecond(`${stack.apiUrl}/changes?limit=50`, {
      authorization: `Bearer ${tokens.pop() ?? ''}`,
    });
  const theirs = (): Promise<number> => perSecond(`http://127.0.0.1:${port}/changes`, {});
  try {
    await theirs();
    await ours();
    await compare({
      unit: 'a second',
      rounds,
      bare: { name: 'bare Fastify route, same query, 50 rows', rate: theirs },
      ours: { name: 'GET /changes, 50 rows', rate: ours },
    });
  } finally {
    bare.disconnect();
    await agent.close();
    await system.stop();
  }
}
