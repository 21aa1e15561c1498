import { describe, expect, it } from 'vitest';
import { createFreezeRegister } from '../../adapters/postgres/freeze-register.ts';
import { freezePeriodSchema } from '../../domain/windows/freeze.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs, hourMs, minuteMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();
const olga = { by: 'olga', reason: 'it must be so' };
/** Real time after which something that does not come is given up. */
const patienceMs = 100_000;

interface DecisionRow {
  readonly id: string;
  readonly number: number;
  readonly way: string;
  readonly because: string;
  readonly needs_approval: boolean;
  readonly change_id: string | null;
  readonly begun_at: string | null;
  readonly ended_at: string | null;
  readonly withdrawn: string | null;
}

/** An application whose release 1.0.0 runs, verified and guarded. */
async function guardedApplication(
  policy: Record<string, unknown> = {},
  release = '1.0.0',
): Promise<string> {
  const application = await harness.registerApplication({
    guardian: {
      mode: 'act',
      measurementsPerPeriod: 1,
      samplesPerMeasurement: 20,
      coolDownMinutes: 10,
      ...policy,
    },
  });
  await deploy(application, release);
  harness.dispatchOutbox();
  await until(() => evaluationOf(application), `${application} is measured`);
  return application;
}

async function deploy(application: string, release: string): Promise<void> {
  const id = await harness.requestRelease(application, release, { body: { class: 'standard' } });
  await harness.approve(id);
  await harness.untilState(id, 'closed');
}

async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const told = await harness.database('incident_log').orderBy('id').pluck<string[]>('message');
      const guardians = await harness
        .database('guardian')
        .select('application', 'state', 'waiting_for');
      throw new Error(
        `Waited in vain until ${what}:\n${told.join('\n')}\n${JSON.stringify(guardians)}`,
      );
    }
    await harness.sleep(20_000);
  }
}

const incidentOf = (application: string) =>
  harness
    .database('incident')
    .where({ application })
    .orderBy('number', 'desc')
    .first<{ id: string; state: string; violated: string[] } | undefined>();
const untilIncident = (application: string, state: string) =>
  until(async () => {
    const found = await incidentOf(application);
    return found?.state === state && found;
  }, `the incident of ${application} is ${state}`);
const decisionsOf = (application: string): Promise<DecisionRow[]> =>
  harness.database('guardian_decision').where({ application }).orderBy(['decided_at', 'number']);
const untilDecision = (
  application: string,
  fits: (decision: DecisionRow) => boolean,
  what: string,
) => until(async () => (await decisionsOf(application)).findLast(fits), what);
const correctionsOf = (application: string) =>
  harness
    .database('change')
    .where({ application })
    .whereNotNull('origin')
    .orderBy('number')
    .select<{ id: string; outcome: string | null; origin: { way: string }; class: string }[]>();
const evaluationOf = async (application: string) => {
  const row = await harness
    .database('guardian')
    .where({ application })
    .first<{ state: string; evaluation: { verdict: string } | null } | undefined>();
  return row?.evaluation ?? undefined;
};
const stateOf = async (application: string): Promise<string | undefined> =>
  (await harness.database('guardian').where({ application }).first<{ state: string } | undefined>())
    ?.state;
const runsIn = (application: string, component: string): string[] =>
  Object.keys(harness.datacentres.running(application))
    .filter((key) => key.endsWith(`/${component}`))
    .map((key) => key.split('/')[0] ?? '');
const releases = (application: string): string[] => [
  ...new Set(Object.values(harness.datacentres.running(application))),
];
/** Makes web fail in one of its datacentres, and answers which. */
const breakWebSomewhere = (application: string): string => {
  const [datacentre = ''] = runsIn(application, 'web');
  harness.datacentres.let({ component: 'web', datacentre }, { state: 'failed' });
  return datacentre;
};

describe('a guardian', () => {
  it('redeploys what has begun to fail, by itself, as a change that a policy approved', async () => {
    const application = await guardedApplication();
    const failing = breakWebSomewhere(application);
    await untilIncident(application, 'resolved');
    expect(runsIn(application, 'web')).not.toContain(failing);
    expect(runsIn(application, 'web')).toHaveLength(2);

    const [correction, ...more] = await correctionsOf(application);
    expect(more).toEqual([]);
    expect(correction).toMatchObject({ outcome: 'completed', class: 'emergency' });
    expect(correction?.origin).toMatchObject({ way: 'redeploy', kind: 'guardian' });
    const approvals = await harness.database('approval').where({ change_id: correction?.id });
    expect(approvals).toMatchObject([
      { decided_by: 'guardian-policy', policy: { application, mode: 'act' } },
    ]);
    const log = await harness.log(correction?.id ?? '');
    expect(log[0]).toMatchObject({ actor: 'guardian', event: 'request' });

    const incident = await incidentOf(application);
    expect(incident?.violated).toEqual(['availability']);
    const simulations = await harness
      .database('guardian_simulation')
      .where({ incident_id: incident?.id, way: 'redeploy' });
    expect(simulations[0].inputs_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(simulations[0].result.placements.length).toBeGreaterThan(0);
    const alerts = await harness
      .database('alert')
      .where({ recipient: 'olga', topic: 'incident' })
      .pluck('body');
    expect(alerts.join('\n')).toContain('Violated: availability');
  });

  it('rolls back a release that is slow everywhere, and then holds until a person lifts it', async () => {
    const application = await guardedApplication();
    await deploy(application, '2.0.0');
    harness.datacentres.let({ component: 'web', release: '2.0.0' }, { durationMs: 400 });
    await untilIncident(application, 'resolved');
    expect(releases(application)).toEqual(['1.0.0']);
    const [correction] = await correctionsOf(application);
    expect(correction).toMatchObject({ outcome: 'completed', origin: { way: 'roll-back' } });

    const failing = breakWebSomewhere(application);
    const held = await untilDecision(
      application,
      ({ because }) => because.includes('automation is held'),
      'it waits because it is held',
    );
    expect(held.way).toBe('wait');
    await harness.sleep(2 * hourMs);
    expect(await correctionsOf(application)).toHaveLength(1);

    await harness.sendToGuardian(application, 'liftHold', olga);
    await untilIncident(application, 'resolved');
    expect(runsIn(application, 'web')).not.toContain(failing);
    const all = await correctionsOf(application);
    // Never a rollback of a rollback: what runs was rolled back to.
    expect(all.map(({ origin }) => origin.way)).toEqual(['roll-back', 'redeploy']);
  });

  it('waits when nothing would help, says why, and closes the incident when it is over', async () => {
    const application = await guardedApplication();
    harness.datacentres.let({ component: 'web' }, { state: 'failed' });
    const decision = await untilDecision(application, () => true, 'it decides');
    expect(decision).toMatchObject({ way: 'wait' });
    expect(decision.because).toContain('no placement meets the requirements');
    harness.datacentres.heal();
    await untilIncident(application, 'resolved');
    expect(await correctionsOf(application)).toEqual([]);
  });

  it('takes missing samples for what they are: neither good nor a reason to move', async () => {
    const application = await guardedApplication();
    harness.datacentres.let({ component: 'web' }, { samples: 0 });
    await until(
      async () => (await evaluationOf(application))?.verdict === 'no-data',
      'there is no data',
    );
    await harness.sleep(hourMs);
    expect(await incidentOf(application)).toBeUndefined();
    expect((await evaluationOf(application))?.verdict).toBe('no-data');
  });

  it('only looks on where its policy says so', async () => {
    const application = await guardedApplication({ mode: 'observe' });
    breakWebSomewhere(application);
    const decision = await untilDecision(application, () => true, 'it decides');
    expect(decision).toMatchObject({ way: 'wait' });
    expect(decision.because).toContain('otherwise: availability');
    expect(await correctionsOf(application)).toEqual([]);
  });

  it('asks an operator where its policy says so; what is approved is measured afresh first', async () => {
    const application = await guardedApplication({ mode: 'propose' });
    const failing = breakWebSomewhere(application);
    const proposal = await untilDecision(application, (one) => one.needs_approval, 'it proposes');
    await until(async () => (await stateOf(application)) === 'waiting-for-approval', 'it asks');
    await harness.sleep(hourMs);
    expect(await correctionsOf(application)).toEqual([]);
    const stale = { ...olga, decision: '019ac000-0000-7000-8000-000000000000' };
    await expect(harness.sendToGuardian(application, 'approve', stale)).rejects.toThrow(
      /proposes something else/,
    );

    await harness.sendToGuardian(application, 'approve', { ...olga, decision: proposal.id });
    await untilIncident(application, 'resolved');
    expect(runsIn(application, 'web')).not.toContain(failing);
    const begun = (await decisionsOf(application)).find(({ begun_at }) => begun_at !== null);
    expect(begun?.number).toBe(proposal.number + 1);
    const approvals = await harness.database('approval').where({ change_id: begun?.change_id });
    expect(approvals).toMatchObject([{ decided_by: 'olga', policy: null }]);
  });

  it('does nothing that an operator declines, and proposes nothing that nobody answers for ever', async () => {
    const application = await guardedApplication({ mode: 'propose', proposalExpiresMinutes: 30 });
    breakWebSomewhere(application);
    const first = await untilDecision(application, (one) => one.needs_approval, 'it proposes');
    await until(async () => (await stateOf(application)) === 'waiting-for-approval', 'it asks');
    await harness.sendToGuardian(application, 'decline', { ...olga, decision: first.id });
    const second = await untilDecision(
      application,
      (one) => one.needs_approval && one.id !== first.id,
      'it proposes again',
    );
    await untilDecision(
      application,
      ({ id, withdrawn }) => id === second.id && /Nobody answered/.test(withdrawn ?? ''),
      'the proposal expires',
    );
    expect(await correctionsOf(application)).toEqual([]);
  });

  it('leaves to a person what its policy may not do: a correction in a freeze', async () => {
    const application = await guardedApplication();
    const nowMs = await harness.nowMs();
    const wallClock = (ms: number) => new Date(ms).toISOString().slice(0, 16);
    const freezes = createFreezeRegister({
      database: harness.database,
      now: () => new Date(nowMs).toISOString(),
    });
    const freeze = freezePeriodSchema.parse({
      scope: { kind: 'company' },
      start: wallClock(nowMs - hourMs),
      end: wallClock(nowMs + dayMs),
      zone: 'UTC',
      reason: 'the winter campaign',
    });
    const { id } = await freezes.create(freeze, 'marta');
    const failing = breakWebSomewhere(application);
    const correction = await until(async () => {
      const [found] = await correctionsOf(application);
      const told = await harness
        .database('incident_log')
        .where('message', 'like', '%could not be approved by the policy%')
        .pluck<string[]>('message');
      return told.length > 0 && found;
    }, 'it says that the policy could not approve');
    await harness.sleep(hourMs);
    expect((await harness.change(correction.id)).state).toBe('awaiting-approval');
    expect(runsIn(application, 'web')).toContain(failing);

    await freezes.lift(id, 'marta', 'this must not wait');
    await harness.approve(correction.id);
    await untilIncident(application, 'resolved');
    expect(runsIn(application, 'web')).not.toContain(failing);
    const approvals = await harness.database('approval').where({ change_id: correction.id });
    expect(approvals).toMatchObject([{ decided_by: 'olga', policy: null }]);
  });

  it('cools down between two corrections', async () => {
    const application = await guardedApplication({ coolDownMinutes: 90 });
    breakWebSomewhere(application);
    await untilIncident(application, 'resolved');
    const first = (await decisionsOf(application)).find(({ begun_at }) => begun_at !== null);
    harness.datacentres.heal();
    breakWebSomewhere(application);
    await untilDecision(application, ({ because }) => because.includes('cooling down'), 'it cools');
    const again = await untilDecision(
      application,
      ({ id, because }) => id !== first?.id && !because.includes('cooling down'),
      'it has cooled down',
    );
    const cooledMs = Date.parse(first?.ended_at ?? '') + 90 * minuteMs;
    const decided = await harness.database('guardian_decision').where({ id: again.id }).first();
    expect(Date.parse(decided.decided_at)).toBeGreaterThanOrEqual(cooledMs);
  });

  it('is paused and resumed by people', async () => {
    const application = await guardedApplication();
    await harness.sendToGuardian(application, 'pause', olga);
    await until(async () => (await stateOf(application)) === 'paused', 'it is paused');
    await expect(harness.sendToGuardian(application, 'pause', olga)).rejects.toThrow(/already/);
    breakWebSomewhere(application);
    await harness.sleep(dayMs);
    expect(await incidentOf(application)).toBeUndefined();
    await harness.sendToGuardian(application, 'resume', olga);
    await untilIncident(application, 'resolved');
  });

  it('follows what is verified next, and ends when the policy no longer wants it', async () => {
    const application = await guardedApplication();
    await deploy(application, '2.0.0');
    await until(async () => {
      const row = await harness.database('guardian').where({ application }).first();
      const running = await harness
        .database('verified_deployment')
        .where({ application, release_version: '2.0.0' })
        .first();
      return row.change_id === running.change_id;
    }, 'it measures 2.0.0');
    await harness
      .database('application')
      .where({ name: application })
      .update({
        definition: harness.database.raw(`jsonb_set(definition, '{guardian,mode}', '"off"')`),
      });
    await until(async () => (await stateOf(application)) === 'ended', 'it ends');
  });

  it('hands everything over when its history has grown long', async () => {
    const application = await harness.registerApplication({
      guardian: { mode: 'propose', measurementsPerPeriod: 1, samplesPerMeasurement: 20 },
    });
    await deploy(application, '1.0.0');
    const { client } = harness.environment;
    const id = `guardian/${application}`;
    const first = await client.workflow.start('guardianWorkflow', {
      workflowId: id,
      taskQueue: harness.taskQueue,
      args: [{ application, longestHistory: 60 }],
    });
    harness.dispatchOutbox();
    breakWebSomewhere(application);
    const proposal = await untilDecision(application, (one) => one.needs_approval, 'it proposes');
    const runs = new Set([first.firstExecutionRunId]);
    await until(async () => {
      runs.add((await client.workflow.getHandle(id).describe()).runId);
      return runs.size >= 3;
    }, 'it has handed over twice');
    const status = await client.workflow.getHandle(id).query('guardianStatus');
    expect(status).toMatchObject({ proposal: proposal.id });
    await harness.sendToGuardian(application, 'approve', { ...olga, decision: proposal.id });
    await untilIncident(application, 'resolved');
    expect(await correctionsOf(application)).toHaveLength(1);
  });
});

describe('a datacentre that dies under several applications', () => {
  it('is left by all of them, no faster than the company allows', async () => {
    harness.evacuation.perHour = 2;
    harness.evacuation.atOnce = 1;
    const applications: string[] = [];
    for (let n = 0; n < 4; n += 1) applications.push(await guardedApplication());
    const [dying = ''] = runsIn(applications[0] ?? '', 'web');
    harness.datacentres.let({ datacentre: dying }, { state: 'failed' });
    for (const application of applications) await untilIncident(application, 'resolved');
    const moves = (await Promise.all(applications.map(decisionsOf)))
      .flat()
      .filter(({ begun_at }) => begun_at !== null)
      .map(({ begun_at, ended_at }) => ({
        begunMs: Date.parse(begun_at ?? ''),
        endedMs: Date.parse(ended_at ?? ''),
      }));
    expect(moves).toHaveLength(4);
    for (const { begunMs } of moves) {
      const lately = moves.filter(
        (one) => one.begunMs <= begunMs && begunMs - one.begunMs < hourMs,
      );
      expect(lately.length).toBeLessThanOrEqual(2);
      const underWay = moves.filter((one) => one.begunMs <= begunMs && begunMs < one.endedMs);
      expect(underWay.length).toBeLessThanOrEqual(1);
    }
    for (const application of applications) {
      const sites = Object.keys(harness.datacentres.running(application));
      expect(sites.filter((key) => key.startsWith(`${dying}/`))).toEqual([]);
    }
  });
});
