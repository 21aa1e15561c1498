import * as z from 'zod';

export const riskLevels = ['low', 'medium', 'high', 'very-high'] as const;
export type RiskLevel = (typeof riskLevels)[number];

/** Of the rules below: the same facts under the same version give the same points. */
export const riskRules = 1;

/** Points from which a level begins. */
const levelsFrom = { low: 0, medium: 25, high: 45, 'very-high': 65 } as const;

export function isAtLeast(level: RiskLevel, least: RiskLevel): boolean {
  return riskLevels.indexOf(level) >= riskLevels.indexOf(least);
}

/** What only the requester can tell; what is not answered counts as the worse answer where it is asked for. */
export const questionnaire = {
  'data-loss': 'Could data be lost that cannot be brought back?',
  'first-time': 'Is it the first time that this is done in production?',
  'manual-steps': 'Does it depend on steps that people carry out by hand under time pressure?',
  'external-party': 'Does it depend on somebody outside the company?',
  'monitoring-blind': 'Would its failure stay unnoticed by monitoring for more than five minutes?',
} as const;
export type Question = keyof typeof questionnaire;
export const questions = Object.keys(questionnaire) as Question[];

export const answersSchema = z.partialRecord(
  z.enum(questions as [Question, ...Question[]]),
  z.boolean(),
);
export type Answers = z.output<typeof answersSchema>;

/** What a change's risk is computed from: facts of the record, not opinions. */
export interface RiskFacts {
  readonly servicesDown: number;
  readonly servicesDegraded: number;
  readonly servicesAtRisk: number;
  readonly customers: number;
  readonly conflicts: { readonly blocking: number; readonly warnings: number };
  /** Changes of the same application, or else of the same kind and department, that have ended lately. */
  readonly similar: { readonly ended: number; readonly failed: number };
  /** Results of tests that name where they ran, or a rehearsal of this plan without a failure. */
  readonly evidence: 'none' | 'named' | 'same-release';
  readonly rollback: 'none' | 'planned' | 'tested';
  /** Minutes of the window that lie in office hours of the zone it is written in, and all of its minutes. */
  readonly officeMinutes: number;
  readonly windowMinutes: number;
  readonly class: 'standard' | 'normal' | 'emergency';
  readonly answers: Answers;
}

export interface RiskFactor {
  readonly factor: string;
  readonly points: number;
  /** The most that the factor can give. */
  readonly most: number;
  /** The fact behind it, for people. */
  readonly because: string;
}

export interface ChangeRisk {
  readonly rules: number;
  /** 0 to 100. */
  readonly score: number;
  readonly level: RiskLevel;
  readonly factors: readonly RiskFactor[];
}

/** Fewer ended changes than this tell nothing of how often they fail. */
const tellingHistory = 5;

/** The same facts give the same risk; every factor is shown, also those that give nothing. */
export function assessRisk(facts: RiskFacts): ChangeRisk {
  const factors = [
    servicesFactor(facts),
    customersFactor(facts),
    conflictFactor(facts),
    historyFactor(facts),
    evidenceFactor(facts),
    rollbackFactor(facts),
    timeFactor(facts),
    classFactor(facts),
    answersFactor(facts),
  ];
  const score = Math.min(
    100,
    factors.reduce((sum, { points }) => sum + points, 0),
  );
  const level = riskLevels.findLast((one) => score >= levelsFrom[one]) ?? 'low';
  return { rules: riskRules, score, level, factors };
}

/** One point for every doubling, up to `most` at `atMost`. */
function byMagnitude(count: number, atMost: number, most: number): number {
  if (count <= 0) return 0;
  return Math.min(most, Math.ceil((most * Math.log2(1 + count)) / Math.log2(1 + atMost)));
}

function servicesFactor(facts: RiskFacts): RiskFactor {
  const { servicesDown, servicesDegraded, servicesAtRisk } = facts;
  const most = 20;
  const points = Math.max(
    byMagnitude(servicesDown, 10_000, most),
    byMagnitude(servicesDegraded, 50_000, 14),
    byMagnitude(servicesAtRisk, 100_000, 10),
  );
  const because = `${servicesDown} services down, ${servicesDegraded} degraded, ${servicesAtRisk} at risk`;
  return { factor: 'services', points, most, because };
}

function customersFactor({ customers }: RiskFacts): RiskFactor {
  const most = 12;
  return {
    factor: 'customers',
    points: byMagnitude(customers, 10_000, most),
    most,
    because: `${customers} customers affected`,
  };
}

function conflictFactor({ conflicts: { blocking, warnings } }: RiskFacts): RiskFactor {
  const most = 12;
  return {
    factor: 'conflicts',
    points: Math.min(most, 8 * Math.min(1, blocking) + 2 * Math.min(2, warnings)),
    most,
    because: `${blocking} blocking conflicts, ${warnings} to note`,
  };
}

function historyFactor({ similar: { ended, failed } }: RiskFacts): RiskFactor {
  const most = 14;
  const factor = 'history';
  if (ended < tellingHistory) {
    return {
      factor,
      points: 6 + Math.min(8, 4 * failed),
      most,
      because: `only ${ended} similar changes have ended, ${failed} of them badly: too few to tell`,
    };
  }
  const share = failed / ended;
  return {
    factor,
    points: Math.min(most, Math.ceil(share * 2 * most)),
    most,
    because: `${failed} of the last ${ended} similar changes ended badly`,
  };
}

function evidenceFactor({ evidence }: RiskFacts): RiskFactor {
  const table = {
    none: { points: 12, because: 'no test of it is named' },
    named: { points: 5, because: 'tests are named, of what is not shown to be the same' },
    'same-release': { points: 0, because: 'the same release was tested or verified before' },
  } as const;
  return { factor: 'test evidence', most: 12, ...table[evidence] };
}

function rollbackFactor({ rollback }: RiskFacts): RiskFactor {
  const table = {
    none: { points: 14, because: 'there is no way back' },
    planned: { points: 6, because: 'the way back is planned and was not tried' },
    tested: { points: 0, because: 'the way back was tried' },
  } as const;
  return { factor: 'rollback', most: 14, ...table[rollback] };
}

function timeFactor({ officeMinutes, windowMinutes }: RiskFacts): RiskFactor {
  const most = 8;
  const share = windowMinutes === 0 ? 0 : officeMinutes / windowMinutes;
  return {
    factor: 'time of day',
    points: Math.ceil(most * share),
    most,
    because: `${Math.round(100 * share)} % of the window is in office hours`,
  };
}

function classFactor({ class: changeClass }: RiskFacts): RiskFactor {
  const points = changeClass === 'emergency' ? 8 : 0;
  return {
    factor: 'class',
    points,
    most: 8,
    because: points > 0 ? 'an emergency is less prepared than others' : `a ${changeClass} change`,
  };
}

function answersFactor({ answers }: RiskFacts): RiskFactor {
  const each = 4;
  const yes = questions.filter((question) => answers[question] === true);
  const open = questions.filter((question) => answers[question] === undefined);
  return {
    factor: 'questionnaire',
    points: each * yes.length,
    most: each * questions.length,
    because:
      `${yes.length === 0 ? 'nothing' : yes.join(', ')} answered with yes` +
      (open.length === 0 ? '' : `; not answered: ${open.join(', ')}`),
  };
}
