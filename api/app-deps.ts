import type { Logger } from 'pino';
import type { CatalogueImporter } from '../domain/acsmi/catalogue-ports.ts';
import type { OfferCatalogue } from '../domain/acsmi/catalogue.ts';
import type { ContractRegister, ProposalReader, SlaReader } from '../domain/acsmi/ports.ts';
import type { ActionRegister } from '../domain/actions/ports.ts';
import type {
  AccessRegister,
  IdempotencyStore,
  PrincipalRegister,
  RoleRegister,
  TargetReader,
} from '../domain/access/ports.ts';
import type { GroupRule } from '../domain/access/group-rules.ts';
import type { OidcAccounts, OidcProvider } from '../domain/access/oidc-ports.ts';
import type { LocalAccounts, SecondFactor, Sessions } from '../domain/access/sign-in-ports.ts';
import type {
  ApprovalReader,
  DelegationRegister,
  PolicyRegister,
  TemplateRegister,
} from '../domain/approvals/ports.ts';
import type { ApplicationRegister } from '../domain/application/ports.ts';
import type { ChangeMessenger } from '../domain/change/messages.ts';
import type { ComparisonRegister } from '../domain/change/ports.ts';
import type {
  AlertInbox,
  ChangeReader,
  ChangeRequests,
  LogFeed,
  WaitReader,
} from '../domain/change/readers.ts';
import type { WayBackReader } from '../domain/change/way-back.ts';
import type { GuardianMessenger } from '../domain/guardian/messages.ts';
import type { GuardianReader } from '../domain/guardian/ports.ts';
import type { PendingStep } from '../domain/change/why.ts';
import type { DriftReport } from '../domain/deployment/comparison.ts';
import type { HashOf } from '../domain/hash.ts';
import type { EvidenceStore } from '../domain/incidents/evidence-ports.ts';
import type { IncidentFindings, IncidentPlanStore } from '../domain/incidents/plan-ports.ts';
import type { EventRegister, IncidentReader, IncidentRegister } from '../domain/incidents/ports.ts';
import type { InventoryEngine } from '../domain/impact/ports.ts';
import type { ImpactSnapshots } from '../domain/impact/snapshot-ports.ts';
import type { InventoryExporter } from '../domain/inventory/export-ports.ts';
import type { InventoryHistory } from '../domain/inventory/history-ports.ts';
import type { NetboxImporter } from '../domain/inventory/netbox-ports.ts';
import type { InventoryImporter, InventoryReader } from '../domain/inventory/ports.ts';
import type { ChangeFailureReader } from '../domain/problems/change-failures.ts';
import type { ProblemRegister } from '../domain/problems/problem.ts';
import type { RehearsalRegister } from '../domain/rehearsal/ports.ts';
import type { RiskRegister } from '../domain/risks/ports.ts';
import type { RunbookReader } from '../domain/runbook/ports.ts';
import type { Ledger } from '../domain/ledger/ports.ts';
import type { LineStopRegister } from '../domain/line/ports.ts';
import type { ExpressionEvaluator } from '../domain/verification/expressions.ts';
import type { WhyNotMeasurable } from '../domain/verification/metric-checks.ts';
import type { FreezeRegister } from '../domain/windows/freeze-ports.ts';
import type { Optimus } from '../domain/placement/ports.ts';
import type { SimulationRegister } from '../domain/placement/simulation-ports.ts';

/** Everything the API needs of the outside world; composed in main.ts. */
export interface AppDeps {
  readonly access: AccessRegister;
  readonly sessions: Sessions;
  readonly accounts: LocalAccounts;
  readonly secondFactor: SecondFactor;
  /** Undefined where no identity provider is set up. */
  readonly oidc:
    | {
        readonly provider: OidcProvider;
        readonly accounts: OidcAccounts;
        readonly rules: readonly GroupRule[];
      }
    | undefined;
  readonly principals: PrincipalRegister;
  readonly roles: RoleRegister;
  readonly targets: TargetReader;
  readonly idempotency: IdempotencyStore;
  readonly applications: ApplicationRegister;
  readonly requests: ChangeRequests;
  readonly changes: ChangeReader;
  readonly waits: WaitReader;
  /** What the workflow engine has under way for a change; null when it does not answer. */
  readonly pendingSteps: (changeId: string) => Promise<readonly PendingStep[] | null>;
  readonly comparisons: Pick<ComparisonRegister, 'findPreview' | 'latestDrift'>;
  /** Has a worker look at what runs of an application. */
  readonly checkDrift: (application: string) => Promise<DriftReport>;
  readonly alerts: AlertInbox;
  readonly logFeed: LogFeed;
  readonly messenger: ChangeMessenger;
  readonly guardians: GuardianReader;
  readonly guardianMessenger: GuardianMessenger;
  readonly events: EventRegister;
  readonly incidents: IncidentRegister;
  readonly incidentReader: IncidentReader;
  readonly incidentPlan: IncidentPlanStore;
  readonly incidentFindings: IncidentFindings;
  readonly evidence: EvidenceStore;
  readonly actions: ActionRegister;
  readonly risks: RiskRegister;
  readonly problems: ProblemRegister;
  readonly changeFailures: ChangeFailureReader;
  readonly inventory: InventoryReader;
  readonly importer: InventoryImporter;
  readonly netbox: NetboxImporter;
  readonly catalogues: CatalogueImporter;
  readonly offers: OfferCatalogue;
  readonly contracts: ContractRegister;
  readonly slas: SlaReader;
  readonly proposals: ProposalReader;
  readonly exporter: InventoryExporter;
  readonly history: InventoryHistory;
  readonly engine: Pick<InventoryEngine, 'assess' | 'explain' | 'status'>;
  readonly runbooks: RunbookReader;
  readonly rehearsals: Pick<RehearsalRegister, 'request' | 'get' | 'list'>;
  readonly snapshots: ImpactSnapshots;
  readonly freezes: FreezeRegister;
  readonly policies: PolicyRegister;
  readonly templates: TemplateRegister;
  readonly approvals: ApprovalReader;
  readonly delegations: DelegationRegister;
  readonly wayBacks: WayBackReader;
  readonly lineStops: LineStopRegister;
  readonly ledger: Ledger;
  readonly optimus: Optimus;
  /** Another Optimus for what takes longer: nobody's request waits behind it. */
  readonly studies: Optimus;
  readonly simulations: SimulationRegister;
  readonly hashOf: HashOf;
  readonly expressions: ExpressionEvaluator;
  readonly whyNotMeasurable: WhyNotMeasurable;
  /** Looks at the outbox now. */
  readonly kickOutbox: () => void;
  /** Rejects when the part cannot be reached. */
  readonly health: {
    readonly database: () => Promise<void>;
    readonly temporal: () => Promise<void>;
  };
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly now: () => Date;
}

export interface AppOptions {
  readonly logger: Logger;
  readonly bodyLimitBytes: number;
  /** Addresses whose word on where a request comes from counts. */
  readonly trustedProxies: readonly string[];
}
