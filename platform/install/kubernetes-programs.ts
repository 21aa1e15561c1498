import { createHash, randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../../domain/errors.ts';
import { childEnvironment } from '../config.ts';
import { holdAlone } from '../embedded/hold-alone.ts';
import type { Logger } from '../logging.ts';
import { runCommand } from './run-command.ts';

/**
 * What a Kubernetes control plane consists of, and kwok, which plays the nodes. For tests only: the tools of
 * tools/kubernetes/go.mod.
 */
export const kubernetesPrograms = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;
export type KubernetesProgram = (typeof kubernetesPrograms)[number];
/** Where each of them is. */
export type KubernetesPrograms = Readonly<Record<KubernetesProgram, string>>;

const moduleDirectory = fileURLToPath(new URL('../../tools/kubernetes', import.meta.url));
const buildWithinMs = 45 * 60_000;

export interface KubernetesProgramsOptions {
  /** The programs are kept in its `kubernetes`. */
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Called before a build begins: it keeps all cores busy for minutes. */
  readonly onBuild?: () => void;
  /** For tests: builds the programs into a fresh directory. */
  readonly build?: (directory: string) => Promise<void>;
  /** For tests: the version of Go, or a rejection when there is none. */
  readonly goVersion?: () => Promise<string>;
}

/**
 * The programs, built from their pinned source (tools/kubernetes/go.mod) once for each set of pins and Go.
 * Without Go an earlier build of the same pins does. Safe to call from several processes at once: one
 * builds, the others wait. Throws a DomainError (`unavailable`) that says what to do.
 */
export async function resolveKubernetesPrograms(
  options: KubernetesProgramsOptions,
): Promise<KubernetesPrograms> {
  const { logger } = options;
  const directory = path.resolve(options.dataDirectory, 'kubernetes');
  await mkdir(directory, { recursive: true });
  const pins = await pinnedSources();
  let go: string;
  try {
    go = await (options.goVersion ?? goVersion)();
  } catch (error) {
    const built = await anyBuild(directory, pins.hash);
    if (built === undefined) throw cannotBuild('There is no Go here that can build it.', error);
    return built;
  }
  const home = path.join(directory, `${pins.hash}-${go}`);
  const present = completeBuild(home);
  if (present !== undefined) return present;

  const release = await waitForTurn(directory, () => completeBuild(home) !== undefined);
  const workplace = path.join(directory, `.build-${randomUUID()}`);
  try {
    const meanwhile = completeBuild(home);
    if (meanwhile !== undefined) return meanwhile;
    await removeUnfinished(directory);
    options.onBuild?.();
    const startedAt = performance.now();
    await (options.build ?? (async (target) => buildPrograms(target, pins.kubernetes)))(workplace);
    if (completeBuild(workplace) === undefined) throw new Error('it left programs out');
    await rename(workplace, home);
    const tookMs = Math.round(performance.now() - startedAt);
    logger.debug({ path: home, tookMs }, 'the Kubernetes control plane is built');
  } catch (error) {
    throw cannotBuild('Its build failed.', error);
  } finally {
    await rm(workplace, { recursive: true, force: true });
    await release();
  }
  return programsIn(home);
}

/** A build of other pins, or for another kind of machine, must not be taken for this one. */
async function pinnedSources(): Promise<{ readonly hash: string; readonly kubernetes: string }> {
  const [mod, sum] = await Promise.all(
    ['go.mod', 'go.sum'].map((name) => readFile(path.join(moduleDirectory, name), 'utf8')),
  );
  const hash = createHash('sha256')
    .update(mod ?? '')
    .update(sum ?? '')
    .update(`${process.platform}-${process.arch}`)
    .update(linkerFlags('').join(' '))
    .digest('hex')
    .slice(0, 16);
  const kubernetes = /\sk8s\.io\/kubernetes (v\S+)/.exec(mod ?? '')?.[1];
  if (kubernetes === undefined)
    throw new Error('tools/kubernetes/go.mod pins no k8s.io/kubernetes');
  return { hash, kubernetes };
}

async function goVersion(): Promise<string> {
  const version = await runCommand('go', ['env', 'GOVERSION'], {
    withinMs: 120_000, // an older Go fetches the one that go.mod asks for
    cwd: moduleDirectory,
    env: childEnvironment({}),
  });
  return version.trim().replaceAll(/[^\w.-]/g, '_');
}

/** Clients ask a server for its version; a build outside of Kubernetes' own scripts would not know it. */
function linkerFlags(kubernetesVersion: string): string[] {
  const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');
  const values = {
    gitVersion: kubernetesVersion,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  return [
    '-s',
    '-w',
    ...Object.entries(values).flatMap(([name, value]) =>
      ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map(
        (holder) => `-X=${holder}.${name}=${value}`,
      ),
    ),
  ];
}

async function buildPrograms(directory: string, kubernetesVersion: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const flags = [
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    linkerFlags(kubernetesVersion).join(' '),
  ];
  await runCommand('go', ['build', ...flags, '-o', `${directory}${path.sep}`, 'tool'], {
    withinMs: buildWithinMs,
    cwd: moduleDirectory,
    env: childEnvironment({ CGO_ENABLED: '0', GOWORK: 'off' }),
  });
  // Go names a program after the last part of its path that is not a version.
  await rename(path.join(directory, 'server'), path.join(directory, 'etcd'));
}

/** What builds that were killed left; only whoever has the turn may. */
async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('.build-')) {
      await rm(path.join(directory, name), { recursive: true, force: true });
    }
  }
}

function programsIn(home: string): KubernetesPrograms {
  const entries = kubernetesPrograms.map((name) => [name, path.join(home, name)]);
  return Object.fromEntries(entries) as KubernetesPrograms;
}

function completeBuild(home: string): KubernetesPrograms | undefined {
  const programs = programsIn(home);
  try {
    for (const file of Object.values(programs)) accessSync(file, constants.X_OK);
    return programs;
  } catch {
    return undefined;
  }
}

async function anyBuild(directory: string, hash: string): Promise<KubernetesPrograms | undefined> {
  for (const name of await readdir(directory)) {
    const build = name.startsWith(`${hash}-`)
      ? completeBuild(path.join(directory, name))
      : undefined;
    if (build !== undefined) return build;
  }
  return undefined;
}

/** One process builds at a time; returns at once when the programs have appeared meanwhile. */
async function waitForTurn(
  directory: string,
  appeared: () => boolean,
): Promise<() => Promise<void>> {
  for (;;) {
    if (appeared()) return async () => {};
    const turn = await holdAlone(directory, 'building');
    if (turn.held) return async () => turn.release();
    await delay(250);
  }
}

function cannotBuild(why: string, cause: unknown): DomainError {
  const message = cause instanceof Error ? cause.message : undefined;
  return new DomainError(
    'unavailable',
    `The Kubernetes control plane that tests run against is not there. ${why}`,
    {
      code: 'kubernetes-programs-missing',
      cause,
      complaints: message === undefined ? [] : [{ field: 'go build', message }],
      remedy:
        'Install Go 1.26 or newer (1.21 or newer where it may fetch that by itself) and have its module proxy within reach, ' +
        'or set CTC_TEST_KUBECONFIGS to the kubeconfig files of real clusters, with colons between them.',
    },
  );
}
