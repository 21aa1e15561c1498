import type { Target } from '../access/grants.ts';
import { rolesWith } from '../access/roles.ts';
import type { ChangeClass } from '../change/change-request.ts';
import { isAtLeast, type RiskLevel } from '../change/change-risk.ts';
import type { PreApproval } from './template.ts';
import type {
  ApprovalPolicy,
  ApproverGroup,
  PolicyInForce,
  PolicyStep,
  Requirement,
} from './policy.ts';

/** What policies look at. */
export interface PolicyFacts {
  readonly kind: string;
  readonly class: ChangeClass;
  readonly requestedBy: 'person' | 'guardian';
  readonly department: string;
  readonly datacentres: readonly string[];
  readonly risk: RiskLevel;
  readonly servicesDown: number;
  readonly customers: number;
}

/** Signatures that one policy asks for. */
export interface PolicyTerms {
  readonly policy: string;
  readonly version: number;
  readonly title: string;
  readonly steps: readonly PolicyStep[];
  readonly inOrder: boolean;
  readonly veto?: ApproverGroup;
}

/** What a change needs before it may begin, as the policies had it when it was assessed: part of its plan. */
export interface ApprovalTerms {
  readonly policies: readonly PolicyTerms[];
  /** Where the change acts: approvers must hold their role there. */
  readonly target: Target;
  /** A template in force approves it, and no policy is asked. */
  readonly preApproved?: PreApproval;
  readonly requires: readonly Requirement[];
  readonly separateImplementer: boolean;
  readonly review: boolean;
  readonly tell: readonly ApproverGroup[];
  /** The shortest that any of them says; missing where none does. */
  readonly expiryHours?: number;
  /** Given afterwards, within the shortest time that any of them says. */
  readonly afterwards?: { readonly policies: readonly PolicyTerms[]; readonly withinHours: number };
}

/** Nothing begins without a signature, whatever the policies say: what none of them covers is asked for here. */
const atLeastOne: PolicyTerms = {
  policy: 'at-least-one',
  version: 0,
  title: 'Somebody approves every change',
  steps: [
    {
      name: 'approver',
      anyOf: [{ roles: [...rolesWith('change.decide')], people: [], quorum: 1 }],
    },
  ],
  inOrder: false,
};

export function applies({ when }: ApprovalPolicy, facts: PolicyFacts): boolean {
  const among = <T extends string>(asked: readonly T[] | undefined, ...have: readonly T[]) =>
    asked === undefined || have.some((one) => asked.includes(one));
  return (
    among<string>(when.kinds, facts.kind) &&
    among(when.classes, facts.class) &&
    (when.requestedBy ?? facts.requestedBy) === facts.requestedBy &&
    among(when.departments, facts.department) &&
    among(when.datacentres, ...facts.datacentres) &&
    (when.risk === undefined || isAtLeast(facts.risk, when.risk)) &&
    facts.servicesDown >= (when.servicesDown ?? 0) &&
    facts.customers >= (when.customers ?? 0)
  );
}

/** What all policies that apply ask for together. */
export function approvalTerms(
  inForce: readonly PolicyInForce[],
  facts: PolicyFacts,
  target: Target,
): ApprovalTerms {
  const applying = inForce
    .filter(({ policy }) => applies(policy, facts))
    .toSorted((a, b) => (a.policy.id < b.policy.id ? -1 : 1));
  const policies = applying.map(({ policy }) => policy);
  const asked = (steps: (policy: ApprovalPolicy) => readonly PolicyStep[] | undefined) =>
    applying.flatMap(({ policy, version }): PolicyTerms[] => {
      const found = steps(policy);
      const { id, title, inOrder, veto } = policy;
      if (found === undefined || (found.length === 0 && veto === undefined)) return [];
      const terms = { policy: id, version, title, steps: found, inOrder };
      return [veto === undefined ? terms : { ...terms, veto }];
    });
  const expiries = policies.flatMap(({ expiryHours }) => expiryHours ?? []);
  const deadlines = policies.flatMap(({ afterwards }) => afterwards?.withinHours ?? []);
  // The signatures of somebody who carries it out count for nothing where much is at stake.
  const highRisk = isAtLeast(facts.risk, 'high');
  const signatures = asked(({ steps }) => steps);
  return {
    policies: fewestSignatures(signatures) > 0 ? signatures : [...signatures, atLeastOne],
    target,
    requires: [...new Set(policies.flatMap(({ requires }) => requires))].toSorted(),
    separateImplementer:
      highRisk || policies.some(({ separateImplementer }) => separateImplementer),
    review: policies.some(({ review }) => review),
    tell: policies.flatMap(({ tell }) => tell ?? []),
    ...(expiries.length === 0 ? {} : { expiryHours: Math.min(...expiries) }),
    ...(deadlines.length === 0
      ? {}
      : {
          afterwards: {
            policies: asked(({ afterwards }) => afterwards?.steps),
            withinHours: Math.min(...deadlines),
          },
        }),
  };
}

/** Fewest signatures that can do: of each policy the smallest quorums, and one counts for every policy. */
export function fewestSignatures(policies: readonly PolicyTerms[]): number {
  const ofPolicy = policies.map(({ steps }) =>
    steps.reduce((sum, { anyOf }) => sum + Math.min(...anyOf.map(({ quorum }) => quorum)), 0),
  );
  return Math.max(0, ...ofPolicy);
}

/** Whom the policies ask, for people: `2 of operator or change-manager (many-services-down)`. */
export function inWords(policies: readonly PolicyTerms[]): string {
  const group = ({ roles, people, departments, quorum }: PolicyStep['anyOf'][number]): string =>
    `${quorum} of ${[...roles, ...people].join(' or ')}${departments === undefined ? '' : ` for ${departments.join(' and ')}`}`;
  return policies
    .filter(({ steps }) => steps.length > 0)
    .map(({ policy, steps, inOrder }) => {
      const asked = steps.map(({ anyOf }) => anyOf.map(group).join(', or '));
      return `${asked.join(inOrder ? ', then ' : ', and ')} (${policy})`;
    })
    .join('; ');
}

/** Shares of the waiting time after which the approvers are reminded. */
const reminderShares = [0.5, 0.9] as const;

/** Until when it waits for its approvals, and when it reminds of them: epoch milliseconds. */
export function waitingTimes(
  terms: Pick<ApprovalTerms, 'expiryHours'>,
  when: { readonly nowMs: number; readonly latestStartMs: number; readonly expiryMs: number },
): { readonly expiresAtMs: number; readonly remindersAtMs: readonly number[] } {
  const { nowMs, latestStartMs, expiryMs } = when;
  const longestMs = terms.expiryHours === undefined ? expiryMs : terms.expiryHours * 3_600_000;
  const expiresAtMs = Math.max(nowMs, Math.min(nowMs + longestMs, latestStartMs));
  return {
    expiresAtMs,
    remindersAtMs: reminderShares
      .map((share) => Math.round(nowMs + share * (expiresAtMs - nowMs)))
      .filter((at) => at > nowMs && at < expiresAtMs),
  };
}
