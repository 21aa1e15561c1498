import { describe, expect, it } from 'vitest';
import { runbookWith, runWith } from './runbook.fixture.ts';
import {
  beginRun,
  currentSteps,
  hasPassedPointOfNoReturn,
  runOf,
  turnBack,
} from './runbook-run.ts';
import { evidenceKindOf, whyNotEnd, whyNotStart, type StepSender } from './step-rules.ts';

const runbook = runbookWith();
const engineer: StepSender = { by: 'ben', mayImplement: true, mayCoordinate: false };
const assignee: StepSender = { by: 'ana', mayImplement: false, mayCoordinate: false };
const operator: StepSender = { by: 'olga', mayImplement: true, mayCoordinate: true };
const ids = (run: Parameters<typeof currentSteps>[0]) =>
  currentSteps(run).map(({ step }) => step.id);

describe('the order of steps', () => {
  it('is pre-checks, steps, verification; parallel ones come together', () => {
    expect(ids(beginRun(runbook))).toEqual(['console']);
    expect(ids(runWith(runbook, { done: ['console'] }))).toEqual(['drain']);
    expect(ids(runWith(runbook, { done: ['console', 'drain'] }))).toEqual(['swap', 'label']);
    const labelled = runWith(runbook, { done: ['console', 'drain', 'label'] });
    expect(ids(labelled)).toEqual(['swap']);
    expect(whyNotStart(labelled, 'erase', operator)?.code).toBe('step-out-of-turn');
  });

  it('refuses what comes later, what there is not, and the rollback before its turn', () => {
    const run = beginRun(runbook);
    const refusal = whyNotStart(run, 'drain', operator);
    expect(refusal).toMatchObject({ code: 'step-out-of-turn' });
    expect(refusal?.message).toContain('pre-check "console"');
    expect(whyNotStart(run, 'drian', operator)?.code).toBe('no-such-step');
    expect(whyNotStart(run, 'put-back', operator)?.code).toBe('not-rolling-back');
  });

  it('is that of the rollback once it is rolled back; what ran is stopped', () => {
    const run = runWith(runbook, { done: ['console', 'drain'], running: ['swap'] });
    turnBack(run);
    expect(runOf(run, 'swap').state).toBe('stopped');
    expect(ids(run)).toEqual(['put-back']);
    expect(whyNotEnd(run, { ...operator, step: 'swap', result: 'done' })?.code).toBe(
      'rolling-back',
    );
  });
});

describe('a late or repeated answer', () => {
  it('is told who was first', () => {
    const run = runWith(runbook, { done: ['console'], running: ['drain'] });
    expect(whyNotStart(run, 'drain', operator)).toMatchObject({
      code: 'step-begun',
      message: expect.stringContaining('by olga') as string,
    });
    expect(whyNotEnd(run, { ...operator, step: 'console', result: 'failed' })).toMatchObject({
      code: 'step-settled',
      message: expect.stringContaining('done already, by olga') as string,
    });
  });
});

describe('who may', () => {
  const run = runWith(runbook, { done: ['console'] });

  it('carry out a step: the person it is assigned to, or who coordinates', () => {
    expect(whyNotStart(run, 'drain', engineer)?.code).toBe('not-the-assignee');
    expect(whyNotStart(run, 'drain', assignee)).toBeUndefined();
    expect(whyNotStart(run, 'drain', operator)).toBeUndefined();
  });

  it('carry out a step of a team, or of nobody: who may implement changes', () => {
    const begun = beginRun(runbook);
    expect(whyNotStart(begun, 'console', engineer)).toBeUndefined();
    expect(whyNotStart(begun, 'console', assignee)?.code).toBe('not-the-assignee');
  });

  it('leave a step out: who coordinates, and never all of a group', () => {
    const skip = (step: string, sender: StepSender) =>
      whyNotEnd(run, { ...sender, step, result: 'skipped' })?.code;
    expect(skip('drain', assignee)).toBe('not-a-coordinator');
    expect(skip('drain', operator)).toBeUndefined();
    const last = runWith(runbook, { done: ['console', 'drain', 'swap', 'label', 'erase'] });
    expect(whyNotEnd(last, { ...operator, step: 'ping', result: 'skipped' })?.code).toBe(
      'nothing-done',
    );
  });
});

describe('the completion of a step', () => {
  const run = runWith(runbook, {
    done: ['console', 'drain', 'swap', 'label', 'erase'],
    running: ['ping'],
  });
  const end = (evidence?: string) =>
    whyNotEnd(run, { ...operator, step: 'ping', result: 'done', evidence })?.code;

  it('needs the evidence that the step asks for; a failure needs none', () => {
    expect(end()).toBe('evidence-missing');
    expect(end('all gateways answer')).toBe('evidence-missing');
    expect(end('https://graphs.example.com/ping')).toBeUndefined();
    expect(whyNotEnd(run, { ...operator, step: 'ping', result: 'failed' })).toBeUndefined();
  });

  it('tells links from words', () => {
    expect(evidenceKindOf(undefined)).toBe('none');
    expect(evidenceKindOf('javascript:alert(1)')).toBe('text');
    expect(evidenceKindOf('https://x.example/a b')).toBe('text');
    expect(evidenceKindOf('http://x.example')).toBe('url');
  });

  it('comes after its beginning', () => {
    const open = runWith(runbook, { done: ['console'] });
    expect(whyNotEnd(open, { ...operator, step: 'drain', result: 'done' })?.code).toBe(
      'step-not-begun',
    );
  });
});

describe('the point of no return', () => {
  it('is passed when its step has begun, not when it is left out', () => {
    const done = ['console', 'drain', 'swap', 'label'];
    expect(hasPassedPointOfNoReturn(runWith(runbook, { done, running: ['erase'] }))).toBe(true);
    const skipped = runWith(runbook, { done });
    Object.assign(runOf(skipped, 'erase'), { state: 'skipped', tries: 1 });
    expect(hasPassedPointOfNoReturn(skipped)).toBe(false);
  });
});
