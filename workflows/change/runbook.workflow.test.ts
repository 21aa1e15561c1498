import { describe, expect, it } from 'vitest';
import { switchPair, type AskedRunbook } from '../../domain/runbook/runbook.fixture.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { hourMs, minuteMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const coordinator = { by: 'olga', mayImplement: true, mayCoordinate: true };
const engineer = { by: 'ana', mayImplement: true, mayCoordinate: false };

async function implementing(changes: Partial<AskedRunbook> = {}): Promise<string> {
  const runbook = { ...switchPair, ...changes };
  const id = await harness.request(
    { kind: 'infrastructure', datacentres: ['mad'], runbook },
    { opensInMs: 0, lengthMs: 2 * hourMs },
  );
  await harness.approve(id);
  await harness.untilState(id, 'implementing');
  return id;
}

const start = (id: string, step: string, sender = coordinator) =>
  harness.send(id, 'startStep', { ...sender, step, reason: '' });
const end = (
  id: string,
  step: string,
  result: 'done' | 'failed' | 'skipped' = 'done',
  evidence?: string,
) =>
  harness.send(id, 'endStep', {
    ...coordinator,
    step,
    result,
    reason: result === 'done' ? '' : 'it went like that',
    ...(evidence === undefined ? {} : { evidence }),
  });
async function carryOut(id: string, ...steps: string[]): Promise<void> {
  for (const step of steps) {
    await start(id, step);
    await end(id, step);
  }
}
const messages = async (id: string) => (await harness.log(id)).map(({ message }) => message);
const steps = (id: string) =>
  harness
    .database('runbook_step')
    .where({ change_id: id })
    .orderBy(['started_at', 'step'])
    .select<{ step: string; state: string; started_as: string; evidence: string | null }[]>(
      'step',
      'state',
      'started_as',
      'evidence',
    );

describe('a runbook', () => {
  it('is carried out step by step, and completes its change with the last of them', async () => {
    const id = await implementing();
    await carryOut(id, 'console');
    await start(id, 'drain', engineer);
    await end(id, 'drain');
    // These two may run together.
    await start(id, 'swap');
    await start(id, 'label');
    await end(id, 'label');
    await end(id, 'swap');
    await carryOut(id, 'erase');
    await start(id, 'ping');
    await expect(end(id, 'ping')).rejects.toMatchObject({ code: 'evidence-missing' });
    const answer = await end(id, 'ping', 'done', 'https://graphs.example.com/ping');
    expect(answer.state).toBe('completed');
    expect((await harness.change(id)).state).toBe('completed');
    expect(await steps(id)).toContainEqual(
      expect.objectContaining({ step: 'drain', state: 'done', started_as: 'assignee' }),
    );
    expect(await steps(id)).toContainEqual(
      expect.objectContaining({ step: 'ping', evidence: 'https://graphs.example.com/ping' }),
    );
  });

  it('waits for its steps by name, and is not reported as a whole', async () => {
    const id = await implementing();
    expect((await harness.change(id)).waitingFor).toMatchObject({
      what: 'people',
      detail: expect.stringContaining('begins pre-check "console"') as string,
    });
    for (const result of ['implemented', 'backed-out'] as const) {
      await expect(
        harness.send(id, 'report', { by: 'olga', reason: 'all done', result }),
      ).rejects.toMatchObject({ code: 'steps-open' });
    }
  });

  it('refuses what is out of turn, and what was done already', async () => {
    const id = await implementing();
    await expect(start(id, 'swap')).rejects.toMatchObject({ code: 'step-out-of-turn' });
    await carryOut(id, 'console');
    await expect(end(id, 'console')).rejects.toMatchObject({ code: 'step-settled' });
    await expect(start(id, 'drain', { ...engineer, by: 'sergio' })).rejects.toMatchObject({
      code: 'not-the-assignee',
    });
  });

  it('takes one of two people who act at once, and tells the other who was first', async () => {
    const id = await implementing();
    const both = await Promise.allSettled([
      start(id, 'console'),
      start(id, 'console', { ...engineer, by: 'marta' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'step-begun' },
    });
    expect(await steps(id)).toHaveLength(1);
  });

  it('is over before it has begun when a pre-check fails', async () => {
    const id = await implementing();
    await start(id, 'console');
    expect((await end(id, 'console', 'failed')).state).toBe('cancelled');
    expect((await harness.change(id)).state).toBe('cancelled');
  });

  it('lets no step begin on hold, and completes what runs', async () => {
    const id = await implementing();
    await start(id, 'console');
    await harness.send(id, 'pause', { by: 'olga', reason: 'a storm is coming' });
    await harness.untilState(id, 'paused');
    await end(id, 'console');
    await expect(start(id, 'drain')).rejects.toMatchObject({ code: 'on-hold' });
    await harness.send(id, 'resume', { by: 'olga', reason: 'the storm is over' });
    await harness.untilState(id, 'implementing');
    await start(id, 'drain');
  });
});

describe('a step that fails', () => {
  it('leads to the rollback steps, and with the last of them the change is rolled back', async () => {
    const id = await implementing();
    await carryOut(id, 'console', 'drain');
    await start(id, 'swap');
    await start(id, 'label');
    expect((await end(id, 'swap', 'failed')).state).toBe('rolling-back');
    expect(await steps(id)).toContainEqual(
      expect.objectContaining({ step: 'label', state: 'stopped' }),
    );
    await expect(end(id, 'label')).rejects.toMatchObject({ code: 'rolling-back' });
    await carryOut(id, 'put-back', 'undrain');
    expect((await harness.change(id)).state).toBe('rolled-back');
  });

  it('of the rollback leaves it incomplete, until it is tried again', async () => {
    const id = await implementing();
    await carryOut(id, 'console');
    await start(id, 'drain');
    await end(id, 'drain', 'failed');
    await start(id, 'put-back');
    expect((await end(id, 'put-back', 'failed')).state).toBe('rollback-incomplete');
    await harness.send(id, 'retryRollback', { by: 'olga', reason: 'a spare has come' });
    await carryOut(id, 'put-back', 'undrain');
    expect((await harness.change(id)).state).toBe('rolled-back');
  });

  it('behind the point of no return rolls nothing back: it needs a person, and is tried again', async () => {
    const id = await implementing();
    await carryOut(id, 'console', 'drain', 'swap', 'label');
    await start(id, 'erase');
    expect((await end(id, 'erase', 'failed')).state).toBe('implementing');
    expect((await harness.change(id)).waitingFor).toMatchObject({ needsPerson: true });
    await carryOut(id, 'erase');
    expect((await harness.change(id)).waitingFor).not.toHaveProperty('needsPerson');
    await start(id, 'ping');
    await end(id, 'ping', 'done', 'https://graphs.example.com/ping');
    expect((await harness.change(id)).state).toBe('completed');
  });
});

describe('the time of a runbook', () => {
  it('warns its people when a step takes longer than expected', async () => {
    const id = await implementing();
    await carryOut(id, 'console');
    await start(id, 'drain', engineer);
    await harness.sleep(11 * minuteMs);
    expect(await messages(id)).toContainEqual(expect.stringContaining('takes longer than the 10'));
    const alerted = await harness.database('alert').where({ change_id: id }).pluck('recipient');
    expect(alerted).toContain('ana');
  });

  it('asks for a decision when the rollback no longer fits, and then rolls back by itself', async () => {
    const id = await implementing();
    await carryOut(id, 'console');
    await start(id, 'drain');
    await harness.sleep(62 * minuteMs);
    expect((await harness.change(id)).waitingFor).toMatchObject({
      detail: expect.stringContaining('somebody decides') as string,
    });
    await harness.sleep(45 * minuteMs);
    await harness.untilState(id, 'rolling-back');
    expect((await harness.log(id)).find(({ event }) => event === 'overrun')?.actor).toBe(
      'workflow',
    );
    await carryOut(id, 'put-back', 'undrain');
    expect((await harness.change(id)).state).toBe('rolled-back');
  });

  it('that runs out before anything was touched calls the change off', async () => {
    const id = await implementing();
    await harness.sleep(110 * minuteMs);
    await harness.untilState(id, 'cancelled');
  });

  it('does not roll back what somebody decided to go on with', async () => {
    const id = await implementing();
    const decide = () =>
      harness.send(id, 'decideOnRunbook', {
        by: 'olga',
        reason: 'nearly done',
        decision: 'go-on',
      });
    await carryOut(id, 'console');
    await start(id, 'drain');
    await expect(decide()).rejects.toMatchObject({ code: 'nothing-to-decide' });
    await harness.sleep(62 * minuteMs);
    await decide();
    await expect(decide()).rejects.toMatchObject({ code: 'nothing-to-decide' });
    await harness.sleep(50 * minuteMs);
    expect(await harness.change(id)).toMatchObject({
      state: 'implementing',
      waitingFor: { needsPerson: true },
    });
  });

  it('lets nobody past the point of no return while it is undecided', async () => {
    const id = await implementing();
    await carryOut(id, 'console', 'drain', 'swap', 'label');
    await harness.sleep(90 * minuteMs);
    await expect(start(id, 'erase')).rejects.toMatchObject({ code: 'decision-needed' });
    const back = { by: 'olga', reason: 'too late', decision: 'roll-back' } as const;
    expect((await harness.send(id, 'decideOnRunbook', back)).state).toBe('rolling-back');
  });

  it('behind the point of no return only warns, and needs a person', async () => {
    const id = await implementing();
    await carryOut(id, 'console', 'drain', 'swap', 'label');
    await start(id, 'erase');
    await harness.sleep(110 * minuteMs);
    expect(await harness.change(id)).toMatchObject({
      state: 'implementing',
      waitingFor: { needsPerson: true },
    });
    expect(await messages(id)).toContainEqual(expect.stringContaining('it goes on'));
  });

  it('too short from the beginning is found when the change is assessed', async () => {
    const id = await harness.request(
      { kind: 'infrastructure', datacentres: ['mad'], runbook: switchPair },
      { opensInMs: 0, lengthMs: 50 * minuteMs },
    );
    await harness.untilState(id, 'awaiting-approval');
    expect(await messages(id)).toContainEqual(
      expect.stringContaining('expected to take 60 min, but the window leaves 50 min'),
    );
  });
});
