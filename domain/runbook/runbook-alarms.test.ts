import { describe, expect, it } from 'vitest';
import { runbookWith, runWith } from './runbook.fixture.ts';
import { nextAlarm } from './runbook-alarms.ts';
import { beginRun, type RunbookRun } from './runbook-run.ts';
import {
  expectedWorkMs,
  findingsOfTimes,
  fitsUntilMs,
  minuteMs,
  rollBackByMs,
} from './runbook-times.ts';

const runbook = runbookWith();
const minutes = (from: number, until: number, close = until) => ({
  workFromMs: from * minuteMs,
  workUntilMs: until * minuteMs,
  closesAtMs: close * minuteMs,
});
/** Two hours, and no reserve but what the rollback takes. */
const window = minutes(0, 120);
const atMinute = (ms: number | undefined) => (ms === undefined ? undefined : ms / minuteMs);
/** Everything that the clock would bring about if nobody did anything. */
function rings(run: RunbookRun, isHeld = false): [string, number][] {
  const all: [string, number][] = [];
  for (;;) {
    const alarm = nextAlarm(run, window, isHeld);
    if (alarm === undefined) return all;
    run.rung.add(alarm.key);
    all.push([alarm.kind, alarm.atMs / minuteMs]);
  }
}

describe('the times of a runbook', () => {
  it('count parallel steps once, by the longest', () => {
    expect(atMinute(expectedWorkMs(runbook))).toBe(5 + 10 + 20 + 10 + 15);
  });

  it('leave the rollback its time, and never less than the reserve', () => {
    expect(atMinute(rollBackByMs(runbook, window))).toBe(105);
    expect(atMinute(rollBackByMs(runbook, minutes(0, 90, 120)))).toBe(90);
  });

  it('are fitting until what is left and the rollback fill the window', () => {
    expect(atMinute(fitsUntilMs(beginRun(runbook), window))).toBe(105 - 60);
    const onTime = runWith(runbook, { done: ['console'], running: ['drain'], atMs: 0 });
    // It has until then: what comes later takes 45 minutes.
    expect(atMinute(fitsUntilMs(onTime, window))).toBe(105 - 45);
    const tooLate = runWith(runbook, {
      done: ['console'],
      running: ['drain'],
      atMs: 55 * minuteMs,
    });
    expect(atMinute(fitsUntilMs(tooLate, window))).toBe(55);
  });

  it('that do not fit are found before anybody begins', () => {
    expect(findingsOfTimes(runbook, window)).toEqual([]);
    expect(findingsOfTimes(runbook, minutes(0, 60, 75))).toEqual([]);
    expect(findingsOfTimes(runbook, minutes(0, 59, 90))).toEqual([
      expect.stringContaining('expected to take 60 min, but the window leaves 59 min for work'),
    ]);
    expect(findingsOfTimes(runbook, minutes(0, 70))).toEqual([
      expect.stringContaining('its rollback (15 min) do not fit into the 70 min'),
    ]);
  });
});

describe('the clock over a runbook', () => {
  it('warns of an overrun, asks for a decision, and then rolls back', () => {
    const run = runWith(runbook, { done: ['console'], running: ['drain'] });
    expect(rings(run)).toEqual([
      ['step-overrun', 10],
      ['decide', 60],
      ['roll-back', 105],
      ['window-closed', 120],
    ]);
  });

  it('only warns where somebody decided to go on, its policy is to warn, or it is on hold', () => {
    const warned = ['too-late', 105];
    const running = { done: ['console'], running: ['drain'] };
    const decided = runWith(runbook, running);
    decided.goesOn = 'olga';
    expect(rings(decided)).toContainEqual(warned);
    expect(rings(runWith(runbookWith({ onOverrun: 'warn' }), running))).toContainEqual(warned);
    expect(rings(runWith(runbook, running), true)).toContainEqual(warned);
  });

  it('never rolls back behind the point of no return', () => {
    const done = ['console', 'drain', 'swap', 'label'];
    const run = runWith(runbook, { done, running: ['erase'], atMs: 40 * minuteMs });
    expect(rings(run)).toEqual([
      ['step-overrun', 50],
      ['beyond-return', 90],
      ['window-closed', 120],
    ]);
  });

  it('is still when all is done', () => {
    const done = ['console', 'drain', 'swap', 'label', 'erase', 'ping'];
    expect(rings(runWith(runbook, { done }))).toEqual([]);
  });
});
