import { randomUUID } from 'node:crypto';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf } from '../../cli/client.ts';
import { startE2eSystem, until, type E2eSystem } from '../support/e2e-system.ts';

const requests = 1_000;
const atOnce = 25;

const body = (title: string): string =>
  JSON.stringify({
    kind: 'infrastructure',
    title,
    reason: 'an end-to-end test',
    department: 'network',
    window: { start: '2031-01-01T00:00', end: '2031-01-01T01:00', zone: 'UTC' },
    steps: ['do it'],
    rollbackSteps: ['undo it'],
  });

describe('requests that are sent several times', () => {
  let system: E2eSystem;
  let database: Knex;
  let tokens: string[];

  beforeAll(async () => {
    // Without a worker: the requests are what is looked at, not what becomes of them.
    system = await startE2eSystem({}, { worker: false });
    database = knex({ client: 'pg', connection: system.stack.databaseUrl });
    tokens = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const { secret } = await answerOf(
          system.administrator.api.POST('/principals/{principal}/tokens', {
            params: { path: { principal: 'ana' } },
            body: { label: `token ${n}`, expiresAt: null },
          }),
        );
        return secret;
      }),
    );
  });

  afterAll(async () => {
    await database.destroy();
    await system.stop();
  });

  const post = (token: string, key: string, text: string): Promise<Response> =>
    fetch(`${system.stack.apiUrl}/changes`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: text,
    });
  const problemOf = async (response: Response): Promise<unknown> =>
    ((await response.json()) as { type?: string }).type;

  it('have one effect each: 1,000 requests, each three times at once', async () => {
    const pending = Array.from({ length: requests }, (_, n) => n);
    let inProgress = 0;
    const labels = new Map<number, Set<string>>();
    const sendThrice = async (n: number): Promise<void> => {
      const key = `request-${n}-${randomUUID()}`;
      const answers = await Promise.all(
        tokens.map((token) =>
          until(async () => {
            const response = await post(token, key, body(`Request ${n}`));
            if (response.status === 201)
              return ((await response.json()) as { label: string }).label;
            expect(response.status).toBe(409);
            expect(await problemOf(response)).toBe('urn:ctc:problem:request-in-progress');
            inProgress += 1;
            return undefined;
          }, `request ${n} is answered`),
        ),
      );
      labels.set(n, new Set(answers));
    };
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let n = pending.shift(); n !== undefined; n = pending.shift()) await sendThrice(n);
      }),
    );
    for (const [n, seen] of labels) expect(seen.size, `answers to request ${n}`).toBe(1);
    const [row] = await database('change').count<{ count: string }[]>('* as count');
    expect(Number(row?.count)).toBe(requests);
    // Otherwise the three never met, and nothing was shown.
    expect(inProgress).toBeGreaterThan(0);
    await until(async () => {
      const [open] = await database('outbox')
        .whereNull('dispatched_at')
        .count<{ count: string }[]>('* as count');
      return Number(open?.count) === 0;
    }, 'every accepted request is handed to the workflow engine');
  });

  it('are refused when the key comes with another body', async () => {
    const [token = ''] = tokens;
    const key = randomUUID();
    expect((await post(token, key, body('The first'))).status).toBe(201);
    const other = await post(token, key, body('Another'));
    expect(other.status).toBe(422);
    expect(await problemOf(other)).toBe('urn:ctc:problem:idempotency-key-reused');
  });

  it('are told to wait while the first is being worked on, and then get its answer', async () => {
    const [token = ''] = tokens;
    const key = randomUUID();
    const lock = await database.transaction();
    await lock.raw('lock table change in exclusive mode');
    const first = post(token, key, body('Slow'));
    try {
      await until(async () => {
        const claim = await database('idempotency_key').where({ key }).first<object | undefined>();
        return claim !== undefined;
      }, 'the first is being worked on');
      const second = await post(token, key, body('Slow'));
      expect(second.status).toBe(409);
      expect(await problemOf(second)).toBe('urn:ctc:problem:request-in-progress');
    } finally {
      await lock.rollback();
    }
    const answer = await first;
    expect(answer.status).toBe(201);
    const replayed = await post(token, key, body('Slow'));
    expect(replayed.headers.get('idempotency-replayed')).toBe('true');
    expect(await replayed.text()).toBe(await answer.text());
  });
});
