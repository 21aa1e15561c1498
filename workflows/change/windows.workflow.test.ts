import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs, hourMs, minuteMs, type WindowOffset } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const olga = { by: 'olga', reason: 'it must be so' };
const work = {
  kind: 'infrastructure',
  datacentres: ['mad'],
  affects: [{ item: 'mad-firewall-1', effect: 'down' }],
  steps: ['Update the firewall'],
  rollbackSteps: ['Go back to the old version'],
};

const messages = async (id: string): Promise<string> =>
  (await harness.log(id)).map(({ message }) => message).join('\n');
const atOf = async (id: string, event: string): Promise<number> => {
  const line = (await harness.log(id)).find((one) => one.event === event);
  return Date.parse(line?.at ?? '');
};
const isIn = (application: string, datacentre: string): boolean =>
  Object.keys(harness.datacentres.running(application)).some((key) =>
    key.startsWith(`${datacentre}/`),
  );

async function scheduledWork(window: WindowOffset): Promise<string> {
  const id = await harness.request(work, window);
  await harness.approve(id);
  return id;
}

/** An approved release, held between its waves in bcn and par. */
async function heldBeforePar(
  window: WindowOffset,
  strategy: Record<string, unknown> = {},
): Promise<{ id: string; application: string }> {
  const application = await harness.registerApplication();
  harness.datacentres.let({ datacentre: 'bcn' }, { state: 'starting' });
  const id = await harness.requestRelease(application, '1.0.0', { window, body: { strategy } });
  await harness.approve(id);
  await harness.until(id, () => isIn(application, 'bcn'), 'a wave in bcn');
  await harness.send(id, 'pause', olga);
  harness.datacentres.heal();
  await harness.untilState(id, 'paused');
  return { id, application };
}

describe('the preparation of a window', () => {
  const window = {
    opensInMs: dayMs,
    lengthMs: 3 * hourMs,
    more: { preparationMinutes: 30, rollbackReserveMinutes: 60 },
  };

  it('is announced as the window opens, and the change stays scheduled until it is over', async () => {
    const id = await scheduledWork(window);
    const opensAtMs = Date.parse((await harness.change(id)).waitingFor?.until ?? '');
    await harness.sleep(dayMs + 10 * minuteMs);
    const preparing = await harness.change(id);
    expect(preparing.state).toBe('scheduled');
    expect(Date.parse(preparing.waitingFor?.until ?? '')).toBe(opensAtMs + 30 * minuteMs);
    expect(await messages(id)).toContain('its preparation has begun');

    await harness.untilState(id, 'implementing');
    const begunAtMs = await atOf(id, 'start-implementing');
    expect(begunAtMs).toBeGreaterThanOrEqual(opensAtMs + 30 * minuteMs);
    expect(begunAtMs).toBeLessThan(opensAtMs + 31 * minuteMs);
  });

  it('can be the time in which the change is cancelled', async () => {
    const id = await scheduledWork(window);
    await harness.sleep(dayMs + 10 * minuteMs);
    await harness.send(id, 'cancel', olga);
    expect((await harness.change(id)).state).toBe('cancelled');
  });

  it('keeps CTC from touching anything of a release', async () => {
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', { window });
    await harness.approve(id);
    await harness.sleep(dayMs + 29 * minuteMs);
    expect((await harness.change(id)).state).toBe('scheduled');
    expect(harness.datacentres.running(application)).toEqual({});
    await harness.untilState(id, 'completed');
    expect((await atOf(id, 'open-window')) - (await atOf(id, 'note'))).toBeGreaterThanOrEqual(
      29 * minuteMs,
    );
  });

  it('is left out when the change is approved after it', async () => {
    const late = { opensInMs: 0, lengthMs: 3 * hourMs, more: { preparationMinutes: 30 } };
    const id = await harness.request(work, late);
    await harness.untilState(id, 'awaiting-approval');
    await harness.sleep(40 * minuteMs);
    await harness.approve(id);
    await harness.untilState(id, 'implementing');
    expect(await messages(id)).not.toContain('preparation');
  });
});

describe('the rollback reserve of a window', () => {
  const window = { opensInMs: 0, lengthMs: hourMs, more: { rollbackReserveMinutes: 20 } };

  it('is no time to begin in: the latest start is before it', async () => {
    const id = await scheduledWork({ ...window, opensInMs: dayMs });
    await harness.send(id, 'pause', olga);
    await harness.sleep(dayMs + 45 * minuteMs);
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'expired');
    expect(await messages(id)).toContain('latest start');
  });

  it('is no time for a wave: what has begun is rolled back in it', async () => {
    const { id, application } = await heldBeforePar(window);
    await harness.sleep(39.5 * minuteMs);
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'rolled-back');
    expect(await messages(id)).toContain('Wave 3 is not started');
    expect(harness.datacentres.running(application)).toEqual({});
  });

  it('counts for the rollback that a wave may need', async () => {
    // A minute for the wave and nineteen for its rollback: without the reserve it would be too late.
    const strategy = { rollbackBudgetSeconds: 19 * 60 };
    const { id, application } = await heldBeforePar(window, strategy);
    await harness.sleep(36 * minuteMs);
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'completed');
    expect(isIn(application, 'par')).toBe(true);
  });

  it('is announced to people who are still at work', async () => {
    const id = await scheduledWork(window);
    await harness.untilState(id, 'implementing');
    await harness.sleep(45 * minuteMs);
    expect((await harness.log(id)).at(-1)?.message).toContain('The time for work is over');
    await harness.sleep(20 * minuteMs);
    expect((await harness.log(id)).at(-1)?.message).toContain('nobody has reported');
    await harness.send(id, 'report', { ...olga, result: 'backed-out' });
    expect((await harness.change(id)).state).toBe('rolled-back');
  });
});

describe('a window that comes again', () => {
  const nightly = (rule: string): WindowOffset => ({
    opensInMs: dayMs,
    lengthMs: 2 * hourMs,
    latestStartInMs: dayMs + hourMs,
    more: { recurrence: { rule } },
  });
  const missed = async (rule: string): Promise<string> => {
    const id = await scheduledWork(nightly(rule));
    await harness.send(id, 'pause', olga);
    await harness.sleep(dayMs + 1.5 * hourMs);
    await harness.send(id, 'resume', olga);
    return id;
  };

  it('and is missed gives its place to the next one, which is approved anew', async () => {
    const id = await missed('FREQ=DAILY');
    const again = await harness.untilState(id, 'awaiting-approval');
    expect(again.revision).toBe(2);
    expect(await messages(id)).toContain('The next one of its series counts');
    const missedAtMs = await atOf(id, 'miss-occurrence');

    await harness.approve(id, 'marta');
    await harness.sleep(22 * hourMs);
    expect((await harness.change(id)).state).toBe('scheduled');
    await harness.sleep(hourMs);
    await harness.untilState(id, 'implementing');
    const begunAtMs = await atOf(id, 'start-implementing');
    expect(begunAtMs - missedAtMs).toBeGreaterThan(22 * hourMs);
    expect(begunAtMs - missedAtMs).toBeLessThan(23 * hourMs);
  });

  it('is missed for good when it was the last of its series', async () => {
    const id = await missed('FREQ=DAILY;COUNT=1');
    await harness.untilState(id, 'expired');
    expect(await messages(id)).toContain('It was the last one of its series');
  });
});

describe('a window per datacentre', () => {
  /** As an import brings it. */
  const inPar = async (zone: string): Promise<void> => {
    const row = `par,Paris,FR,${zone},local,99.5,14`;
    const csv = `id,name,country,time_zone,driver,availability_percent,user_latency_ms\n${row}\n`;
    const stream = Readable.from([Buffer.from(csv)]);
    const part = { kind: 'datacentres' as const, format: 'csv' as const, stream };
    const report = await createInventoryImporter(harness.database).import(Readable.from([part]), {
      importedBy: 'marta',
    });
    expect(report).toMatchObject({ imported: true, badLines: [] });
  };
  afterEach(() => inPar('Europe/Paris'));
  const untilParIsAwaited = (id: string) =>
    harness.until(
      id,
      ({ waitingFor }) => waitingFor?.what === 'wave' && waitingFor.until !== undefined,
      'the wait for par',
    );
  const window: WindowOffset = {
    opensInMs: 0,
    lengthMs: hourMs,
    latestStartInMs: 30 * minuteMs,
    more: { perDatacentre: true },
  };

  it('makes a wave wait until that of its datacentre opens', async () => {
    await inPar('Europe/Lisbon');
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', { window });
    await harness.approve(id);
    const waiting = await untilParIsAwaited(id);
    expect(waiting.state).toBe('deploying');
    expect(isIn(application, 'bcn')).toBe(true);
    expect(await messages(id)).toContain('Wave 3 waits: the window for work in par');
    expect(isIn(application, 'par')).toBe(false);

    await harness.sleep(hourMs);
    await harness.untilState(id, 'completed');
    expect(isIn(application, 'par')).toBe(true);
    const log = await harness.log(id);
    const began = log.find(({ message }) => message.startsWith('Wave 3 of 3'));
    expect(Date.parse(began?.at ?? '')).toBeGreaterThanOrEqual(
      Date.parse(waiting.waitingFor?.until ?? ''),
    );
  });

  it('can be missed by a wave: then all is rolled back', async () => {
    await inPar('Europe/Lisbon');
    const { id, application } = await heldBeforePar(window);
    await harness.sleep(1.6 * hourMs);
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'rolled-back');
    expect(await messages(id)).toContain('Wave 3 is not started: the latest start in par');
    expect(harness.datacentres.running(application)).toEqual({});
  });

  it('can be waited for on hold, and be cancelled meanwhile', async () => {
    await inPar('Europe/Lisbon');
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0', { window });
    await harness.approve(id);
    await untilParIsAwaited(id);
    await harness.send(id, 'pause', olga);
    await harness.untilState(id, 'paused');
    await harness.send(id, 'resume', olga);
    await harness.untilState(id, 'deploying');
    await harness.send(id, 'cancel', olga);
    await harness.untilState(id, 'rolled-back');
    expect(harness.datacentres.running(application)).toEqual({});
  });
});
