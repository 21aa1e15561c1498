import type { ChangeRequest } from './change-request.ts';
import type { RiskFacts } from './change-risk.ts';

/** How a change would be undone, and how it was. */
export interface WayBack {
  readonly change: string;
  /** Null where there is none, or it was not assessed yet. */
  readonly kind: 'restore-release' | 'take-away' | 'runbook' | 'steps' | 'text' | null;
  readonly plan: readonly string[];
  readonly tested: RiskFacts['rollback'] | null;
  readonly testedAt: string | null;
  readonly testedIn: string | null;
  /** Of the request or its runbook, or else the median of rollbacks of the application before. */
  readonly estimatedMinutes: number | null;
  readonly estimateFrom: 'request' | 'runbook' | 'earlier-rollbacks' | null;
  /** The newest first: one for each time that the change went back. */
  readonly rollbacks: readonly RollbackView[];
}

export interface RollbackView {
  /** Principal id, or `workflow`. */
  readonly decidedBy: string;
  readonly because: string;
  readonly beganAt: string;
  readonly endedAt: string | null;
  readonly minutes: number | null;
  readonly outcome: string | null;
  readonly sites: readonly {
    readonly datacentre: string;
    readonly outcome: string;
    readonly detail: string;
    readonly at: string;
  }[];
}

export interface WayBackReader {
  /** By id or label. @throws DomainError `not-found`. */
  wayBack(idOrLabel: string): Promise<WayBack>;
}

/** What a request, as it was assessed, says of the way back. */
export function plannedWayBack(
  request: ChangeRequest,
  rollsBackTo: { readonly version: string } | null,
): Pick<WayBack, 'kind' | 'plan' | 'testedAt' | 'testedIn' | 'estimatedMinutes' | 'estimateFrom'> {
  const { rollback } = request;
  const asked = rollback === undefined ? [] : [rollback.plan];
  const runbook = request.kind === 'release' ? [] : (request.runbook?.rollback ?? []);
  const ofRunbook = runbook.reduce((sum, { expectedMinutes }) => sum + expectedMinutes, 0);
  const estimate =
    rollback?.estimatedMinutes !== undefined
      ? ({ estimatedMinutes: rollback.estimatedMinutes, estimateFrom: 'request' } as const)
      : ofRunbook > 0
        ? ({ estimatedMinutes: ofRunbook, estimateFrom: 'runbook' } as const)
        : ({ estimatedMinutes: null, estimateFrom: null } as const);
  const tested = { testedAt: rollback?.testedAt ?? null, testedIn: rollback?.testedIn ?? null };
  const by = (kind: WayBack['kind'], plan: readonly string[]) => ({
    kind,
    plan: [...plan, ...asked],
    ...tested,
    ...estimate,
  });
  if (request.kind === 'release') {
    return rollsBackTo === null
      ? by('take-away', ['What the first release put there is taken away again.'])
      : by('restore-release', [`Release ${rollsBackTo.version}, verified before, is restored.`]);
  }
  if (runbook.length > 0)
    return by(
      'runbook',
      runbook.map(({ title }) => title),
    );
  if (request.rollbackSteps !== undefined) return by('steps', request.rollbackSteps);
  return by(asked.length > 0 ? 'text' : null, []);
}
