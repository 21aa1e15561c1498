import { describe, expect, it } from 'vitest';
import { createComparisonRegister } from '../../adapters/postgres/comparison-register.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import type { DriftRound } from './drift-watch-workflow.ts';

const harness = useWorkflowHarness();

/** As the schedule starts it. */
const watch = (): Promise<DriftRound> =>
  harness.environment.client.workflow.execute<() => Promise<DriftRound>>('driftWatchWorkflow', {
    ...{ workflowId: 'drift-watch', taskQueue: harness.taskQueue, args: [] },
  });
const events = () =>
  harness
    .database('reported_event')
    .orderBy('number')
    .select<{ title: string; description: string; application: string; reported_by: string }[]>(
      ...['title', 'description', 'application', 'reported_by'],
    );

async function running(): Promise<string> {
  const application = await harness.registerApplication();
  const id = await harness.requestRelease(application, '1.0.0');
  await harness.approve(id);
  await harness.untilState(id, 'completed');
  return application;
}

describe('what changes without a change', () => {
  it('is reported for review, once for as long as it stands, and again when it comes back', async () => {
    const application = await running();
    expect(await watch()).toEqual({ looked: 1, unknown: 0 });
    expect(await events()).toEqual([]);

    const [where = ''] = Object.keys(harness.datacentres.running(application)).filter((key) =>
      key.endsWith('/web'),
    );
    const datacentre = where.split('/')[0] ?? '';
    harness.datacentres.stop(application, datacentre, 'web');
    await watch();
    await watch();
    const [event, ...more] = await events();
    expect(more).toEqual([]);
    expect(event).toMatchObject({ application, reported_by: 'change-detector' });
    expect(event?.title).toBe(`${application} differs in ${datacentre}, and no change did it`);
    expect(event?.description).toContain('web');
    expect(event?.description).toContain('release 1.0.0');
    const told = await harness
      .database('alert')
      .where({ topic: 'event' })
      .pluck<string[]>('recipient');
    expect(told.toSorted()).toEqual(['marta', 'olga', 'sergio']);

    // What differs besides is another drift.
    const [other = ''] = Object.keys(harness.datacentres.running(application));
    const [elsewhere = '', component = ''] = other.split('/');
    harness.datacentres.stop(application, elsewhere, component);
    await watch();
    expect(await events()).toHaveLength(2);

    // Put right, and then wrong again.
    const comparisons = createComparisonRegister(harness.database);
    const report = await comparisons.latestDrift(application);
    if (report === undefined) throw new Error('Nothing was looked at.');
    await comparisons.storeDrift({ ...report, verdict: 'in-step', sites: [] });
    await watch();
    expect(await events()).toHaveLength(3);
  });

  it('keeps nobody from being looked at who can be', async () => {
    const away = await running();
    const near = await running();
    const holding = harness.requestRelease(away, '2.0.0');
    await harness.untilState(await holding, 'awaiting-approval');
    const nearWeb = Object.keys(harness.datacentres.running(near))[0] ?? '';
    const [datacentre = '', component = ''] = nearWeb.split('/');
    harness.datacentres.stop(near, datacentre, component);
    // Somebody holds the first: what differs there would be their work.
    await harness
      .database('target_lease')
      .insert({
        ...{ application: away, datacentre: 'mad', token: 99, attempt: 1 },
        change_id: await holding,
        acquired_at: new Date(),
      })
      .onConflict(['application', 'datacentre'])
      .merge({ released_at: null });
    expect(await watch()).toEqual({ looked: 1, unknown: 1 });
    expect((await events()).map(({ application }) => application)).toEqual([near]);
  });
});
