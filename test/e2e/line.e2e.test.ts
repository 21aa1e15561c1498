import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import type { components } from '../../cli/generated/api.d.ts';
import {
  approve,
  crash,
  registerShop,
  releaseRequest,
  request,
  runCtc,
  startE2eSystem,
  untilChange,
  untilLogged,
  type E2eSystem,
} from '../support/e2e-system.ts';

type LineStop = components['schemas']['LineStop'];

const reason = 'smoke in the machine room';

/** Each wave takes its time, so that the first is not over before the line is stopped. */
const baked = (version: string): never =>
  releaseRequest(version, { strategy: { waves: [['mad'], ['bcn'], ['par']], bakeSeconds: 6 } });

describe('a line that is stopped', () => {
  let system: E2eSystem;

  beforeAll(async () => {
    system = await startE2eSystem();
    await registerShop(system.people, [
      { version: '1.0.0', like: '1.0.0' },
      { version: '1.0.1', like: '1.0.0' },
      { version: '1.0.2', like: '1.0.0' },
    ]);
    // A wave of the very first release may need what a later one brings: it would not hold while it bakes.
    const { ana, oscar } = system.people;
    const { label } = await request(ana, releaseRequest('1.0.0'));
    await approve(oscar, label);
    await untilChange(ana, label, ({ outcome }) => outcome === 'completed');
  });

  afterAll(async () => {
    await system.stop();
  });

  const ctc = (token: string, ...args: string[]) => runCtc(system, token, ...args);

  it('holds what runs after its wave, says why, and lets it go on, by the command line', async () => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, baked('1.0.1'));
    await approve(oscar, label);
    await untilLogged(ana, label, 'Bakes in');

    const stopping = ['line', 'stop', '--scope', 'all', '-r', reason];
    const stopped = await ctc(ana.token, '-o', 'name', ...stopping);
    expect(stopped.code).toBe(0);
    const id = stopped.stdout.trim();
    const paused = await untilChange(ana, label, ({ state }) => state === 'paused');
    const [attempt] = paused.attempts;
    expect(attempt?.sites.length).toBeLessThan(attempt?.waves.flat().length ?? 0);

    const why = await ctc(ana.token, 'change', 'why', label);
    expect(why.stdout).toContain(`all deployments are stopped by ana: ${reason}`);
    expect(why.stdout).toContain(`ctc line resume ${id}`);
    const listed = await ctc(ana.token, '-o', 'json', 'line', 'list');
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id, covered: 1, paused: 1 }]);

    // Whoever sees danger may stop the line; to let it go on takes somebody who decides.
    const lifting = ['line', 'resume', id, '-r', 'the smoke is gone'];
    expect((await ctc(ana.token, ...lifting)).code).toBe(4);
    expect((await ctc(oscar.token, ...lifting)).code).toBe(0);
    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
    expect((await ctc(ana.token, 'line', 'list')).stdout).not.toContain(id);
    const { stdout: log } = await ctc(ana.token, 'change', 'log', label);
    expect(log).toContain('lifted by oscar');
    expect(log).toContain('Goes on where it was: deploying.');
    // Whoever stopped it needs no alert; whoever approved the change does.
    const unread = await answerOf(oscar.api.GET('/alerts', { params: { query: {} } } as never));
    expect(JSON.stringify(unread)).toContain('The line is stopped');
  });

  it('is stopped for good although the API dies before it could tell anybody', async () => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, baked('1.0.2'));
    await approve(oscar, label);
    await untilLogged(ana, label, 'Bakes in');
    const temporal = system.stack.pids()['temporal'] ?? 0;
    process.kill(temporal, 'SIGSTOP');
    let stop: LineStop;
    try {
      stop = await answerOf(
        ana.api.POST('/line-stops', {
          params: { header: onceHeaders() },
          body: { scope: { kind: 'datacentre', id: 'par' }, reason },
        }),
      );
      await crash(system, 'api');
    } finally {
      process.kill(temporal, 'SIGCONT');
    }
    await untilChange(ana, label, ({ state }) => state === 'paused');
    await untilLogged(ana, label, 'The line is stopped (deployments of datacentre par)');
    await crash(system, 'worker');
    const lifted = await answerOf(
      oscar.api.POST('/line-stops/{id}/lift', {
        params: { path: { id: stop.id }, header: onceHeaders() },
        body: { reason: 'the smoke is gone' },
      }),
    );
    expect(lifted.resumed).toMatchObject({ by: 'oscar' });
    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
  });

  it('needs a reason, a scope that exists, and somebody who may', async () => {
    const { ana } = system.people;
    const ask = (body: object) =>
      ana.api.POST('/line-stops', { params: { header: onceHeaders() }, body: body as never });
    expect((await ask({ scope: { kind: 'all' }, reason: ' ' })).response.status).toBe(422);
    const unknown = await ask({ scope: { kind: 'datacentre', id: 'nowhere' }, reason });
    expect(unknown.response.status).toBe(422);
    expect((await ctc(ana.token, 'line', 'stop', '--scope', 'mad', '-r', reason)).code).toBe(2);
  });
});
