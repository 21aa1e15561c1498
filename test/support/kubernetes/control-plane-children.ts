import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ChildSpec } from '../../../platform/embedded/child-process.ts';
import { answers } from '../../../platform/embedded/node-child.ts';
import type {
  KubernetesProgram,
  KubernetesPrograms,
} from '../../../platform/install/kubernetes-programs.ts';
import { createKubernetesApi } from './kubernetes-api.ts';

const lifeFile = fileURLToPath(new URL('node-and-pod-life.yaml', import.meta.url));

/** What one control plane is made of; the files are in its directory. */
export interface ControlPlane {
  readonly name: string;
  readonly directory: string;
  readonly programs: KubernetesPrograms;
  readonly etcdPort: number;
  readonly apiPort: number;
  readonly adminToken: string;
}

export const apiUrl = ({ apiPort }: ControlPlane) => `https://127.0.0.1:${apiPort}`;
const inside = ({ directory }: ControlPlane, name: string) => path.join(directory, name);
export const kubeconfigFile = (plane: ControlPlane) => inside(plane, 'kubeconfig.yaml');
/** The API server makes it, with the authority that signed it: it vouches for itself. */
export const certificateFile = (plane: ControlPlane) => inside(plane, 'certificates/apiserver.crt');
export const serviceAccountKeyFile = (plane: ControlPlane) => inside(plane, 'service-account.pem');
export const tokensFile = (plane: ControlPlane) => inside(plane, 'tokens.csv');

/** How to start each of them. All are ended with SIGKILL: nobody needs what they would put in order. */
export function controlPlaneChildren(plane: ControlPlane): Record<KubernetesProgram, ChildSpec> {
  const child = (
    name: KubernetesProgram,
    args: readonly string[],
    whenReady: ChildSpec['whenReady'] = async () => {},
  ): [KubernetesProgram, ChildSpec] => [
    name,
    {
      name: `${plane.name}-${name}`,
      command: plane.programs[name],
      args,
      // Nothing of the developer's: no kubeconfig, no proxy, no settings of kwok's in the home directory.
      env: { PATH: '/usr/bin:/bin', HOME: plane.directory, TZ: 'UTC' },
      cwd: plane.directory,
      stopSignal: 'SIGKILL',
      whenReady,
    },
  ];
  const etcdUrl = `http://127.0.0.1:${plane.etcdPort}`;
  const kubeconfig = `--kubeconfig=${kubeconfigFile(plane)}`;
  const quickly = ['--kube-api-qps=500', '--kube-api-burst=1000', '--leader-elect=false'];
  return Object.fromEntries([
    child(
      'etcd',
      [
        `--data-dir=${inside(plane, 'etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        '--listen-peer-urls=http://127.0.0.1:0', // one member: nobody comes
        '--unsafe-no-fsync=true',
        '--log-level=warn',
      ],
      async (_, signal) => answers(`${etcdUrl}/health`, signal),
    ),
    child(
      'kube-apiserver',
      [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${plane.apiPort}`,
        `--cert-dir=${inside(plane, 'certificates')}`,
        '--endpoint-reconciler-type=none', // an endpoint on the loopback is not allowed
        '--service-cluster-ip-range=10.96.0.0/16',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${serviceAccountKeyFile(plane)}`,
        `--service-account-signing-key-file=${serviceAccountKeyFile(plane)}`,
        '--authorization-mode=RBAC',
        '--anonymous-auth=false',
        `--token-auth-file=${tokensFile(plane)}`,
        '--event-ttl=15m',
        '--profiling=false',
      ],
      async (_, signal) => apiAnswers(plane, signal),
    ),
    child('kube-controller-manager', [
      kubeconfig,
      '--secure-port=0',
      `--service-account-private-key-file=${serviceAccountKeyFile(plane)}`,
      `--root-ca-file=${certificateFile(plane)}`,
      // The nodes send no signs of life: nothing can happen to them.
      '--node-monitor-grace-period=8760h',
      '--controllers=*,-kube-apiserver-serving-clustertrustbundle-publisher-controller',
      '--profiling=false',
      ...quickly,
    ]),
    child('kube-scheduler', [kubeconfig, '--secure-port=0', '--profiling=false', ...quickly]),
    child('kwok', [
      kubeconfig,
      `--config=${lifeFile}`,
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=0', // after a restart it would wait until the leases it held have ended
      '--node-ip=192.0.2.1',
      '--cidr=10.244.0.1/16',
    ]),
  ]) as Record<KubernetesProgram, ChildSpec>;
}

async function apiAnswers(plane: ControlPlane, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const ca = await readFile(certificateFile(plane), 'utf8');
      const token = plane.adminToken;
      const api = createKubernetesApi({ name: plane.name, url: apiUrl(plane), ca, token });
      try {
        await api.send('GET', '/readyz');
        return;
      } finally {
        await api.close();
      }
    } catch {
      await delay(100); // no certificate, not listening, or not ready yet
    }
  }
}
