import { z } from 'zod';
import { logFormats, logLevels } from './logging.ts';

const text = z.string();

/** A whole number written in digits; the message names the range, which is the remedy. */
function wholeNumber(least: number, most: number) {
  const range = `must be a whole number from ${least.toString()} to ${most.toString()}`;
  return z
    .string()
    .regex(/^\d{1,12}$/, range)
    .transform(Number)
    .refine((value) => value >= least && value <= most, range);
}

const webAddress = (example: string) =>
  z.string().refine((value) => {
    const protocol = URL.canParse(value) ? new URL(value).protocol : '';
    return protocol === 'http:' || protocol === 'https:';
  }, `must be an address such as ${example}`);

const oneOf = <T extends string>(values: readonly [T, ...T[]]) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

const onOff = z.enum(['on', 'off'], 'must be "on" or "off"').transform((value) => value === 'on');

/** Commas in between; spaces around them do not count. */
const listOf = <T>(item: (text: string) => T | undefined, message: string) =>
  z
    .string()
    .transform((value, context) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map((part) => {
          const parsed = item(part);
          if (parsed === undefined) context.addIssue({ code: 'custom', message });
          return parsed as T;
        }),
    )
    .optional();

const isWebAddress = (text: string): boolean =>
  /^https?:\/\/[^\s/@]+/.test(text) && URL.canParse(text);

const field = <T extends z.ZodType>(schema: T, description: string) => ({
  schema: schema.describe(description),
  description,
});

const fields = {
  DATABASE_URL: field(
    text
      .regex(/^postgres(ql)?:\/\/\S+$/, 'must look like postgres://user:password@host:5432/name')
      .optional(),
    'The PostgreSQL (15 or newer) to use. Unset: `ctc up` starts one of its own below CTC_DATA_DIR.',
  ),
  TEMPORAL_ADDRESS: field(
    text.regex(/^[^\s/:]+:\d{1,5}$|^\[[^\]\s]+\]:\d{1,5}$/, 'must be host:port').optional(),
    'The Temporal frontend to use, as host:port. Unset: `ctc up` starts one of its own below CTC_DATA_DIR.',
  ),
  TEMPORAL_NAMESPACE: field(text.default('default'), "Temporal's namespace for all workflows."),
  TEMPORAL_TASK_QUEUE: field(
    text.default('ctc'),
    'The task queue between API and workers; the same for all processes of one installation.',
  ),
  TEMPORAL_TLS: field(
    onOff.optional(),
    'Whether to speak TLS with Temporal: on or off. Unset: on when an API key or certificate is given.',
  ),
  TEMPORAL_API_KEY: field(text.optional(), 'API key for Temporal Cloud or an authorizer. Secret.'),
  TEMPORAL_TLS_CERT: field(text.optional(), 'Path of the client certificate (PEM) for mutual TLS.'),
  TEMPORAL_TLS_KEY: field(text.optional(), 'Path of the key (PEM) of that certificate.'),
  TEMPORAL_TLS_CA: field(
    text.optional(),
    "Path of the certificate authority (PEM) that signed Temporal's certificate.",
  ),
  CTC_HTTP_HOST: field(
    text.default('127.0.0.1'),
    'The address the API listens on. Set 0.0.0.0 only behind a proxy that speaks TLS.',
  ),
  CTC_HTTP_PORT: field(
    wholeNumber(0, 65_535).default(8080),
    'The port the API listens on; 0 takes any free.',
  ),
  CTC_DATA_DIR: field(
    text.default('.ctc'),
    'Where the embedded PostgreSQL and Temporal keep data, logs and downloaded programs.',
  ),
  CTC_LOG_LEVEL: field(oneOf(logLevels).default('info'), 'The least severe message to log.'),
  CTC_LOG_FORMAT: field(
    oneOf(logFormats).default('json'),
    'json for log collectors, pretty for people. Logs go to standard error.',
  ),
  CTC_LOCAL_DRIVER: field(
    onOff.default(false),
    'Whether deployments may run processes on this machine: on or off. It executes the commands of releases, so leave it off where strangers may ask for changes.',
  ),
  CTC_LOCAL_RELEASES_ROOT: field(
    text.optional(),
    'The only directory below which the local driver takes releases from.',
  ),
  CTC_KUBERNETES_CLUSTERS: field(
    text.optional(),
    'Path of the YAML file that says how the Kubernetes cluster of each datacentre is reached; see docs/operations.md. Unset: datacentres with the driver "kubernetes" cannot be deployed to.',
  ),
  CTC_OPTIMUS: field(
    oneOf(['embedded', 'http']).default('embedded'),
    'Who places components onto offers, unless an application’s definition chooses: the embedded optimiser, or a service over HTTP.',
  ),
  CTC_OPTIMUS_URL: field(
    webAddress('https://optimus.example').optional(),
    'The address of that service; needed when CTC_OPTIMUS is http, or an application chooses it.',
  ),
  CTC_OPTIMUS_TOKEN: field(text.optional(), 'Bearer token for that service. Secret.'),
  CTC_OPTIMUS_TIMEOUT_MS: field(
    wholeNumber(100, 3_600_000).default(30_000),
    'How long one placement may take, in milliseconds.',
  ),
  CTC_PROMETHEUS_URL: field(
    webAddress('https://prometheus.example').optional(),
    'The Prometheus that verification metrics ask, where a datacentre has none of its own.',
  ),
  CTC_PROMETHEUS_URLS: field(
    listOf((text) => {
      const [, datacentre, url] = /^([a-z0-9._-]+)=(.*)$/.exec(text) ?? [];
      return datacentre !== undefined && url !== undefined && isWebAddress(url)
        ? ([datacentre, url] as const)
        : undefined;
    }, 'must be a list such as mad=https://prometheus.mad.example,par=https://prometheus.par.example'),
    'The Prometheus of each datacentre that has one of its own: mad=https://…,par=https://….',
  ),
  CTC_PROMETHEUS_TOKEN: field(text.optional(), 'Bearer token for every Prometheus. Secret.'),
  CTC_VERIFICATION_HOSTS: field(
    listOf(
      (value) =>
        /^(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/.test(value)
          ? value
          : undefined,
      'must be a list of hosts such as status.example.com,*.probes.example.com:8443',
    ),
    'Hosts that metrics of kind http and webhook may ask, with commas in between; *.example.com allows what is below it, :8443 only that port. Unset: only the replicas themselves.',
  ),
  CTC_VERIFICATION_WEBHOOK_SECRET: field(
    text.min(24, 'must be at least 24 characters: make one with `openssl rand -hex 32`').optional(),
    'Signs what is sent to webhooks of metrics (Standard Webhooks; whsec_… or any text). Unset: none is asked. Secret.',
  ),
  CTC_VERIFICATION_COMMANDS: field(
    listOf(
      (value) => (/^\/[^\s,]+$/.test(value) ? value : undefined),
      'must be a list of absolute paths such as /usr/local/bin/smoke-test',
    ),
    'Programs that metrics of kind command may run on workers: absolute paths with commas in between. Unset: none is run.',
  ),
  CTC_NETBOX_SOURCES: field(
    text.optional(),
    'Path of the YAML file that lists the NetBoxes to import from, as examples/netbox/sources.yaml does. Unset: there are none.',
  ),
  CTC_OIDC: field(
    text.optional(),
    'Path of the YAML file that says at which identity provider people sign in, as examples/oidc/provider.yaml does. Unset: at none.',
  ),
  CTC_ACSMI_CATALOGUES: field(
    text.optional(),
    'Path of the YAML file that lists the providers’ catalogues to synchronise with, as examples/acsmi/catalogues.yaml does. Unset: there are none.',
  ),
  CTC_CONTRACT_WARNING_DAYS: field(
    wholeNumber(0, 3_650).default(30),
    'A contract with a provider that ends within its notice period and so many days more is warned of.',
  ),
  CTC_CONTRACT_WATCH_MINUTES: field(
    wholeNumber(1, 1_440).default(60),
    'How often contracts are looked at: months measured against what was promised, and what comes to an end.',
  ),
  CTC_DRIFT_WATCH_MINUTES: field(
    wholeNumber(1, 10_080).default(60),
    'How often what runs of every application is held against what was verified last; what differs without a change is reported as an event.',
  ),
  CTC_REGISTER_WATCH_MINUTES: field(
    wholeNumber(1, 1_440).default(5),
    'How often workers look for clocks that run out: notifications that are owed, incidents that nobody responds to, actions.',
  ),
  CTC_APPROVAL_EXPIRY_HOURS: field(
    wholeNumber(1, 8_760).default(72),
    'After how many hours a change that nobody decides on expires.',
  ),
  CTC_CUSTOMER_DISTANCE_HOURS: field(
    wholeNumber(0, 744).default(24),
    'Two interventions that disturb the same customer within this many hours are reported as a conflict.',
  ),
  CTC_REAPPROVAL_PERCENT: field(
    wholeNumber(0, 100_000).default(10),
    'Approval is asked again when the inventory changes more than this share of the services or customers that a plan affects, in per cent.',
  ),
  CTC_GUARDIAN_MOVES_AT_ONCE: field(
    wholeNumber(1, 1_000).default(5),
    'How many corrections of guardians may be under way in the company at once, so that a mass failure does not swamp what is healthy.',
  ),
  CTC_GUARDIAN_MOVES_PER_HOUR: field(
    wholeNumber(1, 10_000).default(30),
    'How many corrections guardians may begin in the company within an hour.',
  ),
  CTC_LEDGER_KEY_FILE: field(
    text.optional(),
    'Path of the private Ed25519 key (PEM) that signs checkpoints of the log, the same for all processes; to change it put the new key above the old one. Unset: one is made below CTC_DATA_DIR.',
  ),
  CTC_LEDGER_CHECKPOINT_MINUTES: field(
    wholeNumber(1, 1_440).default(5),
    'A checkpoint of the log is signed when entries have waited for so many minutes.',
  ),
  CTC_LEDGER_CHECKPOINT_ENTRIES: field(
    wholeNumber(1, 1_000_000).default(1_000),
    'A checkpoint of the log is signed when so many entries have come since the last one.',
  ),
  CTC_REQUEST_BODY_LIMIT_BYTES: field(
    wholeNumber(1_024, 1_073_741_824).default(1_048_576),
    'The largest request body the API takes, in bytes; inventory imports have a limit of their own.',
  ),
  CTC_BOOTSTRAP_ADMIN_TOKEN: field(
    text.min(24, 'must be at least 24 characters: make one with `openssl rand -hex 32`').optional(),
    'Lets its bearer act as administrator, to set up the first accounts. Unset it afterwards. Secret.',
  ),
  CTC_TOKEN_MAX_DAYS: field(
    wholeNumber(1, 3650).default(365),
    'How long an access token lives at most, and when nothing else is said; in days.',
  ),
  CTC_SESSION_IDLE_MINUTES: field(
    wholeNumber(5, 1440).default(60),
    'After how long without a call a browser has to sign in again; in minutes.',
  ),
  CTC_SESSION_MAX_HOURS: field(
    wholeNumber(1, 168).default(12),
    'After how long a browser has to sign in again in any case; in hours.',
  ),
  CTC_TRUSTED_PROXIES: field(
    listOf(
      (value) => (/^[0-9a-f.:]+(\/\d{1,3})?$/i.test(value) ? value : undefined),
      'must be a list of addresses or ranges such as 10.0.0.7, 10.1.0.0/16',
    ).optional(),
    'Addresses or ranges, with commas in between, of the proxies whose X-Forwarded headers count. Unset: none do, and the API sees each of them as one caller.',
  ),
  CTC_WORKER_BUNDLE: field(
    text.optional(),
    'Path of a prebuilt workflow bundle. Unset: the worker bundles the workflows at its start.',
  ),
  CTC_METRICS_PORT: field(
    wholeNumber(1, 65_535).optional(),
    'The port for Prometheus metrics. Unset: no metrics are served.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: field(
    webAddress('http://localhost:4318').optional(),
    'Where traces are sent (OTLP). Unset: no traces are sent.',
  ),
};

/** Every variable CTC reads, in the order of the reference. */
export const configFields: Record<
  string,
  { readonly schema: z.ZodType; readonly description: string }
> = fields;

/** What the variables mean once parsed. */
export type ConfigValues = {
  readonly [K in keyof typeof fields]: z.output<(typeof fields)[K]['schema']>;
};
