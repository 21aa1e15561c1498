import { describe, expect, it } from 'vitest';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs, hourMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const work = {
  kind: 'infrastructure',
  datacentres: ['mad'],
  affects: [{ item: 'mad-firewall-1', effect: 'down' }],
  steps: ['Update the firewall'],
  rollbackSteps: ['Go back to the old version'],
};

async function implementing(): Promise<string> {
  const id = await harness.request(work);
  await harness.approve(id);
  await harness.untilState(id, 'implementing');
  return id;
}

const says = (reason: string) => ({ by: 'olga', reason });

describe('a change made by people', () => {
  it.each([
    ['implemented', 'completed'],
    ['backed-out', 'rolled-back'],
    ['left-broken', 'rollback-incomplete'],
  ] as const)('that is reported as %s is %s', async (result, state) => {
    const id = await implementing();
    const answer = await harness.send(id, 'report', { ...says('so it went'), result });
    expect(answer.state).toBe(state);
    expect((await harness.change(id)).state).toBe(state);
    await expect(
      harness.send(id, 'report', { ...says('once more'), result: 'implemented' }),
    ).rejects.toMatchObject({ kind: 'refused', code: 'wrong-state' });
  });

  it('is not cancelled while they are at it: they report it as backed out', async () => {
    const id = await implementing();
    await expect(harness.send(id, 'cancel', says('stop'))).rejects.toMatchObject({
      kind: 'refused',
      code: 'wrong-state',
    });
  });

  it('still waits for the report after its window, and says so', async () => {
    const id = await implementing();
    await harness.sleep(2 * hourMs);
    expect((await harness.change(id)).state).toBe('implementing');
    expect((await harness.log(id)).at(-1)?.message).toContain('nobody has reported');
    await harness.send(id, 'report', { ...says('forgot to say'), result: 'implemented' });
    expect((await harness.change(id)).state).toBe('completed');
  });

  it('that is left broken is put right by people, who report it as backed out', async () => {
    const id = await implementing();
    await harness.send(id, 'report', { ...says('it burns'), result: 'left-broken' });
    await expect(harness.send(id, 'retryRollback', says('try again'))).rejects.toMatchObject({
      kind: 'refused',
      code: 'carried-out-by-people',
    });
    const answer = await harness.send(id, 'report', { ...says('mended'), result: 'backed-out' });
    expect(answer.state).toBe('rolled-back');
    expect((await harness.change(id)).state).toBe('rolled-back');
  });
});

describe('the review', () => {
  it('closes a change with its lessons, and ends its workflow', async () => {
    const id = await implementing();
    await harness.send(id, 'report', { ...says('done'), result: 'implemented' });
    await expect(
      harness.send(id, 'close', { ...says('all well'), lessons: 'none' }),
    ).rejects.toMatchObject({ kind: 'refused', code: 'wrong-state' });
    expect((await harness.send(id, 'startReview', says('it is due'))).state).toBe('in-review');
    const closed = await harness.send(id, 'close', {
      ...says('all well'),
      lessons: 'label cables',
    });
    expect(closed.state).toBe('closed');
    const workflow = harness.environment.client.workflow.getHandle(`change/${id}`);
    expect(await workflow.result()).toBe('closed');
  });

  it('is reminded of every fourteen days, six times at most', async () => {
    const id = await implementing();
    await harness.send(id, 'report', { ...says('done'), result: 'implemented' });
    const reminders = async (): Promise<number> =>
      (await harness.log(id)).filter(({ message }) => message === 'The review is due.').length;
    await harness.sleep(13 * dayMs);
    expect(await reminders()).toBe(0);
    await harness.sleep(16 * dayMs);
    expect(await reminders()).toBe(2);
    await harness.sleep(200 * dayMs);
    expect(await reminders()).toBe(6);
    expect((await harness.change(id)).state).toBe('completed');
  });

  it('of a standard change is not needed: it closes by itself', async () => {
    const id = await harness.request({ ...work, class: 'standard' });
    await harness.approve(id);
    await harness.untilState(id, 'implementing');
    await harness.send(id, 'report', { ...says('done'), result: 'implemented' });
    await harness.untilState(id, 'closed');
  });
});
