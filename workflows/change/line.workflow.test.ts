import { beforeEach, describe, expect, it } from 'vitest';
import { createOutbox } from '../../adapters/postgres/outbox.ts';
import { createLineStopRegister } from '../../adapters/postgres/line-stop-register.ts';
import { changeWorkflowId } from '../../adapters/temporal/change-messenger.ts';
import { changeMessages } from '../../domain/change/messages.ts';
import type { LineScope } from '../../domain/line/line-stop.ts';
import type { StoredLineStop } from '../../domain/line/ports.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { hourMs, minuteMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const sergio = { by: 'sergio', reason: 'smoke in the machine room' };
let keys = 0;

beforeEach(async () => {
  // A stop that a failed test has left behind.
  await harness.database('line_stop_change').delete();
  await harness.database('line_stop').delete();
});

async function register() {
  const at = new Date(await harness.nowMs()).toISOString();
  return createLineStopRegister({ database: harness.database, now: () => at });
}
/** What the API's dispatcher does. */
async function tell(): Promise<void> {
  await createOutbox(harness.database).dispatch(50, async ({ payload }) => {
    const { changeId, stopped, lifted } = payload;
    if (stopped === undefined && lifted === undefined) return;
    const message = stopped === undefined ? 'lineResumed' : 'lineStopped';
    await harness.environment.client.workflow
      .getHandle(changeWorkflowId(changeId))
      .signal(changeMessages[message], stopped ?? lifted)
      .catch(() => undefined);
  });
}
async function stopLine(scope: LineScope, options = { tell: true }): Promise<StoredLineStop> {
  keys += 1;
  const stop = await (await register()).stop({ scope, ...sergio, requestKey: `stop-${keys}` });
  if (options.tell) await tell();
  return stop;
}
async function lift({ id }: StoredLineStop, options = { tell: true }): Promise<void> {
  await (await register()).resume(id, 'olga', 'the smoke is gone');
  if (options.tell) await tell();
}
const everything: LineScope = { kind: 'all' };
const datacentre = (id: string): LineScope => ({ kind: 'datacentre', id });

async function runningApplication(): Promise<string> {
  const application = await harness.registerApplication();
  const first = await harness.requestRelease(application, '1.0.0', { body: { class: 'standard' } });
  await harness.approve(first);
  await harness.untilState(first, 'closed');
  harness.datacentres.effects.length = 0;
  return application;
}
async function deploy(application: string, body: object = {}): Promise<string> {
  const id = await harness.requestRelease(application, '2.0.0', {
    body: { strategy: { waves: [['mad'], ['bcn'], ['par']], maxRedeployments: 0 }, ...body },
  });
  await harness.approve(id);
  return id;
}
/** In the middle of its first wave. */
async function deployingMad(): Promise<string> {
  const application = await runningApplication();
  harness.datacentres.let({ release: '2.0.0', datacentre: 'mad' }, { state: 'starting' });
  const id = await deploy(application);
  await harness.until(id, () => harness.datacentres.effects.length > 0, 'the first wave');
  return id;
}
const waits = (what: string) => (change: { waitingFor: { what: string } | null }) =>
  change.waitingFor?.what === what;
const messages = async (id: string): Promise<string> =>
  (await harness.log(id)).map(({ actor, message }) => `${actor}: ${message}`).join('\n');

describe('a stop of the line', () => {
  it('lets the wave under way finish, holds before the next, and goes on there when it is lifted', async () => {
    const id = await deployingMad();
    const stop = await stopLine(everything);
    await harness.sleep(2_000);
    expect((await harness.change(id)).state).toBe('deploying');
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await harness.sleep(10 * minuteMs);
    expect(harness.datacentres.effects).toEqual(['apply mad']);
    expect((await (await register()).get(stop.id)).paused).toBe(1);

    await lift(stop);
    await harness.untilState(id, 'completed');
    expect(harness.datacentres.effects).toEqual(['apply mad', 'apply bcn', 'apply par']);
    expect(await messages(id)).toMatch(
      /sergio: The line is stopped \(all deployments\) by sergio: smoke in the machine room\./,
    );
    expect(await messages(id)).toContain(
      'olga: The stop of all deployments was lifted by olga: the smoke is gone',
    );
    const alerts = await harness
      .database('alert')
      .where({ change_id: id, recipient: 'ana' })
      .select<{ body: string }[]>('body');
    const told = alerts.filter(({ body }) => body.includes('The line is stopped'));
    expect(told).toHaveLength(1);
  });

  it('holds between two datacentres of a wave that takes them one after the other', async () => {
    const application = await runningApplication();
    harness.datacentres.let({ release: '2.0.0', datacentre: 'mad' }, { state: 'starting' });
    const id = await deploy(application, {
      strategy: { waves: [['mad', 'bcn', 'par']], maxConcurrency: 1, maxRedeployments: 0 },
    });
    await harness.until(id, () => harness.datacentres.effects.length > 0, 'the first datacentre');
    const stop = await stopLine(everything);
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    expect(harness.datacentres.effects).toEqual(['apply mad']);
    await lift(stop);
    await harness.untilState(id, 'completed');
    expect(harness.datacentres.effects).toEqual(['apply mad', 'apply bcn', 'apply par']);
  });

  it('holds a change that reaches its window later', async () => {
    const application = await runningApplication();
    const stop = await stopLine(everything);
    const id = await deploy(application);
    await harness.untilState(id, 'paused');
    expect(harness.datacentres.effects).toEqual([]);
    await lift(stop);
    await harness.untilState(id, 'completed');
  });

  it('must be lifted as often as it was declared', async () => {
    const application = await runningApplication();
    const all = await stopLine(everything);
    const id = await deploy(application);
    await harness.untilState(id, 'paused');
    const department = await stopLine({ kind: 'department', id: 'web-platform' });
    await lift(all);
    await harness.sleep(5 * minuteMs);
    expect((await harness.change(id)).state).toBe('paused');
    await lift(department);
    await harness.untilState(id, 'completed');
  });

  it('reaches changes, and its end too, when the word of it is lost', async () => {
    const id = await deployingMad();
    const stop = await stopLine(everything, { tell: false });
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await lift(stop, { tell: false });
    await harness.untilState(id, 'completed');
    await tell();
  });

  it('never holds a rollback', async () => {
    const id = await deployingMad();
    const stop = await stopLine(everything);
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await harness.send(id, 'cancel', { by: 'olga', reason: 'back to what we know' });
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.effects).toContain('rollback mad');
    await lift(stop);
  });

  it('that outlasts the window has it missed in the usual way', async () => {
    const application = await runningApplication();
    const stop = await stopLine(everything);
    const id = await deploy(application);
    await harness.untilState(id, 'paused');
    await harness.sleep(2 * hourMs);
    await harness.untilState(id, 'expired');
    expect(harness.datacentres.effects).toEqual([]);
    await lift(stop);
  });

  it('that leaves no time for the next wave leads to the rollback of those before', async () => {
    const id = await deployingMad();
    const stop = await stopLine(everything);
    harness.datacentres.heal();
    await harness.untilState(id, 'paused');
    await harness.sleep(2 * hourMs);
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.effects).not.toContain('apply bcn');
    await lift(stop);
  });

  it('and the hold of a person must both end', async () => {
    const application = await runningApplication();
    const stop = await stopLine(everything);
    const id = await deploy(application);
    await harness.untilState(id, 'paused');
    await harness.send(id, 'pause', { by: 'olga', reason: 'I look at it, too' });
    await harness.until(id, waits('resume'), 'the hold');
    await lift(stop);
    await harness.sleep(5 * minuteMs);
    expect((await harness.change(id)).state).toBe('paused');
    await harness.send(id, 'resume', { by: 'olga', reason: 'seen enough' });
    await harness.untilState(id, 'completed');
  });
});

describe('a stop of one datacentre', () => {
  it('lets a release go on elsewhere, and holds the wave that goes there', async () => {
    const application = await runningApplication();
    const stop = await stopLine(datacentre('bcn'));
    const id = await deploy(application);
    await harness.until(id, waits('line'), 'the line');
    expect(harness.datacentres.effects).toEqual(['apply mad']);
    await lift(stop);
    await harness.untilState(id, 'completed');
  });

  it('does not begin what could go nowhere else', async () => {
    const application = await runningApplication();
    const stops = [];
    for (const id of ['mad', 'bcn', 'par']) stops.push(await stopLine(datacentre(id)));
    const id = await deploy(application);
    await harness.until(id, waits('line'), 'the line');
    expect((await harness.log(id)).at(-1)).toMatchObject({ event: 'stop-line', from: 'scheduled' });
    for (const stop of stops) await lift(stop);
    await harness.untilState(id, 'completed');
  });

  it('leaves alone what touches it nowhere', async () => {
    const application = await harness.registerApplication();
    const stop = await stopLine(datacentre('par'));
    const body = { datacentres: ['mad', 'bcn'] };
    const id = await harness.requestRelease(application, '1.0.0', { body });
    await harness.approve(id);
    await harness.untilState(id, 'completed');
    expect(await (await register()).get(stop.id)).toMatchObject({ covered: 0, paused: 0 });
    await lift(stop);
  });
});
