import { DomainError } from '../errors.ts';
import { isAcceptable, type RiskCriteria } from './criteria.ts';
import type { StoredRisk } from './ports.ts';

/** @throws DomainError when it is not this person's, not what was seen, or more than the criteria accept. */
export function checkAcceptance(
  { label, risk, version, acceptance, residual }: StoredRisk,
  given: {
    readonly by: string;
    readonly exception: string | null;
    readonly seenVersion: number;
    readonly criteria: RiskCriteria | null;
  },
): void {
  const { by, exception, seenVersion, criteria } = given;
  if (by !== risk.owner) {
    throw new DomainError('forbidden', `Only ${risk.owner}, who owns ${label}, accepts it.`, {
      code: 'not-the-owner',
      remedy: 'Assess it again with another owner if it has one.',
    });
  }
  if (seenVersion !== version) {
    throw new DomainError('conflict', `${label} is no longer at version ${seenVersion}.`, {
      code: 'version-superseded',
      remedy: 'Read it again: what is accepted is what was seen.',
    });
  }
  if (residual === null) {
    throw new DomainError('refused', `Nobody has decided what is done about ${label}.`, {
      code: 'no-treatment',
      remedy: 'Assess it with a treatment; to retain it is one.',
    });
  }
  if (acceptance !== null) {
    throw new DomainError('conflict', `${label} is accepted as it is.`, { code: 'risk-accepted' });
  }
  if (criteria !== null && !isAcceptable(criteria, residual.band) && exception === null) {
    throw new DomainError(
      'refused',
      `What is left of ${label} is ${residual.band}, above ${criteria.acceptableUpTo}.`,
      {
        code: 'above-criteria',
        remedy: 'Treat it further, or give an exception that says why it is accepted all the same.',
      },
    );
  }
}
