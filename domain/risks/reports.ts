import type { Action } from '../actions/action.ts';
import type { CriteriaVersion, DecidedControl, StoredRisk } from './ports.ts';

/** A report as a table, with what it is of; each format prints the same cells. */
export interface RiskReport {
  readonly report: 'statement-of-applicability' | 'treatment-plan';
  readonly title: string;
  /** Of the risk criteria in force; 0: there are none. */
  readonly criteriaVersion: number;
  /** ISO instant. */
  readonly at: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the report cannot say because nobody has; empty when it is whole. */
  readonly missing: readonly string[];
}

/** What stands in a cell that nobody has filled. */
export const notDecided = 'not decided';

/** All 93 controls: included or excluded, why, and how far; what is not decided is said. */
export function statementOfApplicability(
  criteria: Pick<CriteriaVersion, 'version'>,
  controls: readonly DecidedControl[],
  at: string,
): RiskReport {
  return {
    report: 'statement-of-applicability',
    title: 'Statement of Applicability (ISO/IEC 27001:2022, Annex A)',
    criteriaVersion: criteria.version,
    at,
    columns: [
      ...['control', 'title', 'theme', 'applicable', 'reason', 'implementation', 'how'],
      ...['risks', 'decided by', 'decided at', 'version'],
    ],
    rows: controls.map(({ number, title, theme, decision, risks }) => [
      ...[number, title, theme],
      ...(decision === null
        ? [notDecided, notDecided, notDecided, notDecided, risks.join(' '), '', '', '']
        : [
            decision.applicable ? 'yes' : 'no',
            decision.reason,
            decision.implementation ?? 'excluded',
            decision.how ?? '',
            risks.join(' '),
            decision.decidedBy,
            decision.decidedAt,
            String(decision.version),
          ]),
    ]),
    missing: [
      ...missingCriteria(criteria),
      ...controls
        .filter(({ decision }) => decision === null)
        .map(({ number, title }) => `${number} (${title}): nobody has decided whether it applies`),
      ...controls
        .filter(({ decision, risks }) => decision?.applicable === false && risks.length > 0)
        .map(({ number, risks }) => `${number} is excluded, although ${risks.join(', ')} need it`),
    ],
  };
}

/** Every open risk: what is done about it, by what, by whom, until when, and who has accepted what is left. */
export function treatmentPlan(
  criteria: Pick<CriteriaVersion, 'version'>,
  risks: readonly (StoredRisk & { readonly actions: readonly Action[] })[],
  at: string,
): RiskReport {
  return {
    report: 'treatment-plan',
    title: 'Risk treatment plan',
    criteriaVersion: criteria.version,
    at,
    columns: [
      ...['risk', 'title', 'asset', 'threat', 'vulnerability', 'owner', 'inherent', 'option'],
      ...['explanation', 'controls', 'actions', 'residual', 'accepted by', 'accepted at'],
      ...['exception', 'review on', 'criteria', 'version'],
    ],
    rows: risks.map((one) => {
      const { risk, inherent, residual, acceptance } = one;
      const { treatment } = risk;
      return [
        ...[one.label, risk.title, risk.asset, risk.threat, risk.vulnerability, risk.owner],
        `${inherent.band} (${inherent.score})`,
        treatment?.option ?? notDecided,
        treatment?.explanation ?? notDecided,
        treatment === null
          ? notDecided
          : [...treatment.controls, ...treatment.ownControls.map(({ id }) => id)].join(' '),
        one.actions
          .map(
            ({ label, title, owner, dueOn, state, overdue }) =>
              `${label} ${title} (${owner}, ${dueOn}, ${overdue ? 'overdue' : state})`,
          )
          .join('; '),
        residual === null ? notDecided : `${residual.band} (${residual.score})`,
        acceptance?.acceptedBy ?? 'not accepted',
        acceptance?.acceptedAt ?? '',
        acceptance?.exception ?? '',
        one.reviewOn,
        String(one.criteriaVersion),
        String(one.version),
      ];
    }),
    missing: [
      ...missingCriteria(criteria),
      ...(risks.length === 0 ? ['the register has no open risk'] : []),
      ...risks.flatMap((one) => [
        ...(one.risk.treatment === null ? [`${one.label}: no treatment is decided`] : []),
        ...(one.risk.treatment !== null && one.acceptance === null
          ? [`${one.label}: ${one.risk.owner} has not accepted what is left`]
          : []),
        ...(one.criteriaVersion === criteria.version
          ? []
          : [`${one.label}: assessed by version ${one.criteriaVersion} of the criteria`]),
        ...(one.reviewOverdue ? [`${one.label}: was to be assessed again by ${one.reviewOn}`] : []),
        ...(one.triggers.length > 0 ? [`${one.label}: is to be assessed again`] : []),
      ]),
    ],
  };
}

function missingCriteria({ version }: Pick<CriteriaVersion, 'version'>): string[] {
  return version === 0 ? ['no risk criteria have been adopted'] : [];
}

/** As Markdown: what is missing comes before the table, where nobody can overlook it. */
export function reportAsMarkdown({
  title,
  criteriaVersion,
  at,
  columns,
  rows,
  missing,
}: RiskReport): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;
  return [
    `# ${title}`,
    '',
    `As of ${at}, by version ${criteriaVersion} of the risk criteria.`,
    '',
    ...(missing.length === 0
      ? ['Nothing is missing.']
      : ['**Missing:**', '', ...missing.map((one) => `- ${markdownCell(one)}`)]),
    '',
    row(columns),
    `| ${columns.map(() => '---').join(' | ')} |`,
    ...rows.map(row),
    '',
  ].join('\n');
}

/** On one line, and nothing in it is taken for a table, HTML or a link. */
function markdownCell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\|<>`*_[\]]/g, (sign) =>
      sign === '<' ? '&lt;' : sign === '>' ? '&gt;' : `\\${sign}`,
    );
}
