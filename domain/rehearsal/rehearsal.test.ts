import { describe, expect, it } from 'vitest';
import { changeRequestSchema } from '../change/change-request.ts';
import { switchPair } from '../runbook/runbook.fixture.ts';
import { expectSimulation, expectSite } from './durations.ts';
import { formatLength, reportRehearsal, type RehearsalFacts, type ScenarioRun } from './report.ts';
import { mostScenarios, scenarioSchema, usualScenarios, whyNotRehearse } from './scenario.ts';

const base = {
  title: 'Shop 1.0.0',
  reason: 'to see how it goes',
  department: 'web-platform',
  window: { start: '2026-12-01T01:00', end: '2026-12-01T02:00', zone: 'UTC' },
};
const releaseIn = (datacentres: readonly string[]) =>
  changeRequestSchema.parse({
    ...base,
    kind: 'release',
    application: 'shop',
    release: '1.0.0',
    datacentres,
  });
const manual = changeRequestSchema.parse({
  ...base,
  kind: 'infrastructure',
  datacentres: ['mad'],
  runbook: switchPair,
});

describe('the usual scenarios', () => {
  it('are each failure of a release in each of its datacentres, and all of them fit', () => {
    const request = releaseIn(['mad', 'bcn']);
    const usual = usualScenarios(request);
    expect(usual.map(({ kind }) => kind)).toEqual([
      'as-expected',
      'slow',
      'approval-late',
      'optimus-down',
      'requirement-violated',
      'operator-stops',
      'datacentre-fails',
      'datacentre-unreachable',
      'datacentre-fails',
      'datacentre-unreachable',
    ]);
    for (const scenario of usual) {
      expect(whyNotRehearse(scenario, request)).toBeUndefined();
      expect(scenarioSchema.parse(scenario)).toEqual(scenario);
    }
  });

  it('of a runbook are its steps on the way forward', () => {
    const usual = usualScenarios(manual);
    expect(usual.flatMap((one) => (one.kind === 'step-fails' ? [one.step] : []))).toEqual([
      'console',
      'drain',
      'swap',
      'label',
      'erase',
      'ping',
    ]);
    for (const scenario of usual) expect(whyNotRehearse(scenario, manual)).toBeUndefined();
  });

  it('are never more than may be asked for', () => {
    const many = Array.from({ length: 60 }, (_, index) => `dc-${index}`);
    expect(usualScenarios(releaseIn(many))).toHaveLength(mostScenarios);
  });

  it('tell what does not fit, and what there is', () => {
    expect(whyNotRehearse({ kind: 'step-fails', step: 'put-back' }, manual)).toContain('console');
    expect(whyNotRehearse({ kind: 'requirement-violated' }, manual)).toContain('people');
    expect(
      whyNotRehearse({ kind: 'operator-stops', datacentre: 'par' }, releaseIn(['mad'])),
    ).toContain('it touches mad');
  });
});

describe('how long something is expected to take', () => {
  const nothing = { sites: {}, anyApplication: {}, simulations: [] };

  it('is the median and the longest of its own record', () => {
    const recorded = { ...nothing, sites: { mad: [9_000, 1_000, 3_000] } };
    expect(expectSite('mad', recorded, 60_000)).toMatchObject({
      expectedMs: 3_000,
      worstMs: 9_000,
      from: 'median and longest of the last 3 of this application there',
    });
  });

  it('is that of others where there is none, and else what its components are given', () => {
    const recorded = { ...nothing, anyApplication: { mad: [5_000] } };
    expect(expectSite('mad', recorded, 60_000).from).toContain('other applications');
    expect(expectSite('bcn', recorded, 60_000)).toMatchObject({
      expectedMs: 30_000,
      worstMs: 60_000,
    });
    expect(expectSimulation(nothing).from).toContain('assumed');
  });
});

describe('the report', () => {
  const opensAt = '2026-12-01T01:00:00.000Z';
  const closesAt = '2026-12-01T02:00:00.000Z';
  const facts: RehearsalFacts = {
    revision: 1,
    planHash: 'a'.repeat(64),
    windowOpensAt: opensAt,
    windowClosesAt: closesAt,
    durations: [],
    findings: [],
  };
  const runOf = (changes: Partial<ScenarioRun>): ScenarioRun => ({
    scenario: { kind: 'as-expected' },
    name: 'everything goes as expected',
    outcome: 'completed',
    ended: true,
    waitsFor: null,
    beganAt: opensAt,
    endedAt: '2026-12-01T01:12:00.000Z',
    rolledBackFrom: null,
    windowClosesAt: closesAt,
    sites: {},
    timeline: [],
    ...changes,
  });
  const rolledBack = runOf({
    scenario: { kind: 'datacentre-fails', datacentre: 'mad' },
    name: 'the release does not get ready in mad',
    outcome: 'rolled-back',
    endedAt: '2026-12-01T02:05:00.000Z',
    rolledBackFrom: '2026-12-01T01:45:00.000Z',
  });
  const at = '2026-11-30T12:00:00.000Z';

  it('gives expected and worst length against the window, and when a rollback must begin', () => {
    const report = reportRehearsal(facts, [runOf({}), rolledBack], at);
    expect(report.expected).toMatchObject({ seconds: 720, spareSeconds: 2880 });
    expect(report.worst).toMatchObject({ outcome: 'rolled-back', spareSeconds: -300 });
    expect(report.pointOfNoReturn?.at).toBe('2026-12-01T01:40:00.000Z');
    expect(report.findings).toEqual([
      'when the release does not get ready in mad, it ends 5 min after its window (rolled-back)',
    ]);
    expect(report.summary).toBe(
      'Expected: completed after 12 min, at 2026-12-01 01:12 UTC, 48 min before its window closes. ' +
        'Worst: rolled-back after 1 h 05 min, at 2026-12-01 02:05 UTC, 5 min too late (the release does not get ready in mad). ' +
        '2 scenarios; 1 to look at: when the release does not get ready in mad, it ends 5 min after its window (rolled-back).',
    );
  });

  it('takes what does not end by itself for the worst, and says what it waits for', () => {
    const stuck = runOf({
      name: 'par is away for 30 min',
      outcome: 'rollback-incomplete',
      ended: false,
      waitsFor: 'somebody mends it',
      endedAt: null,
    });
    const report = reportRehearsal(facts, [runOf({}), rolledBack, stuck], at);
    expect(report.worst).toMatchObject({ outcome: 'rollback-incomplete', seconds: null });
    expect(report.findings.join()).toContain('it stays rollback-incomplete: somebody mends it');
  });

  it('finds a change that fails although nothing goes wrong, and leaves out what never began', () => {
    const expired = runOf({ outcome: 'expired', beganAt: null, endedAt: opensAt });
    const report = reportRehearsal(facts, [expired], at);
    expect(report.worst).toBeNull();
    expect(report.findings).toEqual(['when everything goes as expected, it ends expired']);
  });

  it('writes lengths as people do', () => {
    expect([45_000, 119_400, 121_000, 3_599_000, 3_900_000].map(formatLength)).toEqual([
      '45 s',
      '119 s',
      '2 min',
      '1 h 00 min',
      '1 h 05 min',
    ]);
  });
});
