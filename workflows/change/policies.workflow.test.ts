import { describe, expect, it } from 'vitest';
import { createApprovalReader } from '../../adapters/postgres/approval-reader.ts';
import { createDelegationRegister } from '../../adapters/postgres/delegation-register.ts';
import { createPolicyRegister } from '../../adapters/postgres/policy-register.ts';
import { createTemplateRegister } from '../../adapters/postgres/template-register.ts';
import { approvalPolicySchema } from '../../domain/approvals/policy.ts';
import { changeTemplateSchema } from '../../domain/approvals/template.ts';
import { questions } from '../../domain/change/change-risk.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs, hourMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const inTwentyDays = { opensInMs: 20 * dayMs, lengthMs: 2 * hourMs };
const atOnce = { opensInMs: 0, lengthMs: 2 * hourMs };
const firewall = {
  kind: 'infrastructure',
  datacentres: ['mad'],
  affects: [{ item: 'mad-firewall-1', effect: 'down' }],
  steps: ['Update the firewall'],
  rollbackSteps: ['Go back to the old version'],
};
const reason = 'as planned';

const register = () => {
  const { database } = harness;
  const now = () => new Date().toISOString();
  return {
    policies: createPolicyRegister({ database, now }),
    delegations: createDelegationRegister({ database, now }),
    reader: createApprovalReader({ database, now }),
  };
};

/** In force, in place of the version before. */
async function policy(definition: { id: string } & Record<string, unknown>): Promise<void> {
  const { policies } = register();
  const parsed = approvalPolicySchema.parse({ title: 'A policy of the tests', ...definition });
  const { version } = await policies.propose(parsed, reason, 'sergio');
  await policies.approve(parsed.id, version, reason, 'marta');
}

async function decide(id: string, by: string, decision: 'approved' | 'rejected' = 'approved') {
  const { planHash } = await harness.change(id);
  return harness.send(id, 'decide', { by, reason, decision, planHash: planHash ?? '' });
}

/** What was left out, brought to the change as it is now. */
async function amend(id: string, fields: Record<string, unknown>) {
  const { revision } = await harness.change(id);
  const row = await harness.database('change').where({ id }).first<{
    definition: { request: { window: object }; window: { opensAt: string; closesAt: string } };
  }>('definition');
  const { request, window } = row.definition;
  return harness.send(id, 'amend', {
    by: 'ana',
    reason: 'it was missing',
    revision: revision + 1,
    fields,
    window: {
      request: { asked: request.window, resolved: window },
      opensAt: window.opensAt,
      closesAt: window.closesAt,
    },
  });
}

describe('policies', () => {
  it('ask for the signatures that they name, in their order, and nothing counts twice', async () => {
    await policy({
      id: 'every-change',
      inOrder: true,
      steps: [
        { name: 'operations', anyOf: [{ roles: ['operator'] }] },
        { name: 'management', anyOf: [{ roles: ['change-manager'] }, { people: ['sergio'] }] },
      ],
    });
    const id = await harness.request(firewall, inTwentyDays);
    await harness.untilState(id, 'awaiting-approval');
    await expect(decide(id, 'marta')).rejects.toMatchObject({ code: 'not-your-turn' });
    await expect(decide(id, 'ana')).rejects.toMatchObject({ code: 'own-change' });
    await expect(decide(id, 'nobody')).rejects.toMatchObject({ code: 'not-an-approver' });
    expect(await decide(id, 'olga')).toEqual({
      state: 'awaiting-approval',
      message: '1 of 2 approvals given. Still asked: management of every-change.',
    });
    const { steps, outcome } = await register().reader.approvals(id);
    expect(outcome).toBe('open');
    expect(steps).toMatchObject([
      { step: 'operations', given: ['olga'], isMet: true, may: [] },
      { step: 'management', given: [], isMet: false, isLater: false, may: ['marta', 'sergio'] },
    ]);
    expect((await decide(id, 'sergio')).state).toBe('scheduled');
  });

  it('ask of a plan what they asked when it was assessed, whatever they say later', async () => {
    const id = await harness.request(firewall, inTwentyDays);
    await harness.untilState(id, 'awaiting-approval');
    await policy({
      id: 'every-change',
      steps: [{ name: 'all', anyOf: [{ people: ['olga', 'marta', 'sergio'], quorum: 3 }] }],
    });
    expect((await decide(id, 'olga')).state).toBe('scheduled');
  });

  it('are not approved while they miss what they require, and are when it is brought', async () => {
    await policy({
      id: 'prepared',
      requires: ['test-evidence', 'tested-rollback', 'risk-questionnaire', 'risk-treatment'],
    });
    const id = await harness.request(firewall, inTwentyDays);
    await harness.untilState(id, 'awaiting-approval');
    const before = await register().reader.approvals(id);
    expect(before.unmet.map(({ requirement }) => requirement)).toEqual([
      'risk-questionnaire',
      'risk-treatment',
      'test-evidence',
      'tested-rollback',
    ]);
    await expect(decide(id, 'olga')).rejects.toMatchObject({ code: 'requirement-missing' });

    await amend(id, {
      rollback: { plan: 'Load the saved configuration', testedAt: '2026-11-01T10:00:00Z' },
      tests: [{ environment: 'staging', result: 'passed', evidence: 'all 40 rules answered' }],
      answers: Object.fromEntries(questions.map((question) => [question, false])),
    });
    const { planHash } = await harness.untilState(id, 'awaiting-approval');
    expect(planHash).not.toBe(before.planHash);
    await expect(decide(id, 'olga')).rejects.toMatchObject({ code: 'requirement-missing' });
    const treatment = { option: 'retain', description: 'Its window is at night' } as const;
    const { reader } = register();
    await expect(
      reader.treat(id, before.planHash ?? '', { ...treatment, by: 'marta' }),
    ).rejects.toMatchObject({ code: 'plan-changed' });
    await reader.treat(id, planHash ?? '', { ...treatment, by: 'marta' });
    expect((await decide(id, 'olga')).state).toBe('scheduled');

    const after = await reader.approvals(id);
    expect(after.unmet).toEqual([]);
    expect(after.risk?.score ?? 100).toBeLessThan(before.risk?.score ?? 0);
    const log = await harness.log(id);
    expect(log.map(({ event }) => event)).toContain('amend');
  });

  it('keep those who carry a change out from approving it, and those who approved from carrying it out', async () => {
    await policy({ id: 'apart', separateImplementer: true });
    const id = await harness.request(
      {
        ...firewall,
        steps: undefined,
        rollbackSteps: undefined,
        runbook: {
          steps: [
            { id: 'swap', title: 'Swap it', expectedMinutes: 5, assignee: { person: 'marta' } },
          ],
          rollback: [{ id: 'back', title: 'Swap it back', expectedMinutes: 5 }],
        },
      },
      atOnce,
    );
    await harness.untilState(id, 'awaiting-approval');
    await expect(decide(id, 'marta')).rejects.toMatchObject({ code: 'implementer-decides' });
    await decide(id, 'olga');
    await harness.untilState(id, 'implementing');
    const begin = (by: string) =>
      harness.send(id, 'startStep', {
        ...{ by, reason: 'it is time', step: 'swap', mayImplement: true, mayCoordinate: true },
      });
    await expect(begin('olga')).rejects.toMatchObject({ code: 'approver-implements' });
    expect((await begin('marta')).state).toBe('implementing');
  });

  it('let somebody decide in the place of another for a time, and never of the requester', async () => {
    await policy({
      id: 'every-change',
      steps: [{ name: 'marta', anyOf: [{ people: ['marta'] }] }],
    });
    const { delegations } = register();
    const at = await harness.nowMs();
    const time = {
      from: new Date(at - hourMs).toISOString(),
      until: new Date(at + 30 * dayMs).toISOString(),
    };
    const give = (delegator: string, delegate: string) =>
      delegations.delegate({ delegator, delegate, ...time, reason: 'a holiday' });
    await expect(give('marta', 'marta')).rejects.toMatchObject({ code: 'bad-delegate' });
    await expect(give('marta', 'ana')).rejects.toMatchObject({ code: 'bad-delegate' });

    const id = await harness.request(firewall, inTwentyDays);
    await harness.untilState(id, 'awaiting-approval');
    await expect(decide(id, 'olga')).rejects.toMatchObject({ code: 'not-an-approver' });
    const given = await give('marta', 'olga');
    expect((await decide(id, 'olga')).state).toBe('scheduled');
    expect(await harness.database('approval').where({ change_id: id })).toMatchObject([
      { decided_by: 'olga', on_behalf_of: 'marta' },
    ]);

    await expect(delegations.end(given.id, 'olga', false)).rejects.toMatchObject({
      code: 'not-allowed',
    });
    await delegations.end(given.id, 'marta', false);
    const another = await harness.request({ ...firewall, affects: [] }, inTwentyDays);
    await harness.untilState(another, 'awaiting-approval');
    await expect(decide(another, 'olga')).rejects.toMatchObject({ code: 'not-an-approver' });
  });
});

describe('a standard change', () => {
  const restart = {
    kind: 'infrastructure',
    department: 'web-platform',
    datacentres: ['mad'],
    steps: ['Restart the node'],
    rollbackSteps: ['Leave it out'],
  };
  const asked = { ...restart, class: 'standard', template: 'restart', affects: [] };
  const inForce = async (limits: object = {}): Promise<void> => {
    const { database } = harness;
    const templates = createTemplateRegister({ database, now: () => new Date().toISOString() });
    const expiresAt = new Date((await harness.nowMs()) + 100 * dayMs).toISOString();
    const template = changeTemplateSchema.parse({
      ...{ id: 'restart', title: 'Restart a node', request: restart, limits, expiresAt },
    });
    const { version } = await templates.propose(template, reason, 'olga');
    await templates.approve('restart', version, reason, 'marta');
  };

  it('is approved by its template, which was approved before, and by nobody else', async () => {
    await inForce();
    const id = await harness.request(asked, atOnce);
    await harness.untilState(id, 'implementing');
    expect(await harness.database('approval').where({ change_id: id })).toMatchObject([
      { decided_by: 'change-template', policy: { template: 'restart', version: 1 } },
    ]);
    await harness.send(id, 'report', { by: 'olga', reason, result: 'implemented' });
    await harness.untilState(id, 'closed');
  });

  it('is decided by people where it is more than its template says, and they are told why', async () => {
    await inForce({ servicesDown: 0, customers: 0 });
    for (const [changed, why] of [
      [{ steps: ['Restart all of them'] }, '"steps" is not the template'],
      [{ affects: firewall.affects }, 'customers, and 0 at most'],
      [{ template: 'unknown' }, 'it is not in force'],
    ] as const) {
      const id = await harness.request({ ...asked, ...changed }, inTwentyDays);
      await harness.untilState(id, 'awaiting-approval');
      const [row] = await harness
        .database('change')
        .where({ id })
        .select<{ findings: string[] }[]>(harness.database.raw(`plan -> 'findings' as findings`));
      expect(row?.findings.join()).toContain(why);
      expect((await decide(id, 'olga')).state).toBe('scheduled');
    }
  });

  it('is decided by people once its template has expired or was retired', async () => {
    await inForce();
    await harness.sleep(101 * dayMs);
    const id = await harness.request(asked, inTwentyDays);
    await harness.untilState(id, 'awaiting-approval');
    expect((await decide(id, 'olga')).state).toBe('scheduled');
  });
});

describe('an emergency', () => {
  const emergency = { ...firewall, class: 'emergency' };

  it('begins with one signature, and is closed only when it is justified, late or not', async () => {
    const id = await harness.request(emergency, atOnce);
    await harness.untilState(id, 'awaiting-approval');
    await decide(id, 'olga');
    await harness.untilState(id, 'implementing');
    await harness.send(id, 'report', { by: 'olga', reason, result: 'implemented' });
    await harness.untilState(id, 'completed');
    await harness.send(id, 'startReview', { by: 'olga', reason });
    const close = () => harness.send(id, 'close', { by: 'olga', reason, lessons: 'none' });
    await expect(close()).rejects.toMatchObject({ code: 'not-justified-yet' });

    await harness.sleep(80 * hourMs);
    const log = await harness.log(id);
    expect(log.filter(({ message }) => message.includes('is late from now on'))).toHaveLength(1);

    const justify = (by: string) =>
      harness.send(id, 'justify', { by, reason: 'the attack went on', decision: 'justified' });
    await expect(justify('ana')).rejects.toMatchObject({ code: 'own-change' });
    await expect(justify('olga')).rejects.toMatchObject({ code: 'not-an-approver' });
    expect((await justify('marta')).message).toBe('It is justified.');
    await expect(justify('sergio')).rejects.toMatchObject({ code: 'justified-already' });
    expect(await harness.database('change').where({ id }).first('justification')).toEqual({
      justification: 'justified',
    });
    const row = await harness
      .database('change_log')
      .where({ change_id: id })
      .whereRaw(`details ->> 'justification' = 'justified'`)
      .first<{ details: object }>('details');
    expect(row.details).toMatchObject({ late: true });
    expect((await close()).state).toBe('closed');
  });

  it('is told to everybody when it is held to be unjustified', async () => {
    const id = await harness.request(emergency, atOnce);
    await harness.untilState(id, 'awaiting-approval');
    await decide(id, 'olga');
    await harness.untilState(id, 'implementing');
    const { message } = await harness.send(id, 'justify', {
      ...{ by: 'sergio', reason: 'it could have waited', decision: 'not-justified' },
    });
    expect(message).toBe('It is not-justified.');
    const told = await harness
      .database('alert')
      .where({ change_id: id })
      .whereLike('body', '%unjustified%')
      .distinct<{ recipient: string }[]>('recipient');
    expect(told.map(({ recipient }) => recipient)).toEqual(expect.arrayContaining(['ana', 'olga']));
  });
});
