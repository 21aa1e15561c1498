import { describe, expect, it } from 'vitest';
import { explainWaits, type WaitFacts } from './why.ts';

const stop = {
  id: 'stop-1',
  scope: 'all deployments',
  reason: 'smoke in the machine room',
  by: 'sergio',
  at: '2026-11-24T10:00:00.000Z',
};
const facts = (more: Partial<WaitFacts> = {}): WaitFacts => ({
  label: 'CHG-7',
  state: 'deploying',
  waitingFor: { what: 'wave', detail: '3 wave(s)' },
  since: '2026-11-24T11:00:00.000Z',
  workUntil: '2026-11-24T12:00:00.000Z',
  approvedBy: [],
  mayDecide: [],
  conflicts: [],
  holders: [],
  stops: [],
  lastWord: null,
  ...more,
});

describe('why a change does not move', () => {
  it('is nothing where it waits for nothing', () => {
    expect(explainWaits(facts({ state: 'closed', waitingFor: null }), [])).toEqual([]);
  });

  it('names who may approve, who has, how many are needed, and what stands in the way', () => {
    const waits = explainWaits(
      facts({
        state: 'awaiting-approval',
        waitingFor: {
          what: 'approval',
          detail: '2 approval(s) by somebody other than ana',
          until: '2026-11-25T00:00:00.000Z',
          approvals: 2,
        },
        approvedBy: ['olga'],
        mayDecide: ['marta', 'sergio'],
        conflicts: [{ detail: 'both take down hv-1', with: ['CHG-3'], remedy: 'Move one.' }],
        // It does not run yet: what is stopped does not matter to it.
        stops: [stop],
      }),
      [],
    );
    expect(waits).toMatchObject([
      {
        kind: 'approval',
        who: ['marta', 'sergio'],
        wakesAt: '2026-11-25T00:00:00.000Z',
        approvals: { needed: 2, given: ['olga'] },
      },
      { kind: 'conflict', who: ['CHG-3'], next: 'Move one.', wakesAt: null },
    ]);
  });

  it('is the change that holds a target, before the simulator', () => {
    const waits = explainWaits(
      facts({
        state: 'simulating',
        waitingFor: { what: 'simulation', detail: 'Optimus answers' },
        holders: [{ change: 'CHG-3', datacentre: 'mad' }],
      }),
      [
        {
          step: 'planAttempt',
          tries: 3,
          failure: 'shop in mad is held by CHG-3',
          nextTryAt: '2026-11-24T11:00:30.000Z',
        },
      ],
    );
    expect(waits).toMatchObject([
      { kind: 'target', who: ['CHG-3'], holder: { datacentre: 'mad' } },
      {
        kind: 'simulation',
        detail: 'Optimus answers; try 2 failed: shop in mad is held by CHG-3',
        wakesAt: '2026-11-24T11:00:30.000Z',
      },
    ]);
    expect(waits[0]?.next).toContain('ctc change why CHG-3');
  });

  it('says what evidence a bake lacks', () => {
    const seen = [
      { entry: 'web', samples: 5, wanted: 12 },
      { entry: 'api', samples: 12, wanted: 12 },
    ];
    const [wait] = explainWaits(
      facts({
        waitingFor: { what: 'bake', detail: 'it has held', until: '2026-11-24T11:05:00.000Z' },
      }),
      [{ step: 'bakeSite', tries: 1, datacentre: 'mad', seen }],
    );
    expect(wait).toMatchObject({
      kind: 'bake',
      detail: 'it has held; 7 of 12 samples of web in mad are left',
      wakesAt: '2026-11-24T11:05:00.000Z',
      bake: { endsAt: '2026-11-24T11:05:00.000Z', samplesLeft: 7 },
    });
  });

  it('is every stop that stands, with when the window runs out', () => {
    const other = { ...stop, id: 'stop-2', scope: 'deployments of datacentre mad' };
    const waits = explainWaits(
      facts({
        state: 'paused',
        waitingFor: { what: 'line', detail: '…', until: '2026-11-24T11:30:00.000Z' },
        stops: [stop, other],
      }),
      [],
    );
    expect(waits).toMatchObject([
      { kind: 'line', since: stop.at, wakesAt: '2026-11-24T11:30:00.000Z', stop },
      { kind: 'line', stop: other },
    ]);
    expect(waits[0]?.next).toContain('ctc line resume stop-1');
  });

  it('is a hold first, and the stop that will still hold it after that', () => {
    const hold = { by: 'olga', reason: 'I look at it', since: '2026-11-24T10:30:00.000Z' };
    const waits = explainWaits(
      facts({
        state: 'paused',
        waitingFor: { what: 'resume', detail: 'somebody resumes it', hold },
        stops: [stop],
      }),
      [],
    );
    expect(waits).toMatchObject([
      { kind: 'resume', since: hold.since, hold, who: ['olga'], wakesAt: null },
      { kind: 'line', stop },
    ]);
  });

  it('is never a stop while it is rolled back', () => {
    const waits = explainWaits(
      facts({
        state: 'rolling-back',
        waitingFor: { what: 'rollback', detail: 'the last release is restored' },
        stops: [stop],
      }),
      null,
    );
    expect(waits.map(({ kind }) => kind)).toEqual(['rollback']);
  });
});
