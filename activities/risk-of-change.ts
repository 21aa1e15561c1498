import { assessRisk, type RiskFacts } from '../domain/change/change-risk.ts';
import type {
  AssessedRisk,
  ImpactFigures,
  RequestedChange,
  RiskHistory,
  VerifiedRelease,
} from '../domain/change/ports.ts';
import { officeMinutes } from '../domain/windows/office-minutes.ts';

/** A change's risk by the rules, with the facts it came from, so that anybody can compute it again. */
export function riskOfChange(input: {
  readonly change: RequestedChange;
  readonly impact: ImpactFigures;
  readonly history: RiskHistory;
  readonly releaseDigest: string | null;
  readonly previous: VerifiedRelease | undefined;
}): AssessedRisk {
  const { change, impact, history } = input;
  const { request, window } = change;
  const { opensAt, closesAt, zone } = window;
  const facts: RiskFacts = {
    ...impact,
    conflicts: history.conflicts,
    similar: history.similar,
    evidence: evidenceOf(input),
    rollback: rollbackOf(input),
    officeMinutes: officeMinutes(opensAt, closesAt, zone),
    windowMinutes: (Date.parse(closesAt) - Date.parse(opensAt)) / 60_000,
    class: request.class,
    answers: request.answers ?? {},
  };
  return { ...assessRisk(facts), facts };
}

function evidenceOf({
  change: { request },
  history,
  releaseDigest,
}: Parameters<typeof riskOfChange>[0]): RiskFacts['evidence'] {
  const tests = request.tests ?? [];
  // One that failed outweighs those that passed.
  if (tests.some(({ result }) => result === 'failed')) return 'none';
  if (history.isReleaseVerified) return 'same-release';
  if (tests.length === 0) return 'none';
  const isSame =
    releaseDigest !== null && tests.some((test) => test.releaseDigest === releaseDigest);
  return isSame ? 'same-release' : 'named';
}

/** CTC restores what ran before; where nothing did there is nothing to restore, and it is taken away again. */
function rollbackOf({
  change: { request },
  history,
  previous,
}: Parameters<typeof riskOfChange>[0]): RiskFacts['rollback'] {
  if (request.rollback?.testedAt !== undefined) return 'tested';
  if (request.kind === 'release') {
    return history.hasRolledBack && previous !== undefined ? 'tested' : 'planned';
  }
  const isPlanned =
    request.rollback !== undefined ||
    (request.rollbackSteps ?? []).length > 0 ||
    (request.runbook?.rollback ?? []).length > 0;
  return isPlanned ? 'planned' : 'none';
}
