import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  lastLines,
  launch,
  waitUntilReady,
  type RunningChild,
} from '../../../platform/embedded/child-process.ts';
import {
  kubernetesPrograms,
  type KubernetesProgram,
} from '../../../platform/install/kubernetes-programs.ts';
import {
  apiUrl,
  certificateFile,
  controlPlaneChildren,
  kubeconfigFile,
  serviceAccountKeyFile,
  tokensFile,
  type ControlPlane,
} from './control-plane-children.ts';
import { endWithUs } from './end-with-us.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { createNodes, nodesAreReady } from './nodes.ts';

/** A Kubernetes cluster that tests deploy to. */
export interface Datacentre {
  readonly name: string;
  /** Path of a file that needs no other; its user and context have names of their own. */
  readonly kubeconfig: string;
  readonly url: string;
  /** Of a member of system:masters; absent for a real cluster whose user signs in otherwise. */
  readonly adminToken: string | undefined;
  /** SIGKILLs the API server alone. */
  killApiServer(): Promise<void>;
  /** Brings it back with the same address and data; resolves when it is ready and pods can be run. */
  startApiServer(): Promise<void>;
  /** SIGKILLs everything; the data stay. */
  kill(): Promise<void>;
  /** Everything afresh, with the same address and data; resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends everything and removes the data. Idempotent. */
  stop(): Promise<void>;
  /** The process numbers of those that run now. */
  pids(): Partial<Record<KubernetesProgram, number>>;
}

const readyWithinMs = 120_000;

/** Starts one control plane and its nodes, in a directory of its own; resolves when pods can be run. */
export async function startDatacentre(
  plane: ControlPlane,
  runDirectory: string,
): Promise<Datacentre> {
  await mkdir(plane.directory, { recursive: true, mode: 0o700 });
  await writeSecrets(plane);
  const specs = controlPlaneChildren(plane);
  const running = new Map<KubernetesProgram, RunningChild>();
  const guard = endWithUs();
  const logFile = (name: KubernetesProgram) => path.join(plane.directory, `${name}.log`);
  const watch = () => {
    guard.watch([...running.values()].map(({ pid }) => pid));
  };

  async function start(name: KubernetesProgram): Promise<void> {
    if (running.has(name)) return;
    const spec = specs[name];
    const child = await launch(spec, { logFile: logFile(name), runDirectory });
    running.set(name, child);
    watch();
    void child.exited.then(async ({ code, signal }) => {
      if (running.get(name) !== child) return; // we ended it
      running.delete(name);
      watch();
      const how = signal ?? `code ${String(code)}`;
      const last = await lastLines(logFile(name), 10);
      process.stderr.write(`${spec.name} ended by itself (${how}):\n${last}\n`);
    });
    try {
      await waitUntilReady(spec, child, logFile(name), readyWithinMs);
    } catch (error) {
      await kill(name);
      throw error;
    }
  }

  async function kill(name: KubernetesProgram): Promise<void> {
    const child = running.get(name);
    running.delete(name);
    await child?.stop();
    watch();
  }

  const leaners = ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const;

  async function startAll(): Promise<void> {
    await start('etcd');
    await start('kube-apiserver');
    const ca = await readFile(certificateFile(plane), 'utf8');
    const access = { name: plane.name, url: apiUrl(plane), ca, token: plane.adminToken };
    await writeKubeconfig(kubeconfigFile(plane), access);
    await createNodes(access);
    await Promise.all(leaners.map(async (name) => start(name)));
    await nodesAreReady(access, readyWithinMs);
  }

  /** Left to themselves, those that lean on it would look for it again after up to half a minute only. */
  async function startApiServer(): Promise<void> {
    if (running.has('kube-apiserver')) return;
    await Promise.all(leaners.map(async (name) => kill(name)));
    await startAll();
  }

  async function killAll(): Promise<void> {
    await Promise.all(kubernetesPrograms.map(async (name) => kill(name)));
  }

  async function stop(): Promise<void> {
    await killAll();
    guard.release();
    await rm(plane.directory, { recursive: true, force: true });
  }

  try {
    await startAll();
  } catch (error) {
    const logs = await Promise.all(
      kubernetesPrograms.map(async (name) => `── ${name}\n${await lastLines(logFile(name), 15)}`),
    );
    await stop();
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${plane.name} did not start: ${message}\n${logs.join('\n')}`, {
      cause: error,
    });
  }
  return {
    name: plane.name,
    kubeconfig: kubeconfigFile(plane),
    url: apiUrl(plane),
    adminToken: plane.adminToken,
    killApiServer: async () => kill('kube-apiserver'),
    startApiServer,
    kill: killAll,
    async restart() {
      await killAll();
      await startAll();
    },
    stop,
    pids: () => Object.fromEntries([...running].map(([name, { pid }]) => [name, pid])),
  };
}

export const newAdminToken = () => randomBytes(24).toString('hex');

async function writeSecrets(plane: ControlPlane): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' });
  await writeFile(serviceAccountKeyFile(plane), pem, { mode: 0o600 });
  const tokens = `${plane.adminToken},admin,admin,"system:masters"\n`;
  await writeFile(tokensFile(plane), tokens, { mode: 0o600 });
}
