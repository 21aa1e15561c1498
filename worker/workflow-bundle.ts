import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { Logger } from 'pino';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..');

/** Runs in the workflow sandbox; every worker and every replay must use the same. */
export const workflowInterceptorModules = [
  require.resolve('@temporalio/interceptors-opentelemetry-v2/lib/workflow-interceptors'),
];

/** `rehearsal`: the same workflows, in which activities take no time and the clock is moved instead. */
export type BundleFlavour = 'production' | 'rehearsal';

/**
 * The workflows as one script. Bundling takes seconds, so the result is kept under a name that says what
 * went into it: an edited workflow or another SDK gives another name.
 */
export async function loadWorkflowBundle(options: {
  readonly cacheDirectory: string;
  /** Default `production`. */
  readonly flavour?: BundleFlavour;
  readonly logger?: Pick<Logger, 'debug'>;
}): Promise<{ readonly code: string }> {
  const { flavour = 'production' } = options;
  const path = await bundlePath(options.cacheDirectory, flavour);
  const cached = await readFile(path, 'utf8').catch(() => undefined);
  if (cached !== undefined) return { code: cached };
  const { code } = await bundleWorkflows(flavour);
  await keep(path, code).catch((error: unknown) => {
    // A directory that cannot be written costs the next start its seconds, no more.
    options.logger?.debug({ err: error }, 'workflow bundle not kept');
  });
  options.logger?.debug({ path }, 'workflows bundled');
  return { code };
}

/** Where the bundle of the workflows as they are now is kept. */
export async function bundlePath(
  cacheDirectory: string,
  flavour: BundleFlavour = 'production',
): Promise<string> {
  const name = flavour === 'production' ? 'workflows' : flavour;
  return join(cacheDirectory, `${name}-${await fingerprint()}.js`);
}

/** Where the bundle of rehearsals stands, given that of the worker. */
export function rehearsalBundleBeside(workerBundle: string): string {
  return workerBundle.replace(/(\.js)?$/, '.rehearsal$1');
}

/** Renamed into place: another worker that starts now sees all of it or nothing. */
async function keep(path: string, code: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}`;
  await writeFile(partial, code);
  await rename(partial, path);
}

/**
 * Loads webpack, which nothing else here needs. A worker holds its bundle several times over, so comments and
 * sources are left out, and all that is not ASCII is escaped: with it each character would take two bytes. Names
 * stay as they are, and stack traces still tell file and line.
 */
export async function bundleWorkflows(
  flavour: BundleFlavour = 'production',
): Promise<WorkflowBundleWithSourceMap> {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { default: Minimizer } = await import('minimizer-webpack-plugin');
  const minimizer = new Minimizer({
    extractComments: false,
    parallel: false,
    terserOptions: {
      compress: false,
      mangle: false,
      format: { comments: false, ascii_only: true },
    },
  });
  return bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    workflowInterceptorModules: [
      ...workflowInterceptorModules,
      ...(flavour === 'rehearsal'
        ? [join(root, 'workflows', 'rehearsal', 'skip-durations.ts')]
        : []),
    ],
    webpackConfigHook: (config) => ({
      ...config,
      devtool: 'inline-nosources-source-map',
      optimization: { ...config.optimization, minimize: true, minimizer: [minimizer] },
    }),
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} },
  });
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'domain']) {
    const entries = await readdir(join(root, folder), { recursive: true });
    for (const entry of entries.filter((name) => name.endsWith('.ts')).sort()) {
      if (entry.endsWith('.test.ts')) continue;
      hash.update(entry).update(await readFile(join(root, folder, entry)));
    }
  }
  for (const file of [import.meta.filename, join(root, 'package-lock.json')]) {
    hash.update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}
