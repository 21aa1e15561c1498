import { DomainError } from '../domain/errors.ts';
import type { Complaint } from '../domain/errors.ts';
import type { EvacuationRate } from '../domain/guardian/policy.ts';
import { configFields } from './config-fields.ts';
import type { ConfigValues } from './config-fields.ts';
import { nearestName } from './nearest-name.ts';
import type { LogFormat, LogLevel } from './logging.ts';

/** How to reach Temporal; without an address CTC starts one of its own. */
export interface TemporalConfig {
  readonly address?: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly tls: boolean;
  readonly apiKey?: string;
  /** Paths of PEM files. */
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
}

export interface OptimusConfig {
  /** For applications that do not choose. */
  readonly mode: 'embedded' | 'http';
  readonly url?: string;
  readonly token?: string;
  readonly timeoutMs: number;
}

/** What verification metrics may ask and run. */
export interface MetricsConfig {
  readonly prometheus: {
    readonly url?: string;
    /** By datacentre. */
    readonly urls: Readonly<Record<string, string>>;
    readonly token?: string;
  };
  readonly hosts: readonly string[];
  readonly webhookSecret?: string;
  /** Absolute paths. */
  readonly commands: readonly string[];
}

/** How the intervention log is signed. */
export interface LedgerConfig {
  /** Path of a file. */
  readonly keyFile?: string;
  readonly everyMs: number;
  readonly everyEntries: number;
}

export interface Config {
  /** Absent: CTC starts a PostgreSQL of its own. */
  readonly databaseUrl?: string;
  readonly temporal: TemporalConfig;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly bodyLimitBytes: number;
    readonly trustedProxies: readonly string[];
  };
  readonly dataDirectory: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly localDriver: { readonly enabled: boolean; readonly releasesRoot?: string };
  /** Path of the file that says how each Kubernetes cluster is reached. */
  readonly kubernetesClusters?: string;
  readonly optimus: OptimusConfig;
  readonly metrics: MetricsConfig;
  /** Path of a file. */
  readonly netboxSources?: string;
  /** Path of a file. */
  readonly oidc?: string;
  /** Path of a file. */
  readonly catalogues?: string;
  readonly contractWatch: { readonly warningDays: number; readonly everyMinutes: number };
  readonly driftWatch: { readonly everyMinutes: number };
  readonly registerWatch: { readonly everyMs: number };
  readonly ledger: LedgerConfig;
  readonly approvalExpiryMs: number;
  /** Two disturbances of a customer closer than this conflict. */
  readonly customerDistanceMs: number;
  /** From 0 to 1 and more. */
  readonly reapprovalShare: number;
  /** What all guardians of the company keep to together. */
  readonly evacuation: EvacuationRate;
  readonly bootstrapAdminToken?: string;
  readonly tokenMaxDays: number;
  readonly session: { readonly idleMinutes: number; readonly maxHours: number };
  readonly workerBundle?: string;
  readonly metricsPort?: number;
  readonly otlpEndpoint?: string;
}

/** The configuration of a process that uses servers others have started. */
export interface ConfigWithServers extends Config {
  readonly databaseUrl: string;
  readonly temporal: TemporalConfig & { readonly address: string };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names that begin like ours and belong to others: the command line and the tests. */
const foreignNames = ['CTC_API_URL', 'CTC_TOKEN'];
const foreignPrefix = 'CTC_TEST_';

/**
 * The configuration of a process, from its environment. Throws a DomainError (`invalid`) with one complaint
 * for each variable that is wrong or unknown, so that all can be mended in one go.
 */
export function readConfig(environment: Environment = process.env): Config {
  const complaints: Complaint[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(configFields)) {
    // An empty variable is how many tools say "not set".
    const given = environment[name]?.trim();
    const parsed = schema.safeParse(given === '' ? undefined : given);
    if (parsed.success) values[name] = parsed.data;
    else {
      const message = parsed.error.issues.map((issue) => issue.message).join('; ');
      complaints.push({ field: name, message });
    }
  }
  complaints.push(...unknownNames(environment));
  const checked = values as unknown as ConfigValues;
  if (complaints.length === 0) complaints.push(...contradictions(checked));
  if (complaints.length > 0) throw invalid(complaints);
  return arrange(checked);
}

/** For API and worker, which start no servers. Throws a DomainError (`invalid`) when one is not named. */
export function requireServers(config: Config): ConfigWithServers {
  const { databaseUrl, temporal } = config;
  const complaints: Complaint[] = [];
  const message = 'must be set for this process; only `ctc up` starts a server of its own';
  if (databaseUrl === undefined) complaints.push({ field: 'DATABASE_URL', message });
  if (temporal.address === undefined) complaints.push({ field: 'TEMPORAL_ADDRESS', message });
  if (databaseUrl === undefined || temporal.address === undefined) throw invalid(complaints);
  return { ...config, databaseUrl, temporal: { ...temporal, address: temporal.address } };
}

function unknownNames(environment: Environment): Complaint[] {
  const known = Object.keys(configFields);
  return Object.keys(environment)
    .filter((name) => name.startsWith('CTC_') && !name.startsWith(foreignPrefix))
    .filter((name) => !known.includes(name) && !foreignNames.includes(name))
    .map((name) => {
      const nearest = nearestName(name, [...known, ...foreignNames]);
      const hint = nearest === undefined ? 'remove it' : `did you mean ${nearest}?`;
      return { field: name, message: `CTC knows no such variable: ${hint}` };
    });
}

/** What no field can see by itself. */
function contradictions(values: ConfigValues): Complaint[] {
  const complaints: Complaint[] = [];
  if (values.CTC_OPTIMUS === 'http' && values.CTC_OPTIMUS_URL === undefined) {
    complaints.push({
      field: 'CTC_OPTIMUS_URL',
      message: 'must be set when CTC_OPTIMUS is "http", for example to https://optimus.example',
    });
  }
  if ((values.TEMPORAL_TLS_CERT === undefined) !== (values.TEMPORAL_TLS_KEY === undefined)) {
    complaints.push({
      field: values.TEMPORAL_TLS_CERT === undefined ? 'TEMPORAL_TLS_CERT' : 'TEMPORAL_TLS_KEY',
      message: 'a client certificate and its key belong together: set both or neither',
    });
  }
  return complaints;
}

function invalid(complaints: readonly Complaint[]): DomainError {
  const list = complaints.map(({ field, message }) => `${field}: ${message}`).join('\n  ');
  return new DomainError('invalid', `The configuration cannot be used:\n  ${list}`, {
    code: 'configuration-invalid',
    complaints,
    remedy: 'Set or unset these environment variables; docs/configuration.md explains each.',
  });
}

function arrange(values: ConfigValues): Config {
  return {
    ...optional('databaseUrl', values.DATABASE_URL),
    temporal: {
      ...optional('address', values.TEMPORAL_ADDRESS),
      namespace: values.TEMPORAL_NAMESPACE,
      taskQueue: values.TEMPORAL_TASK_QUEUE,
      // A key or a certificate is worthless without TLS: it is on as soon as one is given.
      tls:
        values.TEMPORAL_TLS ??
        [values.TEMPORAL_API_KEY, values.TEMPORAL_TLS_CERT, values.TEMPORAL_TLS_CA].some(Boolean),
      ...optional('apiKey', values.TEMPORAL_API_KEY),
      ...optional('tlsCertFile', values.TEMPORAL_TLS_CERT),
      ...optional('tlsKeyFile', values.TEMPORAL_TLS_KEY),
      ...optional('tlsCaFile', values.TEMPORAL_TLS_CA),
    },
    http: {
      host: values.CTC_HTTP_HOST,
      port: values.CTC_HTTP_PORT,
      bodyLimitBytes: values.CTC_REQUEST_BODY_LIMIT_BYTES,
      trustedProxies: values.CTC_TRUSTED_PROXIES ?? [],
    },
    dataDirectory: values.CTC_DATA_DIR,
    log: { level: values.CTC_LOG_LEVEL, format: values.CTC_LOG_FORMAT },
    localDriver: {
      enabled: values.CTC_LOCAL_DRIVER,
      ...optional('releasesRoot', values.CTC_LOCAL_RELEASES_ROOT),
    },
    ...optional('kubernetesClusters', values.CTC_KUBERNETES_CLUSTERS),
    optimus: arrangeOptimus(values),
    metrics: arrangeMetrics(values),
    ...optional('netboxSources', values.CTC_NETBOX_SOURCES),
    ...optional('oidc', values.CTC_OIDC),
    ...optional('catalogues', values.CTC_ACSMI_CATALOGUES),
    contractWatch: {
      warningDays: values.CTC_CONTRACT_WARNING_DAYS,
      everyMinutes: values.CTC_CONTRACT_WATCH_MINUTES,
    },
    driftWatch: { everyMinutes: values.CTC_DRIFT_WATCH_MINUTES },
    registerWatch: { everyMs: values.CTC_REGISTER_WATCH_MINUTES * 60_000 },
    ledger: {
      ...optional('keyFile', values.CTC_LEDGER_KEY_FILE),
      everyMs: values.CTC_LEDGER_CHECKPOINT_MINUTES * 60_000,
      everyEntries: values.CTC_LEDGER_CHECKPOINT_ENTRIES,
    },
    approvalExpiryMs: values.CTC_APPROVAL_EXPIRY_HOURS * 3_600_000,
    customerDistanceMs: values.CTC_CUSTOMER_DISTANCE_HOURS * 3_600_000,
    reapprovalShare: values.CTC_REAPPROVAL_PERCENT / 100,
    evacuation: {
      atOnce: values.CTC_GUARDIAN_MOVES_AT_ONCE,
      perHour: values.CTC_GUARDIAN_MOVES_PER_HOUR,
    },
    ...optional('bootstrapAdminToken', values.CTC_BOOTSTRAP_ADMIN_TOKEN),
    tokenMaxDays: values.CTC_TOKEN_MAX_DAYS,
    session: {
      idleMinutes: values.CTC_SESSION_IDLE_MINUTES,
      maxHours: values.CTC_SESSION_MAX_HOURS,
    },
    ...optional('workerBundle', values.CTC_WORKER_BUNDLE),
    ...optional('metricsPort', values.CTC_METRICS_PORT),
    ...optional('otlpEndpoint', values.OTEL_EXPORTER_OTLP_ENDPOINT),
  };
}

function arrangeOptimus(values: ConfigValues): OptimusConfig {
  return {
    mode: values.CTC_OPTIMUS,
    ...optional('url', values.CTC_OPTIMUS_URL),
    ...optional('token', values.CTC_OPTIMUS_TOKEN),
    timeoutMs: values.CTC_OPTIMUS_TIMEOUT_MS,
  };
}

function arrangeMetrics(values: ConfigValues): MetricsConfig {
  return {
    prometheus: {
      ...optional('url', values.CTC_PROMETHEUS_URL),
      urls: Object.fromEntries(values.CTC_PROMETHEUS_URLS ?? []),
      ...optional('token', values.CTC_PROMETHEUS_TOKEN),
    },
    hosts: values.CTC_VERIFICATION_HOSTS ?? [],
    ...optional('webhookSecret', values.CTC_VERIFICATION_WEBHOOK_SECRET),
    commands: values.CTC_VERIFICATION_COMMANDS ?? [],
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}

/** Where programs are searched. */
export function searchPath(environment: Environment = process.env): string {
  return environment.PATH ?? '';
}

/** Whether what is missing must fail the run in place of being skipped. */
export function isContinuousIntegration(environment: Environment = process.env): boolean {
  return environment.CI === 'true';
}

/** The environment for a child process: ours, with these on top. */
export function childEnvironment(
  extra: Environment,
  environment: Environment = process.env,
): NodeJS.ProcessEnv {
  return { ...environment, ...extra };
}

/** Kubeconfig files of real clusters, for tests that otherwise start control planes of their own. */
export function testKubeconfigs(environment: Environment = process.env): string[] {
  return (environment['CTC_TEST_KUBECONFIGS'] ?? '').split(':').filter((file) => file !== '');
}
