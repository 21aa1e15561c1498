import { randomUUID } from 'node:crypto';
import knex, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { followLog, type LogLine } from '../../cli/follow-log.ts';
import { startE2eSystem, until, untilChange, type E2eSystem } from '../support/e2e-system.ts';

const body = (title: string): never =>
  ({
    kind: 'infrastructure',
    title,
    reason: 'an end-to-end test',
    department: 'network',
    window: { start: '2031-01-01T00:00', end: '2031-01-01T01:00', zone: 'UTC' },
    steps: ['do it'],
    rollbackSteps: ['undo it'],
  }) as never;

describe('readers', () => {
  let system: E2eSystem;
  let database: Knex;

  beforeAll(async () => {
    system = await startE2eSystem();
    database = knex({ client: 'pg', connection: system.stack.databaseUrl });
  });

  afterAll(async () => {
    await database.destroy();
    await system.stop();
  });

  const ask = async (title: string): Promise<string> => {
    const { label } = await answerOf(
      system.people.ana.api.POST('/changes', {
        params: { header: onceHeaders() },
        body: body(title),
      }),
    );
    return label;
  };

  it('walk a list page by page without gap or repetition while it grows', async () => {
    const asked = new Set<string>();
    for (let n = 0; n < 45; n += 1) asked.add(await ask(`Paged ${n}`));
    const seen: string[] = [];
    let next: string | undefined = '/changes?limit=10&text=Paged';
    while (next !== undefined) {
      const response: Response = await fetch(`${system.stack.apiUrl}${next}`, {
        headers: { authorization: `Bearer ${system.people.ana.token}` },
      });
      const { rows } = (await response.json()) as { rows: { label: string }[] };
      seen.push(...rows.map(({ label }) => label));
      await ask('Paged meanwhile');
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toHaveLength(new Set(seen).size);
    expect(new Set(seen)).toEqual(asked);
  });

  it('follow a log live, and go on after the last line they saw when the connection was lost', async () => {
    const label = await ask('Followed');
    const { ana, oscar } = system.people;
    const controller = new AbortController();
    const lines: LogLine[] = [];
    const following = (async () => {
      for await (const line of followLog(ana, label, {
        untilEnded: true,
        signal: controller.signal,
      })) {
        lines.push(line);
      }
    })();
    await until(
      () => Promise.resolve(lines.some(({ to }) => to === 'awaiting-approval')),
      'the first lines arrive',
    );
    // The stream breaks, and the reader must come back by itself without losing or repeating a line.
    const before = system.stack.pids()['api'];
    process.kill(before ?? 0, 'SIGKILL');
    const { version } = await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    const rejected = await oscar.api.POST('/changes/{change}/decisions', {
      params: {
        path: { change: label },
        header: { ...onceHeaders(), 'if-match': `"v${version}"` },
      },
      body: { decision: 'rejected', reason: 'an end-to-end test' },
    });
    expect(rejected.response.status).toBe(200);
    await following;
    expect(lines.map(({ to }) => to)).toEqual([
      'requested',
      'assessed',
      'awaiting-approval',
      'rejected',
    ]);

    const resumed = await fetch(`${ana.apiUrl}/changes/${label}/events?until=ended`, {
      headers: { authorization: `Bearer ${ana.token}`, 'last-event-id': String(lines[1]?.id) },
    });
    const text = await resumed.text();
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual(
      lines.slice(2).map(({ id }) => id),
    );
  });

  it('get the first answer again when the process that began the request died before it answered', async () => {
    const { ana } = system.people;
    const key = randomUUID();
    const send = async (): Promise<{ id: string }> =>
      answerOf(
        ana.api.POST('/changes', {
          params: { header: { 'idempotency-key': key } },
          body: body('Half answered'),
        }),
      );
    const first = await send();
    // As it is after a crash between the effect and the answer: claimed, and nobody renews the claim.
    await database('idempotency_key')
      .where({ key })
      .update({
        state: 'in-progress',
        status: null,
        headers: null,
        body: null,
        locked_until: new Date(Date.now() - 1_000),
      });
    const again = await send();
    expect(again.id).toBe(first.id);
    const { rows } = await answerOf(
      ana.api.GET('/changes', { params: { query: { text: 'Half answered' } as never } }),
    );
    expect(rows).toHaveLength(1);
  });
});
