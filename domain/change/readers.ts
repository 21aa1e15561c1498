import type { Conflict } from '../conflicts/conflict.ts';
import type { FreeWindow } from '../conflicts/free-windows.ts';
import type { Impact } from '../impact/impact.ts';
import type { Complaint } from '../errors.ts';
import type { ChangeOrigin, PolicyApproval } from '../guardian/ports.ts';
import type { JudgedMetric } from '../verification/analysis-report.ts';
import type { RecordedMeasurement } from '../verification/metric-ports.ts';
import type { ResolvedWindow } from '../windows/window.ts';
import type { ChangeRequest } from './change-request.ts';
import type { ChangeState } from './life-cycle.ts';
import type { Endpoint } from './ports.ts';
import type { WaitingFor } from './story.ts';
import type { WaitFacts } from './why.ts';

/** Takes requests in. */
export interface ChangeRequests {
  /** Names in the request that nothing known answers to. */
  complaintsAbout(request: ChangeRequest): Promise<Complaint[]>;
  /** Durable when it returns. The same requester and key again give the same change again. */
  request(input: {
    readonly requester: string;
    readonly requestKey: string;
    readonly requestHash: string;
    readonly request: ChangeRequest;
    readonly window: ResolvedWindow;
    /** Where it comes from when no person asks for it. */
    readonly origin?: ChangeOrigin;
  }): Promise<{ id: string }>;
}

export interface ChangeSummary {
  readonly id: string;
  /** For people: CHG-12. */
  readonly label: string;
  readonly kind: string;
  readonly class: string;
  readonly title: string;
  readonly department: string;
  readonly requester: string;
  readonly application: string | null;
  readonly state: ChangeState;
  readonly outcome: ChangeState | null;
  readonly revision: number;
  readonly version: number;
  readonly attempt: number;
  readonly windowOpensAt: string;
  readonly windowClosesAt: string;
  readonly waitingFor: WaitingFor | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ChangeDetail extends ChangeSummary {
  readonly request: ChangeRequest;
  readonly window: ResolvedWindow;
  /** The incident and decision that it corrects; null where a person asked for it. */
  readonly origin: ChangeOrigin | null;
  readonly planHash: string | null;
  readonly impact: Readonly<Record<string, number>> | null;
  readonly findings: readonly string[];
  readonly rollsBackTo: { readonly version: string; readonly digest: string } | null;
  readonly approvalExpiresAt: string | null;
  readonly approvals: readonly {
    readonly by: string;
    readonly decision: 'approved' | 'rejected';
    readonly reason: string;
    readonly at: string;
    readonly planHash: string;
    /** In whose place, where it was delegated. */
    readonly onBehalfOf: string | null;
    /** Where a policy and not a person decided. */
    readonly policy: PolicyApproval | null;
  }[];
  readonly conflicts: readonly ConflictView[];
  readonly attempts: readonly AttemptView[];
  /** The newest; `current` says whether it is of the plan as it is. */
  readonly rehearsal: {
    readonly id: string;
    readonly at: string;
    readonly current: boolean;
    readonly summary: string;
  } | null;
}

export interface ConflictView extends Omit<Conflict, 'changes'> {
  readonly id: string;
  /** The other changes, by label; none of a freeze. */
  readonly with: readonly { readonly change: string; readonly state: ChangeState }[];
}

export interface AttemptView {
  readonly number: number;
  readonly kind: string;
  readonly release: string;
  readonly waves: readonly (readonly string[])[];
  readonly startedAt: string;
  readonly sites: readonly {
    readonly datacentre: string;
    readonly outcome: string;
    readonly detail: string;
    readonly at: string;
  }[];
  readonly verification: unknown;
  /** As they stand: while it is verified, too. Empty where it has none, or they were not measured. */
  readonly metrics: readonly JudgedMetric[];
  /** Where its components answer. */
  readonly endpoints: readonly Endpoint[];
}

export interface MeasurementView extends RecordedMeasurement {
  readonly attempt: number;
}

export interface LogLine {
  /** Rises along the log of all changes; the id of its server-sent event. */
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly event: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly message: string;
  readonly details: unknown;
}

export interface ChangeFilter {
  readonly states?: readonly ChangeState[];
  readonly kind?: string;
  readonly application?: string;
  readonly requester?: string;
  /** Keeps changes whose title contains this, in any case. */
  readonly text?: string;
}

export interface StoredImpact extends Impact {
  readonly revision: number;
  readonly assessedAt: string;
}

export interface ChangeReader {
  /** Newest first. `cursor` is the `nextCursor` of the page before. */
  list(
    filter: ChangeFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly rows: readonly ChangeSummary[]; readonly nextCursor?: string }>;
  /** By id or label. @throws DomainError `not-found`. */
  get(idOrLabel: string): Promise<ChangeDetail>;
  log(
    changeId: string,
    range: { readonly after: number; readonly limit: number },
  ): Promise<readonly LogLine[]>;
  simulations(changeId: string): Promise<readonly unknown[]>;
  /** Every measurement of metrics, by attempt and the time it was recorded. */
  measurements(
    changeId: string,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly rows: readonly MeasurementView[]; readonly nextCursor?: string }>;
  /** The newest assessment. @throws DomainError `not-found` before the first. */
  impact(changeId: string): Promise<StoredImpact>;
  /** Windows in which the change would have no blocking conflict, with the fewest customers hit twice first. */
  freeWindows(
    changeId: string,
    range: { readonly notBeforeMs: number; readonly horizonMs: number; readonly count: number },
  ): Promise<readonly FreeWindow[]>;
}

export interface WaitReader {
  /** What bears on a change's waiting, by id or label. @throws DomainError `not-found`. */
  facts(idOrLabel: string): Promise<WaitFacts & { readonly id: string }>;
}

export interface AlertView {
  readonly id: string;
  /** Null where it is about no change, such as a contract that ends. */
  readonly change: string | null;
  readonly topic: string;
  readonly subject: string;
  readonly body: string;
  readonly at: string;
  readonly readAt: string | null;
}

export interface AlertInbox {
  /** Newest first. */
  list(
    recipient: string,
    page: { readonly limit: number; readonly cursor?: string; readonly unread?: boolean },
  ): Promise<{ readonly rows: readonly AlertView[]; readonly nextCursor?: string }>;
  /** @throws DomainError `not-found` for an alert that is not the recipient's. */
  markRead(recipient: string, id: string): Promise<void>;
}

/** Wakes readers of a change's log when it has grown. */
export interface LogFeed {
  /** Resolves when the change's log may have grown since the call, at the latest after a few seconds. */
  next(changeId: string, signal: AbortSignal): Promise<void>;
}
