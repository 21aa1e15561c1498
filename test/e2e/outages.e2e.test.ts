import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { getChange } from '../../cli/commands/get-change.ts';
import {
  approve,
  crash,
  registerShop,
  releaseRequest,
  request,
  startE2eSystem,
  until,
  untilChange,
  untilLogged,
  type E2eSystem,
} from '../support/e2e-system.ts';

describe('a system whose servers fail', () => {
  let system: E2eSystem;

  beforeAll(async () => {
    system = await startE2eSystem();
    await registerShop(system.people, [
      { version: '1.0.0', like: '1.0.0', startDelayMs: 700 },
      { version: '1.0.1', like: '1.0.0', startDelayMs: 600 },
    ]);
  });

  afterAll(async () => {
    await system.stop();
  });

  it('completes a deployment during which PostgreSQL, the API and Temporal were killed', async () => {
    const { ana, oscar } = system.people;
    const { label } = await request(ana, releaseRequest('1.0.0'));
    await approve(oscar, label);
    await untilLogged(ana, label, 'Wave 1 of 3');
    await crash(system, 'postgres');
    await untilLogged(ana, label, 'Wave 2 of 3');
    await crash(system, 'api');
    await crash(system, 'temporal');

    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
    expect(done.attempts).toHaveLength(1);
  });

  it('takes a request while Temporal does not answer, refuses decisions meanwhile, and starts it by itself later', async () => {
    const { ana, oscar } = system.people;
    const temporal = system.stack.pids()['temporal'] ?? 0;
    process.kill(temporal, 'SIGSTOP');
    let label: string;
    try {
      const requested = await answerOf(
        ana.api.POST('/changes', {
          params: { header: onceHeaders() },
          body: releaseRequest('1.0.1'),
        }),
      );
      ({ label } = requested);
      expect(requested.state).toBe('requested');
      const ready = await fetch(`${system.stack.apiUrl}/readyz`);
      expect(await ready.json()).toMatchObject({ ok: true, temporal: { ok: false } });

      const decision = await oscar.api.POST('/changes/{change}/decisions', {
        params: {
          path: { change: label },
          header: { ...onceHeaders(), 'if-match': `"v${requested.version}"` },
        },
        body: { decision: 'approved', reason: 'an end-to-end test' },
      });
      expect(decision.response.status).toBe(503);
      expect(decision.error).toMatchObject({ type: 'urn:ctc:problem:workflow-engine-unavailable' });
    } finally {
      process.kill(temporal, 'SIGCONT');
    }
    await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
    await approve(oscar, label);
    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
  });

  it('loses no request that it acknowledged, however often the API is killed', async () => {
    const { ana } = system.people;
    const acknowledged: string[] = [];
    const manual = {
      kind: 'infrastructure',
      title: 'Label the cables of a rack',
      reason: 'an end-to-end test',
      department: 'network',
      window: { start: '2031-01-01T00:00', end: '2031-01-01T01:00', zone: 'UTC' },
      steps: ['label them'],
      rollbackSteps: ['take the labels off'],
    } as never;
    for (let round = 0; round < 3; round += 1) {
      const headers = onceHeaders();
      const sent = Array.from({ length: 5 }, () => onceHeaders());
      const killing = crash(system, 'api');
      for (const header of [headers, ...sent]) {
        // The same key again until an answer arrives: what happened before the kill is not repeated.
        const requested = await until(
          async () =>
            ana.api
              .POST('/changes', { params: { header }, body: manual })
              .then(({ data }) => data)
              .catch(() => undefined),
          'the request is answered',
        );
        acknowledged.push(requested.label);
      }
      await killing;
    }
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    for (const label of acknowledged) {
      const change = await untilChange(ana, label, ({ state }) => state === 'awaiting-approval');
      expect((await getChange(ana, change.label)).requester).toBe('ana');
    }
    const { rows } = await answerOf(
      ana.api.GET('/changes', {
        params: { query: { text: 'Label the cables', limit: 200 } as never },
      }),
    );
    expect(rows).toHaveLength(acknowledged.length);
  });
});
