import type { Finding } from '../incidents/findings.ts';
import { isAcceptable } from './criteria.ts';
import type { CriteriaVersion, DecidedControl, StoredRisk } from './ports.ts';
import type { Action } from '../actions/action.ts';

export const riskFindingKinds = [
  'no-criteria',
  'no-risks',
  'criteria-changed',
  'review-overdue',
  'reassessment-due',
  'treatment-missing',
  'not-accepted',
  'above-criteria',
  'owner-gone',
  'treatment-without-actions',
  'action-overdue',
  'controls-undecided',
  'control-excluded-but-used',
  'control-not-implemented',
] as const;
export type RiskFindingKind = (typeof riskFindingKinds)[number];
type Found = Finding<RiskFindingKind>;

export interface RiskFacts {
  readonly criteria: CriteriaVersion;
  /** Open ones. */
  readonly risks: readonly (StoredRisk & { readonly actions: readonly Action[] })[];
  readonly controls: readonly DecidedControl[];
  /** Owners who may accept risks as things are now. */
  readonly ableOwners: ReadonlySet<string>;
}

/** What an auditor would find of the register: what is missing is said, and never taken for done. */
export function riskFindings(facts: RiskFacts): Found[] {
  const { criteria, risks, controls } = facts;
  const none = (kind: RiskFindingKind, subject: string, detail: string): Found => ({
    ...{ kind, subject, detail },
    since: null,
  });
  return [
    ...(criteria.version === 0
      ? [
          none(
            'no-criteria',
            'risk-criteria',
            'No criteria have been adopted: nothing is assessed.',
          ),
        ]
      : []),
    ...(risks.length === 0 ? [none('no-risks', 'risks', 'The register has no open risk.')] : []),
    ...risks.flatMap((risk) => findingsOf(risk, facts)),
    ...undecided(controls),
    ...controls.flatMap(controlFindings),
  ];
}

function findingsOf(
  risk: StoredRisk & { readonly actions: readonly Action[] },
  { criteria, controls, ableOwners }: RiskFacts,
): Found[] {
  const { label, assessedAt, acceptance, residual } = risk;
  const { treatment, owner } = risk.risk;
  const found = (kind: RiskFindingKind, detail: string, since: string = assessedAt): Found => ({
    ...{ kind, subject: label, detail, since },
  });
  const findings: Found[] = [];
  if (risk.criteriaVersion !== criteria.version) {
    findings.push(
      found(
        'criteria-changed',
        `It was assessed by version ${risk.criteriaVersion} of the criteria; version ${criteria.version} is in force.`,
        criteria.adoptedAt ?? assessedAt,
      ),
    );
  }
  if (risk.reviewOverdue) {
    findings.push(
      found('review-overdue', `It was to be assessed again by ${risk.reviewOn}.`, risk.reviewOn),
    );
  }
  for (const { reason, from, at } of risk.triggers) {
    findings.push(found('reassessment-due', `${from === null ? '' : `${from}: `}${reason}`, at));
  }
  if (!ableOwners.has(owner)) {
    findings.push(found('owner-gone', `${owner} cannot accept it (any more): name another owner.`));
  }
  if (treatment === null) {
    findings.push(found('treatment-missing', 'Nobody has decided what is done about it.'));
  } else if (acceptance === null) {
    findings.push(found('not-accepted', `${owner} has not accepted what is left of it.`));
  } else if (
    criteria.criteria !== null &&
    residual !== null &&
    !isAcceptable(criteria.criteria, residual.band)
  ) {
    findings.push(
      found(
        'above-criteria',
        `What is left is ${residual.band}, above ${criteria.criteria.acceptableUpTo}; accepted because: ${acceptance.exception ?? 'nothing was said'}`,
        acceptance.acceptedAt,
      ),
    );
  }
  const unfinished = (treatment?.controls ?? []).filter(
    (number) =>
      controls.find((control) => control.number === number)?.decision?.implementation !==
      'implemented',
  );
  if (unfinished.length > 0 && !risk.actions.some(({ state }) => state === 'open')) {
    findings.push(
      found(
        'treatment-without-actions',
        `Controls ${unfinished.join(', ')} are not implemented, and no action is open that would.`,
      ),
    );
  }
  for (const { label: action, title, dueOn, overdue } of risk.actions) {
    if (overdue)
      findings.push(found('action-overdue', `${action} (${title}) was due on ${dueOn}.`, dueOn));
  }
  return findings;
}

function undecided(controls: readonly DecidedControl[]): Found[] {
  const open = controls.filter(({ decision }) => decision === null);
  if (open.length === 0) return [];
  return [
    {
      kind: 'controls-undecided',
      subject: 'statement-of-applicability',
      detail: `Nobody has decided about ${open.length} of ${controls.length} controls: ${open.map(({ number }) => number).join(', ')}.`,
      since: null,
    },
  ];
}

function controlFindings({ number, decision, risks }: DecidedControl): Found[] {
  if (decision === null) return [];
  if (!decision.applicable) {
    return risks.length === 0
      ? []
      : [
          {
            kind: 'control-excluded-but-used',
            subject: number,
            detail: `It is excluded, although ${risks.join(', ')} ${risks.length === 1 ? 'is' : 'are'} treated by it.`,
            since: decision.decidedAt,
          },
        ];
  }
  return decision.implementation === 'not-started'
    ? [
        {
          kind: 'control-not-implemented',
          subject: number,
          detail: 'It is included, and nothing of it has been started.',
          since: decision.decidedAt,
        },
      ]
    : [];
}
