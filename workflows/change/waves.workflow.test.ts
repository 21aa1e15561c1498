import { describe, expect, it } from 'vitest';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { hourMs, minuteMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const olga = { by: 'olga', reason: 'it must be so' };
const all = ['mad', 'bcn', 'par'];

async function runningApplication(): Promise<string> {
  const application = await harness.registerApplication();
  const first = await harness.requestRelease(application, '1.0.0', { body: { class: 'standard' } });
  await harness.approve(first);
  await harness.untilState(first, 'closed');
  harness.datacentres.effects.length = 0;
  return application;
}
async function deploy(application: string, strategy: object, body: object = {}): Promise<string> {
  const id = await harness.requestRelease(application, '2.0.0', { body: { strategy, ...body } });
  await harness.approve(id);
  return id;
}
const messages = async (id: string): Promise<string> =>
  (await harness.log(id)).map(({ message }) => message).join('\n');
const states = async (id: string): Promise<(string | null)[]> =>
  (await harness.log(id)).map(({ to }) => to).filter((to) => to !== null);
/** `datacentre` → the releases that run there. */
const releases = (application: string): Record<string, string[]> =>
  Object.fromEntries(
    all.map((datacentre) => [
      datacentre,
      [
        ...new Set(
          Object.entries(harness.datacentres.running(application))
            .filter(([key]) => key.startsWith(`${datacentre}/`))
            .map(([, release]) => release),
        ),
      ],
    ]),
  );
const everywhere = (release: string) =>
  Object.fromEntries(all.map((datacentre) => [datacentre, [release]]));
/** The last word on each datacentre. */
const outcomes = async (id: string): Promise<Record<string, string>> => {
  const rows = await harness
    .database('site_outcome')
    .where({ change_id: id })
    .orderBy('attempt')
    .select<{ datacentre: string; outcome: string }[]>('datacentre', 'outcome');
  return Object.fromEntries(rows.map(({ datacentre, outcome }) => [datacentre, outcome]));
};
const waits = async (id: string) => (await harness.change(id)).waitingFor?.what;

describe('a release that goes out in waves', () => {
  it('writes down for each datacentre that it is verified there', async () => {
    const application = await runningApplication();
    const id = await deploy(application, { waves: [['par'], ['mad', 'bcn']] });
    await harness.untilState(id, 'completed');
    expect(harness.datacentres.effects[0]).toBe('apply par');
    expect(await outcomes(id)).toEqual({ mad: 'verified', bcn: 'verified', par: 'verified' });
  });

  it('works on no more datacentres at once than the strategy allows', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ release: '2.0.0' }, { state: 'starting' });
    const id = await deploy(application, { waves: [all], maxConcurrency: 1 });
    await harness.until(id, () => harness.datacentres.effects.length > 0, 'the first datacentre');
    await harness.sleep(5_000);
    expect(harness.datacentres.effects).toHaveLength(1);
    harness.datacentres.heal();
    await harness.untilState(id, 'completed');
    expect(harness.datacentres.effects).toHaveLength(3);
  });

  it('bakes after each wave until it has been seen often enough', async () => {
    const application = await runningApplication();
    const id = await deploy(application, {
      waves: [['mad'], ['bcn', 'par']],
      bakeSeconds: 1,
      bakeSamples: 12,
    });
    await harness.until(id, (change) => change.waitingFor?.what === 'bake', 'the bake');
    expect(releases(application)['bcn']).toEqual(['1.0.0']);
    await harness.untilState(id, 'completed');
    expect(await messages(id)).toMatch(/Baked\. mad: web 1\d of 1\d, p95 40 ms/);
  });

  it('is not carried to the next wave when it does not hold while it bakes', async () => {
    const application = await runningApplication();
    harness.datacentres.let(
      { component: 'web', datacentre: 'mad', release: '2.0.0' },
      { durationMs: 900 },
    );
    const id = await deploy(application, { bakeSeconds: 1, maxRedeployments: 0 });
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(everywhere('1.0.0'));
    expect(await messages(id)).toContain('does not hold (at least');
    expect(harness.datacentres.effects.filter((effect) => effect.startsWith('apply'))).toEqual([
      'apply mad',
    ]);
  });

  it('sends a canary ahead in each datacentre', async () => {
    const application = await runningApplication();
    const id = await deploy(application, {
      waves: [['mad'], ['bcn', 'par']],
      canaryPercent: 20,
      bakeSamples: 5,
    });
    await harness.untilState(id, 'completed');
    expect(harness.datacentres.effects.slice(0, 2)).toEqual(['apply mad canary', 'apply mad']);
    expect(releases(application)).toEqual(everywhere('2.0.0'));
  });

  it('has failed where it is not ready by the progress deadline', async () => {
    const application = await runningApplication();
    harness.datacentres.let(
      { component: 'web', datacentre: 'mad', release: '2.0.0' },
      { state: 'starting' },
    );
    const id = await deploy(application, { progressDeadlineSeconds: 1, maxRedeployments: 0 });
    await harness.untilState(id, 'rolled-back');
    expect(await messages(id)).toContain('mad: failed (not ready in time');
    expect(releases(application)).toEqual(everywhere('1.0.0'));
  });
});

describe('a datacentre that fails', () => {
  const parFails = { component: 'api', datacentre: 'par', release: '2.0.0' };
  const bcnFails = { ...parFails, component: 'store', datacentre: 'bcn' };

  it('is restored and gone past, within the limit', async () => {
    const application = await runningApplication();
    harness.datacentres.let(bcnFails, { state: 'failed' });
    const id = await deploy(application, { failureLimit: 1 });
    await harness.untilState(id, 'completed');
    expect(releases(application)).toEqual({ mad: ['2.0.0'], bcn: ['1.0.0'], par: ['2.0.0'] });
    expect(await outcomes(id)).toEqual({ mad: 'verified', bcn: 'restored', par: 'verified' });
    const [verified] = await harness
      .database('verified_deployment as v')
      .join('attempt as a', { 'a.change_id': 'v.change_id', 'a.number': 'v.attempt' })
      .where({ 'v.change_id': id })
      .select('a.desired');
    const desired = (verified as { desired: Record<string, { release: string }> }).desired;
    expect(desired['bcn']?.release).toBe('1.0.0');
    expect(desired['par']?.release).toBe('2.0.0');
  });

  it('that was gone past is no obstacle to a later rollback of everything', async () => {
    const application = await runningApplication();
    harness.datacentres.let(bcnFails, { state: 'failed' });
    harness.datacentres.let(parFails, { state: 'failed' });
    const id = await deploy(application, { failureLimit: 1, maxRedeployments: 0 });
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(everywhere('1.0.0'));
  });

  it('never is the only one where all of them are gone past', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ component: 'api', release: '2.0.0' }, { state: 'failed' });
    const id = await deploy(application, { onFailure: 'continue', maxRedeployments: 0 });
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(everywhere('1.0.0'));
  });

  it('in a mandatory first wave stops the change, whatever it would go past', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ ...parFails, datacentre: 'mad' }, { state: 'failed' });
    const id = await deploy(application, {
      onFailure: 'continue',
      firstWaveMandatory: true,
      maxRedeployments: 0,
    });
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.effects.filter((effect) => effect === 'apply bcn')).toEqual([]);
  });

  it('makes the change wait for a person, who has it tried again', async () => {
    const application = await runningApplication();
    harness.datacentres.let(bcnFails, { state: 'failed' });
    const id = await deploy(application, { onFailure: 'pause', maxRedeployments: 0 });
    await harness.untilState(id, 'paused');
    expect(releases(application)['mad']).toEqual(['2.0.0']);
    expect(await waits(id)).toBe('resume');
    harness.datacentres.heal();
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'completed');
    expect(releases(application)).toEqual(everywhere('2.0.0'));
    expect(await states(id)).toEqual(expect.arrayContaining(['re-simulating', 'redeploying']));
  });

  it('makes the change wait for a person, whose cancellation rolls back', async () => {
    const application = await runningApplication();
    harness.datacentres.let(bcnFails, { state: 'failed' });
    const id = await deploy(application, { onFailure: 'pause' });
    await harness.untilState(id, 'paused');
    await harness.send(id, 'cancel', olga);
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(everywhere('1.0.0'));
  });

  it('makes the change wait only as long as a rollback still fits into the window', async () => {
    const application = await runningApplication();
    harness.datacentres.let(bcnFails, { state: 'failed' });
    const id = await deploy(application, { onFailure: 'pause', rollbackBudgetSeconds: 600 });
    await harness.untilState(id, 'paused');
    const closes = Date.parse((await harness.change(id)).waitingFor?.until ?? '') + 10 * minuteMs;
    await harness.sleep(hourMs);
    await harness.untilState(id, 'rolled-back');
    const decided = (await harness.log(id)).find(({ event }) => event === 'roll-back');
    expect(Date.parse(decided?.at ?? '')).toBeLessThan(closes);
    expect(await messages(id)).toContain('nobody has decided in time');
  });

  it('has its wave restored before a person is asked, where the strategy says so', async () => {
    const application = await runningApplication();
    harness.datacentres.let(parFails, { state: 'failed' });
    const id = await deploy(application, {
      onFailure: 'rollbackWave',
      waves: [['mad'], ['bcn', 'par']],
    });
    await harness.untilState(id, 'paused');
    expect(releases(application)).toEqual({ mad: ['2.0.0'], bcn: ['1.0.0'], par: ['1.0.0'] });
    harness.datacentres.heal();
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'completed');
    expect(releases(application)).toEqual(everywhere('2.0.0'));
  });
});

describe('a datacentre that cannot be reached when it is to be rolled back', () => {
  it('is restored when it comes back, without anybody asking for it', async () => {
    const application = await runningApplication();
    harness.datacentres.let(
      { component: 'api', datacentre: 'par', release: '2.0.0' },
      { state: 'starting' },
    );
    const id = await deploy(application, { maxRedeployments: 0 });
    await harness.until(
      id,
      () => releases(application)['par']?.includes('2.0.0') === true,
      'the wave in par',
    );
    harness.datacentres.setReachable('bcn', false);
    harness.datacentres.let(
      { component: 'api', datacentre: 'par', release: '2.0.0' },
      { state: 'failed' },
    );
    await harness.untilState(id, 'rollback-incomplete');
    expect(await waits(id)).toBe('datacentre');
    expect(releases(application)).toEqual({ mad: ['1.0.0'], bcn: ['2.0.0'], par: ['1.0.0'] });
    expect(await outcomes(id)).toEqual({ mad: 'restored', bcn: 'unreachable', par: 'restored' });
    await harness.sleep(3 * hourMs);
    expect((await harness.change(id)).state).toBe('rollback-incomplete');

    harness.datacentres.setReachable('bcn', true);
    await harness.untilState(id, 'rolled-back');
    expect(releases(application)).toEqual(everywhere('1.0.0'));
    expect(await outcomes(id)).toEqual({ mad: 'restored', bcn: 'restored', par: 'restored' });
  });
});

describe('what a release would do', () => {
  it('is shown to those who approve it, and the deployment says where it has changed since', async () => {
    const application = await runningApplication();
    const id = await harness.requestRelease(application, '2.0.0');
    await harness.untilState(id, 'awaiting-approval');
    const row = await harness
      .database('deployment_preview')
      .where({ change_id: id })
      .first<{ preview: { release: string; sites: { datacentre: string }[] } }>('preview');
    expect(row.preview.release).toBe('2.0.0');
    expect(row.preview.sites.map(({ datacentre }) => datacentre)).toEqual(['bcn', 'mad', 'par']);
    expect(await messages(id)).toContain('Deployed now it would do this. bcn: replace 1; mad:');
    // Somebody stops a component by hand before the window opens.
    harness.datacentres.stop(application, 'mad', 'api');
    await harness.approve(id);
    await harness.untilState(id, 'completed');
    expect(await messages(id)).toContain(
      'Not what was shown before approval, for the datacentres have changed since: mad.',
    );
  });

  it('keeps nobody from deciding where a datacentre cannot tell', async () => {
    const application = await runningApplication();
    harness.datacentres.setReachable('par', false);
    const id = await harness.requestRelease(application, '2.0.0');
    await harness.untilState(id, 'awaiting-approval');
    expect(await messages(id)).toContain('par: not known (Datacentre par does not answer.)');
  });
});
