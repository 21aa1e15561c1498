import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { answerOf, createApiClient, onceHeaders } from '../../cli/client.ts';
import { applyApplication } from '../../cli/commands/application-commands.ts';
import { getChange, type Change } from '../../cli/commands/get-change.ts';
import { importInventory } from '../../cli/commands/inventory-commands.ts';
import { startLocalStack } from '../../cli/commands/stack-commands.ts';
import type { CliContext } from '../../cli/context.ts';
import { CliError } from '../../cli/errors.ts';
import { createPeople, type People } from '../../cli/demo/people.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import { readTokens } from '../../cli/tokens.ts';
import { windowRequestOf } from '../../domain/windows/window.ts';
import { clearData } from '../../platform/embedded/clear-data.ts';
import type { EmbeddedStack } from '../../platform/embedded/embedded-stack.ts';

export const examples = join(import.meta.dirname, '..', '..', 'examples');
const shop = join(examples, 'applications', 'shop');

export interface Patience {
  /** Between two looks. */
  readonly everyMs: number;
  readonly atMostMs: number;
}

/** Long enough for a killed worker's activities to be noticed several times over on a busy machine. */
const usualPatience: Patience = { everyMs: 30, atMostMs: 150_000 };

export interface E2eSystem {
  readonly stack: EmbeddedStack;
  readonly dataDirectory: string;
  readonly people: People;
  readonly administrator: CliContext;
  stop(): Promise<void>;
}

/** The whole system on data of its own, with the example inventory and people; `stop` leaves nothing behind. */
export async function startE2eSystem(
  env: Readonly<Record<string, string>> = {},
  parts: { readonly worker?: boolean } = {},
): Promise<E2eSystem> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'ctc-e2e-'));
  const stop = async (stack?: EmbeddedStack): Promise<void> => {
    await stack?.stop();
    await clearData(dataDirectory);
  };
  try {
    const stack = await startLocalStack(dataDirectory, { CTC_HTTP_PORT: '0', ...env }, parts);
    const contextFor = (token: string): CliContext => ({
      apiUrl: stack.apiUrl,
      token,
      dataDirectory,
      output: 'json',
      api: createApiClient({ apiUrl: stack.apiUrl, token }),
    });
    const administrator = contextFor(readTokens(dataDirectory)['administrator'] ?? '');
    const people = await createPeople(administrator, contextFor);
    const report = await importInventory(administrator, [join(examples, 'inventory')]);
    if (!report.imported) throw new Error(JSON.stringify(report.badLines));
    return { stack, dataDirectory, people, administrator, stop: () => stop(stack) };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface ShopRelease {
  readonly version: string;
  /** The example release that it is a variant of. */
  readonly like: string;
  /** How long each component takes to come up. */
  readonly startDelayMs?: number;
  /** What differs in some of its components. */
  readonly components?: Readonly<Record<string, object>>;
}

/** Registers the example shop and variants of its releases; `p95MaxMs` where its speed is not what is tested. */
export async function registerShop(
  { ana }: People,
  releases: readonly ShopRelease[],
  { p95MaxMs }: { readonly p95MaxMs?: number } = {},
): Promise<void> {
  const application = readYamlFile(join(shop, 'application.yaml')) as {
    nfrs: { responseTime: { p95MaxMs: number } };
  };
  if (p95MaxMs !== undefined) application.nfrs.responseTime.p95MaxMs = p95MaxMs;
  await applyApplication(ana, application);
  for (const { version, like, startDelayMs = 0, components = {} } of releases) {
    const release = readYamlFile(join(shop, `release-${like}.yaml`)) as {
      version: string;
      components: Record<string, { directory: string; env?: Record<string, string> }>;
    };
    release.version = version;
    for (const [name, component] of Object.entries(release.components)) {
      Object.assign(component, components[name]);
      component.directory = join(shop, 'server');
      component.env = { ...component.env, START_DELAY_MS: String(startDelayMs) };
    }
    await answerOf(
      ana.api.POST('/applications/{application}/releases', {
        params: { path: { application: 'shop' }, header: onceHeaders() },
        body: release as never,
      }),
    );
  }
}

/** A request body with a window that is open now. */
export function releaseRequest(release: string, extra: Record<string, unknown> = {}): never {
  return {
    kind: 'release',
    title: `Shop ${release}`,
    reason: 'an end-to-end test',
    department: 'web-platform',
    window: openWindow(),
    application: 'shop',
    release,
    datacentres: ['mad', 'bcn', 'par'],
    ...extra,
  } as never;
}

/** From this minute on for an hour. */
export function openWindow(): ReturnType<typeof windowRequestOf> {
  const opensAtMs = Math.floor(Date.now() / 60_000) * 60_000;
  return windowRequestOf({ opensAtMs, closesAtMs: opensAtMs + 3_600_000 }, 'Europe/Madrid');
}

/** Asks for a change and waits until it can be decided on. */
export async function request(as: CliContext, body: never, patience?: Patience): Promise<Change> {
  const params = { header: onceHeaders() };
  const { label } = await until(
    () => answerOf(as.api.POST('/changes', { params, body })).catch(unlessAway),
    'the change is asked for',
    patience,
  );
  return untilChange(as, label, ({ state }) => state === 'awaiting-approval', patience);
}

/** A process that was killed takes no requests until it is there again. */
function unlessAway(error: unknown): undefined {
  if (error instanceof CliError && error.message.includes('cannot be reached')) return undefined;
  throw error;
}

/** Approves the plan as it is; tried again while the workflow engine or its workers are away. */
export async function approve(as: CliContext, label: string, patience?: Patience): Promise<void> {
  let headers = onceHeaders();
  await until(
    async () => {
      const change = await getChange(as, label).catch(unlessAway);
      if (change === undefined) return false;
      const { version, state } = change;
      if (state !== 'awaiting-approval') return true;
      const answer = await as.api
        .POST('/changes/{change}/decisions', {
          params: {
            path: { change: label },
            header: { ...headers, 'if-match': `"v${version}"` },
          },
          body: { decision: 'approved', reason: 'an end-to-end test' },
        })
        .catch(unlessAway);
      // Whether it has arrived is not known: the same key says it once.
      if (answer === undefined) return false;
      const { response, error } = answer;
      if (response.ok) return true;
      if (response.status === 503 || response.status === 409) return false;
      // It has moved on between the look and the word: looked at again, it is another word.
      if (response.status === 412) {
        headers = onceHeaders();
        return false;
      }
      throw new Error(JSON.stringify(error));
    },
    `${label} is approved`,
    patience,
  );
}

export function untilChange(
  as: CliContext,
  label: string,
  reached: (change: Change) => boolean,
  patience?: Patience,
): Promise<Change> {
  let last: Change | undefined;
  return until(
    async () => {
      last = await getChange(as, label).catch(() => undefined);
      return last !== undefined && reached(last) ? last : undefined;
    },
    () => `${label} gets there; it is ${JSON.stringify(last, null, 1)}`,
    patience,
  );
}

/** The log as it is now; empty while the API is away. */
export async function logOf(
  as: CliContext,
  label: string,
): Promise<{ event: string; to: string | null; message: string }[]> {
  const { data } = await as.api
    .GET('/changes/{change}/log', { params: { path: { change: label } } })
    .catch(() => ({ data: undefined }));
  return data?.rows ?? [];
}

/** Waits for a line of the log whose message begins so. */
export async function untilLogged(as: CliContext, label: string, beginning: string): Promise<void> {
  await until(
    async () => (await logOf(as, label)).some(({ message }) => message.startsWith(beginning)),
    `the log of ${label} says "${beginning}"`,
  );
}

/** The first answer that is neither false nor undefined. @throws Error naming what never came about. */
export async function until<T>(
  look: () => Promise<T | false | undefined>,
  what: string | (() => string),
  { everyMs, atMostMs }: Patience = usualPatience,
): Promise<T> {
  const deadline = performance.now() + atMostMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      throw new Error(`It never came about that ${typeof what === 'string' ? what : what()}`);
    }
    await delay(everyMs);
  }
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a process of its own, as the person whose token it is. */
export function runCtc({ stack }: E2eSystem, token: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'cli/main.ts', ...args],
      {
        cwd: join(import.meta.dirname, '..', '..'),
        env: { ...process.env, CTC_API_URL: stack.apiUrl, CTC_TOKEN: token },
      },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

/** Kills one process of the system as a crash would, and waits until the supervisor has started another. */
export async function crash(
  { stack }: E2eSystem,
  name: 'worker' | 'api' | 'temporal' | 'postgres',
): Promise<void> {
  const before = stack.pids()[name];
  if (before === undefined) throw new Error(`There is no ${name} to kill.`);
  process.kill(before, 'SIGKILL');
  await until(
    () => Promise.resolve(stack.pids()[name] !== undefined && stack.pids()[name] !== before),
    `another ${name} runs`,
  );
}
