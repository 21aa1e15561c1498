import { describe, expect, it } from 'vitest';
import { createChangeReader } from '../../adapters/postgres/change-reader.ts';
import { createLineStopRegister } from '../../adapters/postgres/line-stop-register.ts';
import { createWaitReader } from '../../adapters/postgres/wait-reader.ts';
import { createPendingSteps } from '../../adapters/temporal/pending-steps.ts';
import { explainEnding, type Ending } from '../../domain/change/ending.ts';
import { explainWaits, type PendingStep, type Wait } from '../../domain/change/why.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs, hourMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();

interface Answer {
  readonly waits: readonly Wait[];
  readonly ending: Ending | null;
  readonly pending: readonly PendingStep[] | null;
}
/** What the API answers. */
async function why(id: string): Promise<Answer> {
  const { database, environment } = harness;
  const engine = { freeWindows: () => Promise.resolve([]) };
  const facts = await createWaitReader(database, createChangeReader({ database, engine })).facts(
    id,
  );
  const pending = await createPendingSteps(environment.client)(id);
  return { waits: explainWaits(facts, pending), ending: explainEnding(facts), pending };
}
async function untilWhy(id: string, reached: (answer: Answer) => boolean): Promise<Answer> {
  let answer = await why(id);
  for (let looks = 0; looks < 100 && !reached(answer); looks += 1) {
    await harness.sleep(1_000);
    answer = await why(id);
  }
  return answer;
}
const release = async (body: object = {}, window = { opensInMs: 0, lengthMs: hourMs }) =>
  harness.requestRelease(await harness.registerApplication(), '1.0.0', {
    body: { ...body },
    window,
  });

describe('why a change does not move', () => {
  it('is a missed window, and the stop of the line that it was missed under', async () => {
    const at = new Date(await harness.nowMs()).toISOString();
    const register = createLineStopRegister({ database: harness.database, now: () => at });
    const stop = await register.stop({
      scope: { kind: 'all' },
      reason: 'smoke in the machine room',
      by: 'sergio',
      requestKey: 'why-missed',
    });
    const id = await release();
    await harness.approve(id);
    await harness.untilState(id, 'paused');
    expect(await why(id)).toMatchObject({ waits: [{ kind: 'line' }], ending: null });
    await harness.sleep(2 * hourMs);
    await harness.untilState(id, 'expired');
    expect(await why(id)).toMatchObject({
      waits: [],
      ending: { kind: 'missed-window', stops: [{ id: stop.id, by: 'sergio' }] },
    });
    await register.resume(stop.id, 'olga', 'the smoke is gone');
  });

  it('is an approval, by whom and until when, and then its window', async () => {
    const id = await release({}, { opensInMs: dayMs, lengthMs: hourMs });
    await harness.untilState(id, 'awaiting-approval');
    const { waits } = await why(id);
    expect(waits[0]).toMatchObject({
      kind: 'approval',
      who: ['marta', 'olga', 'sergio'],
      approvals: { needed: 1, given: [] },
    });
    expect(Date.parse(waits[0]?.wakesAt ?? '')).toBeGreaterThan(await harness.nowMs());
    await harness.approve(id);
    expect((await why(id)).waits).toMatchObject([{ kind: 'window', who: [] }]);
  });

  it('is the change that holds its target, and the step that is tried again', async () => {
    const other = await release({}, { opensInMs: 10 * dayMs, lengthMs: hourMs });
    const id = await release();
    await harness.untilState(id, 'awaiting-approval');
    const { application } = await harness
      .database('change')
      .where({ id })
      .first<{ application: string }>('application');
    await harness.database('target_lease').insert({
      application,
      datacentre: 'mad',
      token: 1,
      change_id: other,
      attempt: 1,
      acquired_at: new Date().toISOString(),
    });
    await harness.approve(id);
    const { waits } = await untilWhy(id, ({ pending }) =>
      (pending ?? []).some(({ failure }) => failure !== undefined),
    );
    expect(waits.map(({ kind }) => kind)).toEqual(['target', 'simulation']);
    expect(waits[0]).toMatchObject({ holder: { datacentre: 'mad' } });
    expect(waits[1]?.detail).toMatch(/failed: shop-\w+ in mad is held by CHG-\d+/);
    await harness.database('target_lease').where({ application }).delete();
    await harness.untilState(id, 'completed');
    expect((await why(id)).waits).toEqual([]);
  });

  it('is a bake, with the evidence that is left', async () => {
    const id = await release({ strategy: { bakeSeconds: 1, bakeSamples: 60 } });
    await harness.approve(id);
    const { waits, pending } = await untilWhy(id, (answer) =>
      (answer.pending ?? []).some(({ seen }) => seen !== undefined),
    );
    expect(pending?.[0]).toMatchObject({ step: 'bakeSite', seen: [{ entry: 'web', wanted: 60 }] });
    expect(waits[0]).toMatchObject({
      kind: 'bake',
      bake: { samplesLeft: expect.any(Number) as number },
    });
    expect(waits[0]?.detail).toMatch(/of 60 samples of web/);
  });

  it('is a hold, by whom and why', async () => {
    const id = await release();
    await harness.untilState(id, 'awaiting-approval');
    harness.datacentres.let({ datacentre: 'mad' }, { state: 'starting' });
    await harness.approve(id);
    await harness.untilState(id, 'deploying');
    await harness.send(id, 'pause', { by: 'olga', reason: 'I look at it first' });
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    expect((await why(id)).waits[0]).toMatchObject({
      kind: 'resume',
      who: ['olga'],
      hold: { by: 'olga', reason: 'I look at it first' },
      wakesAt: null,
    });
  });
});
