import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriedOut, failureRatePercent, hasFailed } from './change-failures.ts';
import {
  openForClosingProblem,
  problemEvents,
  problemLifeCycle,
  problemTransition,
  type ProblemState,
} from './problem.ts';

describe('the life of a problem', () => {
  it('comes to closed only by way of a known error', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...problemEvents), { maxLength: 20 }), (events) => {
        let state: ProblemState = 'open';
        for (const event of events) {
          const to: ProblemState | undefined = problemTransition(state, event)?.to;
          if (to === 'closed') expect(state).toBe('known-error');
          state = to ?? state;
        }
      }),
    );
    const keys = problemLifeCycle.map(({ from, event }) => `${from}/${event}`);
    expect(keys).toEqual([...new Set(keys)]);
  });

  it('ends when its corrections are done, and never because there are none', () => {
    const open = (more: Partial<Parameters<typeof openForClosingProblem>[0]>) =>
      openForClosingProblem({
        ...{ label: 'PRB-1', links: [], actions: [], uncorrected: null },
        ...more,
      });
    const change = (outcome: string | null) => [
      { kind: 'corrected-by' as const, to: 'CHG-1', outcome },
    ];
    expect(open({})).toEqual([expect.stringContaining('nothing has corrected it')]);
    expect(open({ uncorrected: 'It is sold.' })).toEqual([]);
    expect(open({ links: change('completed') })).toEqual([]);
    expect(open({ links: change(null) })[0]).toContain('has not completed');
    expect(open({ links: change('rolled-back'), uncorrected: 'x' })[0]).toContain(
      'ended rolled-back',
    );
    const action = (state: 'open' | 'done' | 'dropped') => [
      { label: 'ACT-1', title: 'Mend it', state },
    ];
    expect(open({ actions: action('done') })).toEqual([]);
    expect(open({ actions: action('dropped') })).toHaveLength(1);
    expect(open({ actions: action('open'), links: change('completed') })).toEqual([
      'ACT-1 (Mend it) is open: ctc action done ACT-1 …',
    ]);
    // What caused it is no correction.
    expect(
      open({ links: [{ kind: 'caused-by', to: 'CHG-1', outcome: 'completed' }] }),
    ).toHaveLength(1);
  });
});

describe('the change failure rate', () => {
  it('is between 0 and 100, and there is none without a change', () => {
    const anyChange = fc.record({
      outcome: fc.constantFrom(...carriedOut),
      incidents: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(anyChange), (changes) => {
        const failed = changes.filter(hasFailed).length;
        const counts = { rolledBack: 0, rollbackIncomplete: 0, causedIncident: 0 };
        const rate = failureRatePercent({ changes: changes.length, failed, ...counts });
        if (changes.length === 0) expect(rate).toBeNull();
        else expect(rate).toSatisfy((value: number) => value >= 0 && value <= 100);
      }),
    );
    expect(carriedOut.map((outcome) => hasFailed({ outcome, incidents: 0 }))).toEqual([
      false,
      true,
      true,
    ]);
    expect(hasFailed({ outcome: 'completed', incidents: 1 })).toBe(true);
  });
});
