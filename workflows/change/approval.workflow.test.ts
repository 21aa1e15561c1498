import { describe, expect, it } from 'vitest';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { approvalExpiryMs, dayMs, hourMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const inTwentyDays = { opensInMs: 20 * dayMs, lengthMs: 2 * hourMs };
const bothCoreSwitches = {
  kind: 'infrastructure',
  datacentres: ['mad'],
  affects: [
    { item: 'mad-core-1', effect: 'down' },
    { item: 'mad-core-2', effect: 'down' },
  ],
  steps: ['Replace both core switches'],
  rollbackSteps: ['Put the old ones back'],
};
const firewall = {
  kind: 'infrastructure',
  datacentres: ['mad'],
  affects: [{ item: 'mad-firewall-1', effect: 'down' }],
  steps: ['Update the firewall'],
  rollbackSteps: ['Go back to the old version'],
};

const decisionOn = (planHash: string | null, by: string, decision = 'approved' as const) => ({
  by,
  reason: 'as planned',
  decision,
  planHash: planHash ?? '',
});

describe('a change that awaits approval', () => {
  it('reminds the approvers after 50 % and 90 % of the time, and expires after all of it', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    const { waitingFor } = await harness.untilState(id, 'awaiting-approval');
    const expiresAtMs = Date.parse(waitingFor?.until ?? '');

    await harness.sleep(approvalExpiryMs + 1000);
    await harness.untilState(id, 'expired');
    const log = await harness.log(id);
    const leftMs = log
      .filter(({ message }) => message.startsWith('Reminder'))
      .map(({ at }) => expiresAtMs - Date.parse(at));
    expect(leftMs).toHaveLength(2);
    expect(leftMs[0] ?? 0).toBeGreaterThan(0.49 * approvalExpiryMs);
    expect(leftMs[0] ?? 0).toBeLessThanOrEqual(0.5 * approvalExpiryMs);
    expect(leftMs[1] ?? 0).toBeGreaterThan(0.09 * approvalExpiryMs);
    expect(leftMs[1] ?? 0).toBeLessThanOrEqual(0.1 * approvalExpiryMs);
    expect(Date.parse(log.at(-1)?.at ?? '')).toBeGreaterThanOrEqual(expiresAtMs);
    const reminded = await harness
      .database('alert')
      .where({ change_id: id, topic: 'note' })
      .distinct<{ recipient: string }[]>('recipient');
    expect(reminded.map(({ recipient }) => recipient)).toEqual(
      expect.arrayContaining(['marta', 'olga', 'sergio']),
    );

    await expect(harness.send(id, 'decide', decisionOn('whatever', 'olga'))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'workflow-not-running',
    });
  });

  it('refuses decisions of its requester, on another plan, and after it was decided', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    const { planHash } = await harness.untilState(id, 'awaiting-approval');
    await expect(harness.send(id, 'decide', decisionOn(planHash, 'ana'))).rejects.toMatchObject({
      kind: 'refused',
      code: 'own-change',
    });
    await expect(
      harness.send(id, 'decide', decisionOn('0'.repeat(64), 'olga')),
    ).rejects.toMatchObject({
      kind: 'refused',
      code: 'plan-changed',
    });
    await harness.send(id, 'decide', decisionOn(planHash, 'olga'));
    await expect(harness.send(id, 'decide', decisionOn(planHash, 'marta'))).rejects.toMatchObject({
      kind: 'refused',
      code: 'decision-too-late',
    });
    const decisions = await harness.database('approval').where({ change_id: id });
    expect(decisions).toHaveLength(1);
  });

  it('needs two different people when many services go down', async () => {
    const id = await harness.request(bothCoreSwitches, inTwentyDays);
    const { planHash } = await harness.untilState(id, 'awaiting-approval');
    const first = await harness.send(id, 'decide', decisionOn(planHash, 'olga'));
    expect(first).toEqual({
      state: 'awaiting-approval',
      message: '1 of 2 approvals given. Still asked: approvers of many-services-down, after olga.',
    });
    await expect(harness.send(id, 'decide', decisionOn(planHash, 'olga'))).rejects.toMatchObject({
      kind: 'refused',
      code: 'already-decided',
    });
    const second = await harness.send(id, 'decide', decisionOn(planHash, 'marta'));
    expect(second.state).toBe('scheduled');
  });

  it('counts exactly one of two decisions that arrive at once', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    const { planHash } = await harness.untilState(id, 'awaiting-approval');
    const results = await Promise.allSettled(
      ['olga', 'marta', 'sergio'].map((by) => harness.send(id, 'decide', decisionOn(planHash, by))),
    );
    const statuses = results.map(({ status }) => status).sort();
    expect(statuses).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'refused' });
    }
    expect(await harness.database('approval').where({ change_id: id })).toHaveLength(1);
  });

  it('ends when it is rejected', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    const { planHash } = await harness.untilState(id, 'awaiting-approval');
    await harness.send(id, 'decide', { ...decisionOn(planHash, 'olga'), decision: 'rejected' });
    expect((await harness.change(id)).state).toBe('rejected');
    expect(await harness.environment.client.workflow.getHandle(`change/${id}`).result()).toBe(
      'rejected',
    );
  });

  it('is not approved while it conflicts with an approved change, and is once that has ended', async () => {
    const first = await harness.request(firewall, inTwentyDays);
    const second = await harness.request(firewall, inTwentyDays);
    await harness.approve(first);
    await expect(harness.approve(second, 'marta')).rejects.toMatchObject({
      kind: 'refused',
      code: 'blocking-conflict',
    });
    expect((await harness.change(second)).state).toBe('awaiting-approval');
    expect(await harness.database('approval').where({ change_id: second })).toEqual([]);

    await harness.send(first, 'cancel', { by: 'ana', reason: 'the other one is more urgent' });
    expect((await harness.approve(second, 'marta')).state).toBe('scheduled');
  });

  it('ends as cancelled, with the reason, when it cannot be assessed', async () => {
    const id = await harness.request({ ...firewall, datacentres: ['atlantis'] }, inTwentyDays);
    await harness.untilState(id, 'cancelled');
    expect((await harness.log(id)).at(-1)?.message).toContain('atlantis');
  });
});

describe('a moved window', () => {
  it('voids the approvals and asks for new ones on a new plan', async () => {
    const id = await harness.request(bothCoreSwitches, inTwentyDays);
    const { planHash } = await harness.untilState(id, 'awaiting-approval');
    await harness.send(id, 'decide', decisionOn(planHash, 'olga'));
    await harness.send(id, 'decide', decisionOn(planHash, 'marta'));

    const moved = await harness.windowIn({ opensInMs: 25 * dayMs, lengthMs: hourMs });
    await harness.send(id, 'moveWindow', {
      by: 'ana',
      reason: 'the part arrives later',
      revision: 2,
      window: {
        request: moved,
        opensAt: moved.resolved.opensAt,
        closesAt: moved.resolved.closesAt,
      },
    });
    const again = await harness.untilState(id, 'awaiting-approval');
    expect(again.revision).toBe(2);
    expect(again.planHash).not.toBe(planHash);
    await expect(harness.send(id, 'decide', decisionOn(planHash, 'sergio'))).rejects.toMatchObject({
      code: 'plan-changed',
    });
    const first = await harness.send(id, 'decide', decisionOn(again.planHash, 'olga'));
    expect(first.message).toContain('1 of 2 approvals given.');
    await harness.send(id, 'decide', decisionOn(again.planHash, 'marta'));

    await harness.sleep(20 * dayMs + 3 * hourMs);
    expect((await harness.change(id)).state).toBe('scheduled');
    await harness.sleep(5 * dayMs);
    await harness.untilState(id, 'implementing');
  });

  it('is refused to somebody who saw an earlier revision', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    await harness.untilState(id, 'awaiting-approval');
    const { asked, resolved } = await harness.windowIn({ opensInMs: 25 * dayMs, lengthMs: hourMs });
    await expect(
      harness.send(id, 'moveWindow', {
        by: 'ana',
        reason: 'later',
        revision: 3,
        window: {
          request: { asked, resolved },
          opensAt: resolved.opensAt,
          closesAt: resolved.closesAt,
        },
      }),
    ).rejects.toMatchObject({ kind: 'refused', code: 'plan-changed' });
  });
});

describe('an impact that the inventory has moved', () => {
  const moved = async (id: string, revision: number) => {
    const { definition, window_opens_at, window_closes_at } = await harness
      .database('change')
      .where({ id })
      .first<{
        definition: { request: { window: object }; window: object };
        window_opens_at: string;
        window_closes_at: string;
      }>();
    await harness.environment.client.workflow.getHandle(`change/${id}`).signal('impactMoved', {
      revision,
      message: 'The inventory has changed what it affects.',
      window: {
        request: { asked: definition.request.window, resolved: definition.window },
        opensAt: window_opens_at,
        closesAt: window_closes_at,
      },
    });
  };

  it('voids the approval of the plan that was compared, and of no later one', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    await harness.approve(id);
    const before = await harness.change(id);
    await moved(id, 1);
    const again = await harness.until(
      id,
      ({ state, revision }) => state === 'awaiting-approval' && revision === 2,
      'another approval',
    );
    expect(again.planHash).not.toBe(before.planHash);
    const events = (await harness.log(id)).map(({ event }) => event);
    expect(events).toContain('impact-moved');
    await harness.approve(id);
    expect((await harness.change(id)).state).toBe('scheduled');
    // What was found out about the earlier plan is no news.
    await moved(id, 1);
    await harness.sleep(hourMs);
    expect(await harness.change(id)).toMatchObject({ state: 'scheduled', revision: 2 });
  });
});
