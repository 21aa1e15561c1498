import type { PolicyRegister, TemplateRegister } from '../domain/approvals/ports.ts';
import { unlikeTemplate } from '../domain/approvals/template.ts';
import {
  approvalTerms,
  fewestSignatures,
  inWords,
  waitingTimes,
  type ApprovalTerms,
} from '../domain/approvals/terms.ts';
import type { AssessmentSteps } from '../domain/change/change-steps.ts';
import { disturbancesOf } from '../domain/change/disturbances.ts';
import type {
  AssessedRisk,
  ChangePlan,
  ChangeRegister,
  ImpactFigures,
  RequestedChange,
} from '../domain/change/ports.ts';
import { assessedWindow, planWindow, runbookWindowOf } from '../domain/change/plan-window.ts';
import { rolloutPolicy, waveSeconds } from '../domain/change/rollout-strategy.ts';
import type { AssessedPlan } from '../domain/change/story.ts';
import type { Conflict } from '../domain/conflicts/conflict.ts';
import { guardianPrincipal } from '../domain/guardian/ports.ts';
import type { HashOf } from '../domain/hash.ts';
import type { ImpactSummary } from '../domain/impact/impact.ts';
import type { InventoryEngine } from '../domain/impact/ports.ts';
import type { InventoryReader } from '../domain/inventory/ports.ts';
import { findingsOfTimes } from '../domain/runbook/runbook-times.ts';
import { plannedRunbook } from '../domain/runbook/runbook.ts';
import { formatWindow } from '../domain/windows/window.ts';
import { heartbeatWhile } from './heartbeat.ts';
import { riskOfChange } from './risk-of-change.ts';

export interface AssessmentActivityPorts {
  readonly changes: ChangeRegister;
  readonly inventory: Pick<InventoryReader, 'datacentres'>;
  readonly engine: Pick<InventoryEngine, 'snapshot'>;
  readonly policies: Pick<PolicyRegister, 'inForce'>;
  readonly templates: Pick<TemplateRegister, 'findInForce'>;
  /** How long a request waits for its approvals where no policy says. */
  readonly approvalExpiryMs: number;
  readonly hashOf: HashOf;
  /** ISO instant. */
  readonly now: () => string;
}

/** Nodes of each state that an assessment names; all of them stand in its sets. */
const nearestShown = 100;

/** What a change would do to services, customers and other interventions, and the plan to be approved. */
export function createAssessmentActivities(ports: AssessmentActivityPorts): AssessmentSteps {
  const { changes, inventory, engine, hashOf, now } = ports;
  return {
    assessChange: ({ changeId }) =>
      heartbeatWhile(async () => {
        const change = await changes.requestedChange(changeId);
        const { request } = change;
        const application =
          request.kind === 'release' ? await changes.application(request.application) : null;
        const release =
          request.kind === 'release'
            ? await changes.release(request.application, request.release)
            : null;
        await inventory.datacentres(request.datacentres);

        const snapshot = await engine.snapshot(
          disturbancesOf(request, application?.item),
          nearestShown,
        );
        const previous =
          request.kind === 'release'
            ? await changes.lastVerified(request.application, changeId)
            : undefined;
        const impact = figuresOf(snapshot.impact.summary);
        const at = now();
        const releaseDigest = release?.digest ?? null;
        const history = await changes.riskHistory(changeId, releaseDigest, at);
        const risk = riskOfChange({ change, impact, history, releaseDigest, previous });
        const asked = approvalTerms(
          await ports.policies.inForce(),
          {
            kind: request.kind,
            class: request.class,
            requestedBy: change.requester === guardianPrincipal ? 'guardian' : 'person',
            department: request.department,
            datacentres: request.datacentres,
            risk: risk.level,
            servicesDown: impact.servicesDown,
            customers: impact.customers,
          },
          {
            ...history.target,
            solutions: snapshot.impact.summary.bySolution.map(({ key }) => key).toSorted(),
          },
        );
        const { approval, findings } = await preApprove(ports, change, asked, risk, at);
        const plan: ChangePlan = {
          change: changeId,
          revision: change.revision,
          request,
          window: planWindow(change.window),
          releaseDigest,
          application,
          rollsBackTo:
            previous === undefined ? null : { version: previous.version, digest: previous.digest },
          impact,
          risk,
          approval,
          ...findingsOf(change, findings),
        };
        const planHash = hashOf(plan);
        const times = waitingTimes(approval, {
          nowMs: Date.parse(at),
          latestStartMs: Date.parse(plan.window.latestStartAt),
          expiryMs: ports.approvalExpiryMs,
        });
        const conflicts = await changes.storeAssessment({
          changeId,
          revision: change.revision,
          snapshot,
          plan,
          planHash,
          approvalsNeeded: signaturesOf(approval),
          approvalExpiresAt: new Date(times.expiresAtMs).toISOString(),
          at,
        });
        return assessedPlan(change, plan, planHash, times, conflicts);
      }),
  };
}

/** A runbook that does not fit into its window may be approved, but not unseen: the plan says so. */
function findingsOf(
  { request, window }: RequestedChange,
  more: readonly string[],
): Pick<ChangePlan, 'findings'> {
  const ofRunbook =
    request.kind === 'release' || request.runbook === undefined
      ? []
      : findingsOfTimes(request.runbook, runbookWindowOf(window));
  const findings = [...ofRunbook, ...more];
  return findings.length === 0 ? {} : { findings };
}

function figuresOf({ total }: ImpactSummary): ImpactFigures {
  return {
    servicesDown: total.services.down,
    servicesDegraded: total.services.degraded,
    servicesAtRisk: total.services.atRisk,
    customers: total.customers.down + total.customers.degraded + total.customers.atRisk,
  };
}

/** A template signs alone. */
function signaturesOf({ preApproved, policies }: ApprovalTerms): number {
  return preApproved === undefined ? fewestSignatures(policies) : 1;
}

/** Where a template is named and approves this; what keeps it from that is shown to those who decide instead. */
async function preApprove(
  { templates, hashOf }: AssessmentActivityPorts,
  { request, window }: RequestedChange,
  approval: ApprovalTerms,
  { level, facts }: AssessedRisk,
  at: string,
): Promise<{ readonly approval: ApprovalTerms; readonly findings: readonly string[] }> {
  if (request.template === undefined) return { approval, findings: [] };
  const found = await templates.findInForce(request.template);
  const unlike =
    found === undefined
      ? ['it is not in force']
      : unlikeTemplate(
          found.template,
          {
            request,
            risk: level,
            servicesDown: facts.servicesDown,
            customers: facts.customers,
            windowMinutes: (Date.parse(window.closesAt) - Date.parse(window.opensAt)) / 60_000,
            blockingConflicts: facts.conflicts.blocking,
            nowMs: Date.parse(at),
          },
          hashOf,
        );
  if (found !== undefined && unlike.length === 0) {
    const preApproved = { template: request.template, version: found.version };
    return { approval: { ...approval, preApproved }, findings: [] };
  }
  const finding = `Not approved by the template "${request.template}": ${unlike.join('; ')}.`;
  return { approval, findings: [finding] };
}

function approversOf(
  approval: ApprovalTerms | undefined,
): Pick<
  AssessedPlan,
  'approvalsNeeded' | 'approvers' | 'preApproved' | 'separateImplementer' | 'justifyWithinMs'
> {
  if (approval === undefined) return { approvalsNeeded: 1 };
  return {
    approvalsNeeded: signaturesOf(approval),
    approvers: inWords(approval.policies),
    ...(approval.preApproved === undefined ? {} : { preApproved: approval.preApproved }),
    ...(approval.separateImplementer ? { separateImplementer: true } : {}),
    ...(approval.afterwards === undefined
      ? {}
      : { justifyWithinMs: approval.afterwards.withinHours * 3_600_000 }),
  };
}

/** An assessment in what the workflow needs of it. */
export function assessedPlan(
  change: RequestedChange,
  plan: ChangePlan,
  planHash: string,
  times: ReturnType<typeof waitingTimes>,
  conflicts: readonly Conflict[],
): AssessedPlan {
  const { request } = change;
  const strategy = request.kind === 'release' ? request.strategy : undefined;
  const blocking = conflicts.filter(({ severity }) => severity === 'blocking').length;
  const { servicesDown, servicesDegraded, servicesAtRisk, customers } = plan.impact;
  return {
    label: change.label,
    title: request.title,
    requester: change.requester,
    revision: change.revision,
    planHash,
    carriedOutBy: request.kind === 'release' ? 'ctc' : 'people',
    ...(request.kind === 'release' || request.runbook === undefined
      ? {}
      : { runbook: plannedRunbook(request.runbook) }),
    needsReview: request.class !== 'standard' || plan.approval?.review === true,
    ...assessedWindow(plan.window, request.window.recurrence !== undefined),
    waveBudgetMs: (strategy === undefined ? 0 : waveSeconds(strategy)) * 1000,
    rollbackBudgetMs: (strategy?.rollbackBudgetSeconds ?? 0) * 1000,
    maxRedeployments: strategy?.maxRedeployments ?? 0,
    ...(strategy === undefined ? {} : { rollout: rolloutPolicy(strategy) }),
    ...approversOf(plan.approval),
    approvalExpiresAtMs: times.expiresAtMs,
    remindersAtMs: times.remindersAtMs,
    summary:
      `Window ${formatWindow(change.window)}. Services: ${servicesDown} down, ${servicesDegraded} degraded, ` +
      `${servicesAtRisk} at risk; ${customers} customers affected. ` +
      (plan.risk === undefined ? '' : `Risk: ${plan.risk.level} (${plan.risk.score} of 100). `) +
      `Conflicts: ${blocking} blocking, ${conflicts.length - blocking} to note.${(plan.findings ?? []).map((finding) => ` ${finding}`).join('')}`,
  };
}
