import { describe, expect, it } from 'vitest';
import { createWayBackReader } from '../../adapters/postgres/way-back-reader.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs, hourMs, minuteMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const olga = { by: 'olga', reason: 'it must be so' };

/** An application whose release 1.0.0 was verified and closed. */
async function runningApplication(): Promise<string> {
  const application = await harness.registerApplication();
  const first = await harness.requestRelease(application, '1.0.0', { body: { class: 'standard' } });
  await harness.approve(first);
  await harness.untilState(first, 'closed');
  return application;
}

async function approvedRelease(
  application: string,
  release: string,
  strategy: Record<string, unknown> = {},
): Promise<string> {
  const id = await harness.requestRelease(application, release, { body: { strategy } });
  await harness.approve(id);
  return id;
}

const releases = (application: string): string[] => [
  ...new Set(Object.values(harness.datacentres.running(application))),
];
const isIn = (application: string, datacentre: string): boolean =>
  Object.keys(harness.datacentres.running(application)).some((key) =>
    key.startsWith(`${datacentre}/`),
  );
const messages = async (id: string): Promise<string> =>
  (await harness.log(id)).map(({ message }) => message).join('\n');
const states = async (id: string): Promise<(string | null)[]> =>
  (await harness.log(id)).map(({ to }) => to).filter((to) => to !== null);
const untilIn = (id: string, application: string, datacentre: string) =>
  harness.until(id, () => isIn(application, datacentre), `a wave in ${datacentre}`);

describe('a release', () => {
  it('waits three days for its window, then is deployed, verified and completed', async () => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', {
      window: { opensInMs: 3 * dayMs, lengthMs: 2 * hourMs },
    });
    expect((await harness.approve(id)).state).toBe('scheduled');
    const opensAt = (await harness.change(id)).waitingFor?.until ?? '';
    await harness.sleep(3 * dayMs - minuteMs);
    expect((await harness.change(id)).state).toBe('scheduled');
    expect(harness.datacentres.running(application)).toEqual({});

    await harness.sleep(minuteMs);
    await harness.untilState(id, 'completed');
    const opened = (await harness.log(id)).find(({ event }) => event === 'open-window');
    expect(Date.parse(opened?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(opensAt));
    expect(Date.parse(opened?.at ?? '')).toBeLessThan(Date.parse(opensAt) + minuteMs);
    expect(releases(application)).toEqual(['1.0.0']);
    const verified = await harness.database('verified_deployment').where({ change_id: id });
    expect(verified).toMatchObject([{ application, attempt: 1, release_version: '1.0.0' }]);
  });

  it('is simulated and deployed again when a requirement is violated, and then completes', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ component: 'web', datacentre: 'mad' }, { durationMs: 400 });
    const id = await approvedRelease(application, '1.0.0');
    await harness.untilState(id, 'completed');
    expect(await states(id)).toEqual(
      expect.arrayContaining(['verifying', 'deciding', 're-simulating', 'redeploying']),
    );
    expect(harness.datacentres.running(application)).not.toHaveProperty('mad/web');
    const verified = await harness.database('verified_deployment').where({ change_id: id });
    expect(verified).toMatchObject([{ attempt: 2 }]);
  });

  it('is redeployed elsewhere when a datacentre fails', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ component: 'api', datacentre: 'mad' }, { state: 'failed' });
    const id = await approvedRelease(application, '1.0.0');
    await harness.untilState(id, 'completed');
    expect(harness.datacentres.running(application)).not.toHaveProperty('mad/api');
  });

  it('that crashes everywhere is rolled back to the last verified release', async () => {
    const application = await runningApplication();
    const before = harness.datacentres.running(application);
    harness.datacentres.let({ component: 'api', release: '2.0.0' }, { state: 'failed' });
    const id = await approvedRelease(application, '2.0.0');
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.running(application)).toEqual(before);
    expect(await harness.database('verified_deployment').where({ change_id: id })).toEqual([]);
    const wayBacks = createWayBackReader(harness.database);
    const { rollbacks, ...planned } = await wayBacks.wayBack(id);
    expect(planned).toMatchObject({
      kind: 'restore-release',
      plan: ['Release 1.0.0, verified before, is restored.'],
      tested: 'planned',
      estimatedMinutes: null,
    });
    expect(rollbacks).toMatchObject([{ decidedBy: 'workflow', outcome: 'rolled-back' }]);
    expect(rollbacks[0]?.minutes).toBeGreaterThanOrEqual(0);
    const [rolledBack] = rollbacks;
    expect(rolledBack?.sites.map(({ outcome }) => outcome)).toEqual(
      rolledBack?.sites.map(() => 'restored'),
    );
    expect(rolledBack?.sites.length).toBeGreaterThan(0);

    // What went back before tells how long it takes, and that it can.
    const next = await approvedRelease(application, '1.0.0');
    expect(await wayBacks.wayBack(next)).toMatchObject({
      tested: 'tested',
      rollbacks: [],
    });
  });

  it('that crashes everywhere is removed where there was no release before it', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ component: 'api' }, { state: 'failed' });
    const id = await approvedRelease(application, '1.0.0');
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.running(application)).toEqual({});
    const held = await harness
      .database('target_lease')
      .where({ application })
      .whereNull('released_at');
    expect(held).toEqual([]);
  });

  it('is never taken for good on too little evidence', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ component: 'web', release: '2.0.0' }, { samples: 4 });
    const id = await approvedRelease(application, '2.0.0');
    await harness.untilState(id, 'rolled-back');
    expect(await states(id)).not.toContain('completed');
    expect((await harness.log(id)).map(({ event }) => event)).toContain('lack-evidence');
    expect(releases(application)).toEqual(['1.0.0']);
  });

  it('is cancelled untouched when no placement meets its requirements', async () => {
    const application = await harness.registerApplication({
      nfrs: {
        availability: { minPercent: 99.9 },
        monthlyCost: { max: 1, currency: 'EUR' },
        responseTime: { p95MaxMs: 250 },
        location: { countries: ['ES', 'FR'] },
      },
    });
    const id = await approvedRelease(application, '1.0.0');
    await harness.untilState(id, 'cancelled');
    expect(harness.datacentres.running(application)).toEqual({});
  });

  it('starts no wave that the window no longer covers, and is rolled back', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ datacentre: 'bcn' }, { state: 'starting' });
    const id = await approvedRelease(application, '1.0.0');
    await untilIn(id, application, 'bcn');
    await harness.send(id, 'pause', olga);
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await harness.sleep(58.5 * minuteMs);
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'rolled-back');
    expect(await messages(id)).toContain('Wave 3 is not started');
    expect(await messages(id)).not.toContain('Wave 3 of 3');
    expect(harness.datacentres.running(application)).toEqual({});
  });
});

describe('a rollback that fails in one datacentre', () => {
  it('leaves the change incomplete until somebody tries it again', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ datacentre: 'par', release: '2.0.0' }, { state: 'starting' });
    const id = await approvedRelease(application, '2.0.0', { maxRedeployments: 0 });
    await harness.until(
      id,
      () => harness.datacentres.running(application)['par/web'] === '2.0.0',
      'the wave in par',
    );
    harness.datacentres.setReachable('bcn', false);
    harness.datacentres.let({ datacentre: 'par', release: '2.0.0' }, { state: 'failed' });
    await harness.untilState(id, 'rollback-incomplete');
    expect(releases(application).sort()).toEqual(['1.0.0', '2.0.0']);
    expect(await messages(id)).toContain('bcn: unreachable');

    harness.datacentres.setReachable('bcn', true);
    await harness.send(id, 'retryRollback', olga);
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(['1.0.0']);
  });
});

describe('a cancellation', () => {
  it('ends a change that awaits approval, and one that is scheduled, untouched', async () => {
    const application = await harness.registerApplication();
    const window = { opensInMs: dayMs, lengthMs: hourMs };
    const waiting = await harness.requestRelease(application, '1.0.0', { window });
    await harness.untilState(waiting, 'awaiting-approval');
    await harness.send(waiting, 'cancel', olga);
    expect((await harness.change(waiting)).state).toBe('cancelled');

    const scheduled = await harness.requestRelease(application, '1.0.0', { window });
    await harness.approve(scheduled);
    await harness.send(scheduled, 'cancel', olga);
    expect((await harness.change(scheduled)).state).toBe('cancelled');
    await harness.sleep(2 * dayMs);
    expect(harness.datacentres.running(application)).toEqual({});
  });

  it('in the middle of a wave is rolled back: everything of it is removed', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ datacentre: 'bcn' }, { state: 'starting' });
    const id = await approvedRelease(application, '1.0.0');
    await untilIn(id, application, 'bcn');
    await harness.send(id, 'cancel', olga);
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.running(application)).toEqual({});
    expect(await messages(id)).toContain('olga stopped it: it must be so');
    await expect(harness.send(id, 'cancel', olga)).rejects.toMatchObject({ code: 'wrong-state' });
  });

  it('by the workflow engine in the middle of a wave is rolled back too', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ datacentre: 'bcn', release: '2.0.0' }, { state: 'starting' });
    const id = await approvedRelease(application, '2.0.0');
    await harness.until(
      id,
      () => harness.datacentres.running(application)['bcn/store'] === '2.0.0',
      'the wave in bcn',
    );
    await harness.environment.client.workflow.getHandle(`change/${id}`).cancel();
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(['1.0.0']);
  });

  it('by the workflow engine before anything was touched leaves no change behind that waits', async () => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', {
      window: { opensInMs: dayMs, lengthMs: hourMs },
    });
    await harness.approve(id);
    await harness.environment.client.workflow.getHandle(`change/${id}`).cancel();
    await harness.untilState(id, 'cancelled');
  });
});

describe('a pause', () => {
  it('holds a scheduled change past its window, which it then misses', async () => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', {
      window: { opensInMs: dayMs, lengthMs: 2 * hourMs, latestStartInMs: dayMs + hourMs },
    });
    await harness.approve(id);
    await harness.send(id, 'pause', olga);
    await harness.sleep(dayMs + 1.5 * hourMs);
    expect((await harness.change(id)).state).toBe('paused');
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'expired');
    expect(await messages(id)).toContain('latest start');
    expect(harness.datacentres.running(application)).toEqual({});
  });

  it('of a scheduled change ends in time when it is resumed before the latest start', async () => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', {
      window: { opensInMs: dayMs, lengthMs: 2 * hourMs },
    });
    await harness.approve(id);
    await harness.send(id, 'pause', olga);
    await harness.sleep(dayMs + minuteMs);
    expect((await harness.change(id)).state).toBe('paused');
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'completed');
  });

  it('between two waves touches nothing until it is resumed', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ datacentre: 'bcn' }, { state: 'starting' });
    const id = await approvedRelease(application, '1.0.0');
    await untilIn(id, application, 'bcn');
    await harness.send(id, 'pause', olga);
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await harness.sleep(10 * minuteMs);
    expect(isIn(application, 'par')).toBe(false);
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'completed');
    expect(isIn(application, 'par')).toBe(true);
  });

  it('that is cancelled between two waves ends rolled back', async () => {
    const application = await harness.registerApplication();
    harness.datacentres.let({ datacentre: 'bcn' }, { state: 'starting' });
    const id = await approvedRelease(application, '1.0.0');
    await untilIn(id, application, 'bcn');
    await harness.send(id, 'pause', olga);
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await harness.send(id, 'cancel', olga);
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.running(application)).toEqual({});
  });

  it('of a scheduled change can be cancelled', async () => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', {
      window: { opensInMs: dayMs, lengthMs: 2 * hourMs },
    });
    await harness.approve(id);
    await harness.send(id, 'pause', olga);
    await harness.sleep(dayMs + minuteMs);
    await harness.untilState(id, 'paused');
    await harness.send(id, 'cancel', olga);
    await harness.untilState(id, 'cancelled');
    expect(harness.datacentres.running(application)).toEqual({});
  });
});

describe('a datacentre that cannot be reached', () => {
  it('does not hold a change up past its window', async () => {
    const application = await harness.registerApplication();
    for (const datacentre of ['mad', 'bcn', 'par']) {
      harness.datacentres.setReachable(datacentre, false);
    }
    const id = await approvedRelease(application, '1.0.0');
    await harness.untilState(id, 'simulating');
    await harness.sleep(2 * hourMs);
    await harness.untilState(id, 'rolled-back');
    expect(await messages(id)).toContain('the window closed before');
  });
});
