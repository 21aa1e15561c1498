import { describe, expect, it } from 'vitest';
import { changeRequestSchema } from '../change/change-request.ts';
import { switchPair, type AskedRunbook } from './runbook.fixture.ts';
import { runbookSchema } from './runbook-schema.ts';

const complaints = (changes: Partial<AskedRunbook>): string[] =>
  (runbookSchema.safeParse({ ...switchPair, ...changes }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
const step = (id: string, more: object = {}) => ({ id, title: id, expectedMinutes: 5, ...more });

describe('a runbook', () => {
  it('asks for no evidence and rolls back by itself unless it says otherwise', () => {
    const { onOverrun, steps } = runbookSchema.parse(switchPair);
    expect(onOverrun).toBe('roll-back');
    expect(steps[0]?.evidence).toBe('none');
  });

  it('has steps and a way back', () => {
    expect(complaints({ steps: [], rollback: [] })).toEqual([
      'steps: a runbook has at least one step',
      'rollback: a runbook says how to get back: at least one rollback step',
    ]);
  });

  it('names each step once, whatever group it is in', () => {
    expect(complaints({ rollback: [step('drain')] })).toEqual([
      'rollback.0.id: step "drain" is in steps already: ids are unique',
    ]);
  });

  it.each(['preChecks', 'verification', 'rollback'] as const)(
    'has no point of no return in its %s',
    (group) => {
      expect(complaints({ [group]: [step('x', { pointOfNoReturn: true })] })).toEqual([
        `${group}.0.pointOfNoReturn: step "x" is of ${group}: only one of steps can be the point of no return`,
      ]);
    },
  );

  it('has one point of no return at most, and nothing runs parallel to it', () => {
    const point = { pointOfNoReturn: true };
    expect(complaints({ steps: [step('a', point), step('b', point)] })).toEqual([
      'steps.1.pointOfNoReturn: step "a" is the point of no return already, "b" cannot be one too',
    ]);
    for (const steps of [
      [step('a', point), step('b', { parallel: true })],
      [step('b'), step('a', { ...point, parallel: true })],
    ]) {
      expect(complaints({ steps })).toEqual([
        expect.stringContaining('step "a" is the point of no return: nothing may run parallel'),
      ]);
    }
  });

  it('begins no group with a step that is parallel to the one before it', () => {
    expect(complaints({ steps: [step('a', { parallel: true })] })).toEqual([
      'steps.0.parallel: step "a" has no step before it in steps',
    ]);
  });
});

describe('a change made by people', () => {
  const request = {
    kind: 'infrastructure',
    title: 'Replace a switch',
    reason: 'it is old',
    department: 'network',
    window: { start: '2031-05-06T03:00', end: '2031-05-06T05:00', zone: 'Europe/Madrid' },
  };
  const lines = { steps: ['Replace it'], rollbackSteps: ['Put it back'] };
  const fields = (body: object): PropertyKey[] =>
    (changeRequestSchema.safeParse({ ...request, ...body }).error?.issues ?? []).map(
      ({ path }) => path[0] ?? '',
    );

  it('has either a runbook or lines of text', () => {
    expect(fields({ runbook: switchPair })).toEqual([]);
    expect(fields(lines)).toEqual([]);
    expect(fields({})).toEqual(['steps', 'rollbackSteps']);
    expect(fields({ runbook: switchPair, ...lines })).toEqual(['steps', 'rollbackSteps']);
  });

  it.each(['infrastructure', 'architecture', 'licensing', 'disclosure', 'policy'])(
    'may be of the kind %s',
    (kind) => {
      expect(fields({ kind, runbook: switchPair })).toEqual([]);
    },
  );
});
