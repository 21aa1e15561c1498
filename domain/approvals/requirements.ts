import { questions, type RiskFacts } from '../change/change-risk.ts';
import type { Requirement } from './policy.ts';

/** What of the record tells whether a requirement is met. */
export interface RequirementFacts {
  readonly facts: Pick<RiskFacts, 'rollback' | 'evidence' | 'answers'>;
  /** Somebody has said how the risk of this very plan is treated. */
  readonly isTreated: boolean;
  /** This very plan was rehearsed. */
  readonly isRehearsed: boolean;
}

const wayOut: Readonly<Record<Requirement, string>> = {
  'rollback-plan': 'a way back: amend the request with "rollback" (ctc change amend)',
  'tested-rollback':
    'a way back that was tried: amend "rollback" with "testedAt" (ctc change amend)',
  'test-evidence': 'passed tests of it: amend the request with "tests" (ctc change amend)',
  rehearsal: 'a rehearsal of this plan (ctc change rehearse)',
  'risk-questionnaire': 'every answer of the questionnaire: amend "answers" (ctc change amend)',
  'risk-treatment': 'how its risk is treated (ctc change treat)',
};

function isMet(requirement: Requirement, { facts, ...rest }: RequirementFacts): boolean {
  switch (requirement) {
    case 'rollback-plan':
      return facts.rollback !== 'none';
    case 'tested-rollback':
      return facts.rollback === 'tested';
    case 'test-evidence':
      return facts.evidence !== 'none';
    case 'rehearsal':
      return rest.isRehearsed;
    case 'risk-questionnaire':
      return questions.every((question) => facts.answers[question] !== undefined);
    case 'risk-treatment':
      return rest.isTreated;
  }
}

/** What is still missing before anybody may approve, and how to bring it. */
export function unmetRequirements(
  requires: readonly Requirement[],
  known: RequirementFacts,
): readonly { readonly requirement: Requirement; readonly wayOut: string }[] {
  return requires
    .filter((requirement) => !isMet(requirement, known))
    .map((requirement) => ({ requirement, wayOut: wayOut[requirement] }));
}
