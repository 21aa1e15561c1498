import { describe, expect, it } from 'vitest';
import {
  changeEvents,
  changeStates,
  endedStates,
  finalStates,
  holdableStates,
  isEnded,
  lifeCycle,
  reservedStates,
  stoppableStates,
  touchingStates,
  transitionFor,
  type ChangeState,
} from './life-cycle.ts';

const reachableFrom = (start: ChangeState): Set<ChangeState> => {
  const reached = new Set<ChangeState>([start]);
  // A set grows while it is walked: each new state is visited in turn.
  for (const state of reached) {
    for (const { from, to } of lifeCycle) if (from === state) reached.add(to);
  }
  return reached;
};

describe('the life cycle', () => {
  it('reaches every state from the request', () => {
    expect([...reachableFrom('requested')].sort()).toEqual([...changeStates].sort());
  });

  it('leads from every state to an end, and nowhere from a final one', () => {
    for (const state of changeStates) {
      const isFinal = (finalStates as readonly ChangeState[]).includes(state);
      const out = lifeCycle.filter(({ from }) => from === state);
      expect(out.length === 0, state).toBe(isFinal);
      const ends = [...reachableFrom(state)].filter((reached) =>
        (finalStates as readonly ChangeState[]).includes(reached),
      );
      expect(ends.length, state).toBeGreaterThan(0);
    }
  });

  it('has each row once, and says of each what it requires', () => {
    const keys = lifeCycle.map(({ from, event, to }) => `${from} ${event} ${to}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { requires } of lifeCycle) expect(requires).not.toBe('');
    expect(new Set(lifeCycle.map(({ event }) => event))).toEqual(new Set(changeEvents));
  });

  it('is never ambiguous without a target state, except in coming back from a hold', () => {
    for (const { from, event } of lifeCycle) {
      if (event === 'resume' || event === 'resume-line') continue;
      const rows = lifeCycle.filter((row) => row.from === from && row.event === event);
      expect(rows, `${from} ${event}`).toHaveLength(1);
    }
  });

  it('leads back from a hold to every state that can be held', () => {
    for (const state of holdableStates) {
      expect(transitionFor(state, 'pause')?.to).toBe('paused');
      expect(transitionFor('paused', 'resume', state)?.to).toBe(state);
    }
    for (const state of stoppableStates) {
      expect(transitionFor(state, 'stop-line')?.to).toBe('paused');
      expect(transitionFor('paused', 'resume-line', state)?.to).toBe(state);
    }
  });

  it('lets a person stop it in every state in which production is touched', () => {
    for (const state of touchingStates) {
      expect(transitionFor(state, 'abort')).toMatchObject({
        to: 'rolling-back',
        by: 'change.cancel',
      });
    }
  });

  it('never lets the window be moved, or a change be cancelled untouched, once it has begun', () => {
    for (const state of [...touchingStates, 'implementing', 'rolling-back'] as const) {
      expect(transitionFor(state, 'move-window')).toBeUndefined();
      expect(transitionFor(state, 'cancel')).toBeUndefined();
    }
  });

  it('gives a window free exactly in the states after the intervention', () => {
    const both = reservedStates.filter((state) => isEnded(state));
    expect(both).toEqual([]);
    for (const state of endedStates) expect(isEnded(state)).toBe(true);
    expect(isEnded('awaiting-approval')).toBe(false);
  });
});
