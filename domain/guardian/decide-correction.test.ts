import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Placement, RankedPlacement } from '../placement/simulation.ts';
import {
  decideCorrection,
  type Correction,
  type CorrectionFacts,
  type Move,
  type SimulatedWay,
} from './decide-correction.ts';
import { guardianPolicySchema } from './policy.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const nowMs = Date.UTC(2026, 10, 25, 12);

const placed = (...datacentres: string[]): Placement => ({
  assignments: datacentres.map((datacentre) => ({ component: 'web', datacentre, offer: 'small' })),
});
const ranked = (rank: number, monthlyCost: number, ...datacentres: string[]): RankedPlacement => ({
  rank,
  placement: placed(...datacentres),
  predicted: {
    availabilityPercent: 99.9,
    monthlyCost,
    currency: 'EUR',
    responseTimeP95Ms: 80,
    countries: ['ES'],
  },
});
const redeploy: SimulatedWay = {
  way: 'redeploy',
  release: '2',
  measuredAtMs: nowMs - minuteMs,
  simulatedAtMs: nowMs,
  placements: [ranked(1, 100, 'bcn', 'par'), ranked(2, 110, 'mad', 'bcn')],
  contradictions: [],
};
const rollBack: SimulatedWay = {
  ...redeploy,
  way: 'roll-back',
  release: '1',
  placements: [ranked(1, 90, 'mad', 'par')],
};
const hopeless: SimulatedWay = {
  ...redeploy,
  placements: [],
  contradictions: ['Too slow everywhere.'],
};
const move = (endedMinutesAgo: number | null, more: Partial<Move> = {}): Move => ({
  begunAtMs: nowMs - (endedMinutesAgo ?? 0) * minuteMs - minuteMs,
  endedAtMs: endedMinutesAgo === null ? null : nowMs - endedMinutesAgo * minuteMs,
  completed: true,
  left: [],
  leftReplicas: [],
  ...more,
});
const facts = (
  more: Partial<Omit<CorrectionFacts, 'policy'>> & { policy?: object } = {},
): CorrectionFacts => ({
  nowMs,
  violations: ['availability at least 99 %: 40 %'],
  current: { release: '2', placement: placed('mad', 'par'), monthlyCost: 100, byRollBack: false },
  simulated: [redeploy, rollBack],
  moves: [],
  hold: null,
  otherChange: null,
  evacuation: { atOnce: 2, perHour: 10, underWay: 0, begunAtMs: [] },
  ...more,
  policy: guardianPolicySchema.parse({ mode: 'act', ...more.policy }),
});

describe('the decision about a violation', () => {
  it('is to redeploy to the best placement that is another one', () => {
    expect(decideCorrection(facts())).toMatchObject({
      way: 'redeploy',
      release: '2',
      rank: 1,
      needsApproval: false,
    });
  });

  it('is to roll back where no placement of what runs meets the requirements', () => {
    const decided = decideCorrection(facts({ simulated: [hopeless, rollBack] }));
    expect(decided).toMatchObject({ way: 'roll-back', release: '1' });
    expect(decided.because).toContain('Too slow everywhere.');
  });

  it('is to roll back where the policy prefers it, or where it is cheaper and that counts', () => {
    for (const prefer of ['roll-back', 'cheaper']) {
      expect(decideCorrection(facts({ policy: { prefer } })).way).toBe('roll-back');
    }
  });

  it.each<[string, Parameters<typeof facts>[0], RegExp]>([
    ['there is no data', { violations: [] }, /no data/],
    ['another change is under way', { otherChange: 'CHG-7 (deploying)' }, /CHG-7/],
    ['a correction is under way', { moves: [move(null)] }, /under way/],
    ['the last correction has just ended', { moves: [move(5)] }, /cooling down/],
    [
      'there were as many corrections as are allowed',
      { moves: [move(60), move(120), move(180)] },
      /a person must look/,
    ],
    ['automation is held', { hold: { sinceMs: nowMs - hourMs, untilMs: null } }, /a person lifts/],
    [
      'the simulation is old',
      { simulated: [redeploy, rollBack].map((one) => ({ ...one, simulatedAtMs: nowMs - hourMs })) },
      /older than 300 s/,
    ],
    [
      'the figures are old',
      { simulated: [redeploy, rollBack].map((one) => ({ ...one, measuredAtMs: nowMs - hourMs })) },
      /older than 300 s/,
    ],
    ['nothing was simulated', { simulated: [] }, /nothing was simulated/],
    [
      'no way meets the requirements',
      { simulated: [hopeless, { ...hopeless, way: 'roll-back', release: '1' }] },
      /redeploy: no placement.*roll-back: no placement/,
    ],
    [
      'the present placement is the best by the figures',
      {
        simulated: [
          { ...redeploy, placements: [ranked(1, 90, 'mad', 'par'), ...redeploy.placements] },
        ],
      },
      /present placement is the best/,
    ],
    [
      'what runs is a rollback, and moving it is no way out',
      {
        simulated: [hopeless, rollBack],
        current: { ...facts().current, byRollBack: true },
      },
      /never rolled back/,
    ],
    [
      'the company has as many corrections under way as it allows itself',
      { evacuation: { atOnce: 2, perHour: 10, underWay: 2, begunAtMs: [] } },
      /most allowed at once/,
    ],
    [
      'the company has begun as many within an hour as it allows itself',
      { evacuation: { atOnce: 2, perHour: 1, underWay: 0, begunAtMs: [nowMs - minuteMs] } },
      /within an hour/,
    ],
    ['the policy only observes', { policy: { mode: 'observe' } }, /mode is "observe"; otherwise/],
  ])('is to wait, and to look again later, while %s', (_what, more, words) => {
    const decided = decideCorrection(facts(more));
    expect(decided.way).toBe('wait');
    expect(decided.because).toMatch(words);
    expect((decided as Extract<Correction, { way: 'wait' }>).untilMs).toBeGreaterThan(nowMs);
  });

  it('takes the next best placement when the best goes back to where it has just left', () => {
    const moves = [move(60, { left: ['par'], leftReplicas: ['web@par'] })];
    expect(decideCorrection(facts({ moves }))).toMatchObject({ way: 'redeploy', rank: 2 });
    expect(decideCorrection(facts({ moves: [move(25 * 60, { left: ['par'] })] }))).toMatchObject({
      rank: 1,
    });
  });

  it.each([
    ['the policy proposes only', { mode: 'propose' }],
    ['the way is one that an operator approves', { approvalFor: ['redeploy'] }],
    ['it costs more than is allowed without asking', { maxExtraCostPercent: 0 }, 90],
  ])('waits for an operator where %s', (_what, policy, monthlyCost = 100) => {
    const current = { ...facts().current, monthlyCost };
    expect(decideCorrection(facts({ policy, current }))).toMatchObject({
      way: 'redeploy',
      needsApproval: true,
    });
  });

  it('goes on after a hold that the policy lifts by itself', () => {
    const hold = { sinceMs: nowMs - 2 * hourMs, untilMs: nowMs - hourMs };
    expect(decideCorrection(facts({ hold })).way).toBe('redeploy');
  });
});

describe('whatever the facts are, a decision', () => {
  const datacentre = fc.constantFrom('mad', 'bcn', 'par', 'lis');
  const places = fc.uniqueArray(datacentre, { minLength: 1, maxLength: 3 });
  const placements = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 300 }), places), { maxLength: 5 })
    .map((all) => all.map(([cost, where], index) => ranked(index + 1, cost, ...where)));
  const agoMs = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 20 * hourMs, max: 72 * hourMs }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 24 * hourMs }) },
  );
  // Mostly such that it may move, and often enough such that it must not.
  const rarely = fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  );
  const freshMs = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 300_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 300_001, max: 900_000 }) },
  );
  const simulated = fc.array(
    fc.record<SimulatedWay>({
      way: fc.constantFrom('redeploy', 'roll-back'),
      release: fc.constantFrom('1', '2'),
      measuredAtMs: freshMs.map((ms) => nowMs - ms),
      simulatedAtMs: freshMs.map((ms) => nowMs - ms),
      placements,
      contradictions: fc.constant([]),
    }),
    { maxLength: 3 },
  );
  const moves = fc.array(
    fc.record<Move>({
      begunAtMs: agoMs.map((ms) => nowMs - ms),
      endedAtMs: fc.oneof(
        { weight: 20, arbitrary: agoMs.map((ms) => nowMs - ms) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
      completed: fc.boolean(),
      left: fc.array(datacentre, { maxLength: 2 }),
      leftReplicas: fc.array(
        datacentre.map((id) => `web@${id}`),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 4 },
  );
  const anyFacts = fc
    .record({
      violations: fc.array(fc.constantFrom('availability', 'responseTime'), { maxLength: 2 }),
      release: fc.constantFrom('1', '2'),
      where: places,
      byRollBack: rarely,
      simulated,
      moves,
      isHeld: rarely,
      underWay: fc.integer({ min: 0, max: 3 }),
      begun: fc.array(
        agoMs.map((ms) => nowMs - ms),
        { maxLength: 6 },
      ),
      mode: fc.constantFrom('off', 'observe', 'propose', 'act', 'act', 'act'),
      coolDownMinutes: fc.integer({ min: 0, max: 60 }),
    })
    .map((one): CorrectionFacts => ({
      nowMs,
      policy: guardianPolicySchema.parse({
        mode: one.mode,
        coolDownMinutes: one.coolDownMinutes,
        prefer: 'cheaper',
      }),
      violations: one.violations,
      current: {
        release: one.release,
        placement: placed(...one.where),
        monthlyCost: 100,
        byRollBack: one.byRollBack,
      },
      simulated: one.simulated,
      moves: one.moves,
      hold: one.isHeld ? { sinceMs: nowMs - hourMs, untilMs: null } : null,
      otherChange: null,
      evacuation: { atOnce: 2, perHour: 4, underWay: one.underWay, begunAtMs: one.begun },
    }));
  const always = (
    check: (decided: Exclude<Correction, { way: 'wait' }>, of: CorrectionFacts) => void,
  ): void => {
    let moved = 0;
    fc.assert(
      fc.property(anyFacts, (of) => {
        const decided = decideCorrection(of);
        if (decided.way === 'wait') {
          expect(decided.untilMs).toBeGreaterThan(nowMs);
          return;
        }
        moved += 1;
        check(decided, of);
      }),
      { numRuns: 3_000 },
    );
    // Nothing would be shown by facts that never lead to a move.
    expect(moved).toBeGreaterThan(100);
  };

  it('never moves without data, and never while held or observing', () => {
    always((_decided, { violations, hold, policy }) => {
      expect(violations).not.toEqual([]);
      expect(hold).toBeNull();
      expect(['propose', 'act']).toContain(policy.mode);
    });
  });

  it('never goes back to a place that was just left', () => {
    always(({ placement }, of) => {
      const lately = of.moves.filter(
        ({ begunAtMs, completed }) => completed && nowMs - begunAtMs < 24 * hourMs,
      );
      for (const { component, datacentre: site } of placement.assignments) {
        expect(lately.flatMap(({ left }) => left)).not.toContain(site);
        expect(lately.flatMap((one) => one.leftReplicas)).not.toContain(`${component}@${site}`);
      }
    });
  });

  it('never exceeds the moves allowed, and never comes before the cool-down is over', () => {
    always((_decided, { moves: before, policy }) => {
      const counted = before.filter(({ begunAtMs }) => nowMs - begunAtMs < 24 * hourMs);
      expect(counted.length).toBeLessThan(policy.maxMoves);
      for (const { endedAtMs } of before) {
        expect(endedAtMs).not.toBeNull();
        expect(nowMs - (endedAtMs ?? 0)).toBeGreaterThanOrEqual(policy.coolDownMinutes * minuteMs);
      }
    });
  });

  it('never rolls a rollback back, and rolls back to another release only', () => {
    always(({ way, release }, { current }) => {
      if (way === 'redeploy') expect(release).toBe(current.release);
      else {
        expect(current.byRollBack).toBe(false);
        expect(release).not.toBe(current.release);
      }
    });
  });

  it('never deploys on a stale simulation or stale figures', () => {
    always(({ way, release, placement }, { simulated: all }) => {
      const fresh = all.filter(
        ({ measuredAtMs, simulatedAtMs }) =>
          Math.min(measuredAtMs, simulatedAtMs) >= nowMs - 300_000,
      );
      expect(
        fresh.some(
          (one) =>
            one.way === way &&
            one.release === release &&
            one.placements.some((candidate) => candidate.placement === placement),
        ),
      ).toBe(true);
    });
  });

  it('keeps to the evacuation rate of the company', () => {
    always((_decided, { evacuation }) => {
      expect(evacuation.underWay).toBeLessThan(evacuation.atOnce);
      const lately = evacuation.begunAtMs.filter((atMs) => nowMs - atMs < hourMs);
      expect(lately.length).toBeLessThan(evacuation.perHour);
    });
  });
});

describe('a datacentre that dies under many applications', () => {
  it('is evacuated at the rate of the company, whatever the order in which they ask', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (asksAfterMs, lastsMinutes) => {
          const begunAtMs: number[] = [];
          const atOnce = 3;
          const perHour = 8;
          for (const afterMs of [...asksAfterMs].sort((a, b) => a - b)) {
            const atMs = nowMs + afterMs;
            const underWay = begunAtMs.filter((one) => atMs - one < lastsMinutes * minuteMs).length;
            const { way } = decideCorrection({
              ...facts(),
              nowMs: atMs,
              simulated: [{ ...redeploy, measuredAtMs: atMs, simulatedAtMs: atMs }],
              evacuation: { atOnce, perHour, underWay, begunAtMs },
            });
            if (way !== 'wait') begunAtMs.push(atMs);
          }
          for (const atMs of begunAtMs) {
            const within = (ms: number): number =>
              begunAtMs.filter((one) => one <= atMs && atMs - one < ms).length;
            expect(within(lastsMinutes * minuteMs)).toBeLessThanOrEqual(atOnce);
            expect(within(hourMs)).toBeLessThanOrEqual(perHour);
          }
        },
      ),
    );
  });
});
