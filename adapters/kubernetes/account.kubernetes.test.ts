import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { DesiredState, Fence } from '../../domain/deployment/ports.ts';
import { driverOf } from '../../test/support/kubernetes/drivers.ts';
import {
  connectToKubernetes,
  type KubernetesApi,
} from '../../test/support/kubernetes/kubernetes-api.ts';
import { deploymentOf, serviceOf } from '../../test/support/kubernetes/manifests.ts';
import {
  createTestNamespace,
  describeWithDatacentres,
  sharedDatacentres,
  type TestNamespace,
} from '../../test/support/kubernetes/shared-datacentres.ts';

const fence = (token: number): Fence => ({ token, change: `CHG-${token}`, attempt: 1 });
const deployFile = (name: string) =>
  readFile(path.join(import.meta.dirname, '../../deploy/kubernetes', name), 'utf8');

interface Applied {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

await describeWithDatacentres('The account of CTC in a cluster', () => {
  let api: KubernetesApi;
  let namespace: TestNamespace;
  let other: TestNamespace;
  let kubeconfig: string;
  const directories: string[] = [];

  const plurals: Readonly<Record<string, string>> = {
    Namespace: '/api/v1/namespaces',
    ServiceAccount: '/api/v1/namespaces/ctc-system/serviceaccounts',
    Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/ctc-system/roles',
    RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/ctc-system/rolebindings',
    ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  };
  const apply = (object: Applied, collection: string) =>
    api.send(
      'PATCH',
      `${collection}/${object.metadata.name}?fieldManager=test`,
      object,
      'application/apply-patch+yaml',
    );

  beforeAll(async () => {
    const [shared] = await sharedDatacentres();
    if (shared === undefined) throw new Error('There is no datacentre to test with.');
    api = await connectToKubernetes(shared.kubeconfig);
    namespace = await createTestNamespace(api);
    other = await createTestNamespace(api);
    for (const document of parseAllDocuments(await deployFile('account.yaml'))) {
      const object = document.toJS() as Applied;
      await apply(object, plurals[object.kind] ?? '');
    }
    const binding = parse(await deployFile('binding.yaml')) as Applied;
    await apply(binding, namespace.path('/apis/rbac.authorization.k8s.io/v1', 'rolebindings'));
    const { status } = (await api.send(
      'POST',
      '/api/v1/namespaces/ctc-system/serviceaccounts/ctc/token',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    )) as { status: { token: string } };
    kubeconfig = await kubeconfigWith(shared.kubeconfig, status.token);
  });
  afterAll(async () => {
    await namespace.remove();
    await other.remove();
    await api.close();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });

  const kubeconfigWith = async (file: string, token: string): Promise<string> => {
    const config = parse(await readFile(file, 'utf8')) as { users: { user: object }[] };
    config.users = config.users.map((user) => ({ ...user, user: { token } }));
    const directory = await mkdtemp(path.join(tmpdir(), 'ctc-account-'));
    directories.push(directory);
    const copy = path.join(directory, 'kubeconfig.yaml');
    await writeFile(copy, stringify(config), { mode: 0o600 });
    return copy;
  };
  const desired = (where: string, image: string): DesiredState => ({
    application: `account-${where}`,
    datacentre: 'mad',
    release: image,
    releaseDigest: image.padEnd(64, '0'),
    components: [
      {
        name: 'web',
        bindings: {},
        kubernetes: {
          runtime: 'kubernetes',
          namespace: where,
          manifests: [deploymentOf('web', { image }), serviceOf('web')],
          readyTimeoutMs: 60_000,
          failAfterRestarts: 3,
          blueGreen: false,
        },
      },
    ],
  });

  it('may do all that a deployment, its observation, its rollback and its end need', async () => {
    const { driver, close } = await driverOf(
      { kubeconfig },
      { datacentre: 'mad', recordNamespace: 'ctc-system' },
    );
    const state = desired(namespace.name, '1');
    await driver.plan(state);
    await driver.apply(state, fence(1));
    await expect
      .poll(async () => (await driver.observe(state)).instances.map((one) => one.state), {
        timeout: 60_000,
      })
      .toEqual(['ready']);
    await driver.apply(desired(namespace.name, '2'), fence(2));
    await driver.rollback(state, fence(3));
    await driver.remove(state, fence(4));
    expect((await driver.observe(state)).instances).toEqual([]);
    await close();
  });

  it('may not elsewhere, and the error says which right is missing', async () => {
    const { driver, close } = await driverOf(
      { kubeconfig },
      { datacentre: 'mad', recordNamespace: 'ctc-system' },
    );
    const error: unknown = await driver
      .apply(desired(other.name, '1'), fence(1))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'forbidden', code: 'cluster-forbidden' });
    expect(String(error)).toContain(other.name);
    await close();
  });

  it('is told apart from credentials that the cluster does not take', async () => {
    const wrong = await kubeconfigWith(kubeconfig, 'no-such-token');
    const { driver, close } = await driverOf(
      { kubeconfig: wrong },
      { datacentre: 'mad', recordNamespace: 'ctc-system' },
    );
    await expect(driver.observe(desired(namespace.name, '1'))).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'cluster-unauthorized',
    });
    await close();
  });

  it('is read anew when the cluster no longer takes what it was', async () => {
    const copy = await kubeconfigWith(kubeconfig, 'expired');
    const good = await readFile(kubeconfig, 'utf8');
    const { driver, close } = await driverOf(
      { kubeconfig: copy },
      { datacentre: 'mad', recordNamespace: 'ctc-system' },
    );
    await expect(driver.observe(desired(namespace.name, '1'))).rejects.toThrow();
    await writeFile(copy, good);
    await expect(driver.observe(desired(namespace.name, '1'))).resolves.toBeDefined();
    await close();
  });
});
