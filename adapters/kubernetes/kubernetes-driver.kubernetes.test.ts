import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Manifest } from '../../domain/application/release-definition.ts';
import type {
  DatacentreDriver,
  DeploymentStage,
  DesiredState,
  Fence,
  Observation,
  RolloutOptions,
} from '../../domain/deployment/ports.ts';
import { driverOf } from '../../test/support/kubernetes/drivers.ts';
import {
  connectToKubernetes,
  type KubernetesApi,
  type KubernetesObject,
} from '../../test/support/kubernetes/kubernetes-api.ts';
import {
  daemonSetOf,
  deploymentOf,
  jobOf,
  serviceOf,
  statefulSetOf,
} from '../../test/support/kubernetes/manifests.ts';
import {
  createTestNamespace,
  describeWithDatacentres,
  sharedDatacentres,
  type TestNamespace,
} from '../../test/support/kubernetes/shared-datacentres.ts';
import { startDatacentres } from '../../test/support/kubernetes/start-datacentres.ts';

const fence = (token: number): Fence => ({ token, change: `CHG-${token}`, attempt: 1 });
const application = 'shop';
const datacentre = 'mad';
const site = { application, datacentre };

await describeWithDatacentres('The Kubernetes driver', () => {
  let api: KubernetesApi;
  let driver: DatacentreDriver;
  let namespace: TestNamespace;
  let recordNamespace: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const [shared] = await sharedDatacentres();
    if (shared === undefined) throw new Error('There is no datacentre to test with.');
    api = await connectToKubernetes(shared.kubeconfig);
    namespace = await createTestNamespace(api);
    recordNamespace = `test-records-${randomBytes(6).toString('hex')}`;
    ({ driver, close } = await driverOf(shared, { datacentre, recordNamespace }));
  });
  afterEach(async () => {
    await namespace.remove();
    await api.delete(`/api/v1/namespaces/${recordNamespace}`).catch(() => undefined);
    await close();
    await api.close();
  });

  /** Components by name, each with its manifests. */
  const desired = (
    release: string,
    components: Record<string, readonly Manifest[]>,
    how: { blueGreen?: boolean; options?: RolloutOptions; readyTimeoutMs?: number } = {},
  ): DesiredState => ({
    ...site,
    release,
    releaseDigest: `${release.replaceAll('.', '')}${'0'.repeat(64)}`.slice(0, 64),
    ...(how.options === undefined ? {} : { options: how.options }),
    components: Object.entries(components).map(([name, manifests]) => ({
      name,
      bindings: {},
      kubernetes: {
        runtime: 'kubernetes',
        namespace: namespace.name,
        manifests: [...manifests],
        readyTimeoutMs: how.readyTimeoutMs ?? 60_000,
        failAfterRestarts: 2,
        blueGreen: how.blueGreen ?? false,
      },
    })),
  });
  const observed = async (state: 'ready' | 'failed'): Promise<Observation> => {
    let observation = await driver.observe(site);
    await expect
      .poll(
        async () => {
          observation = await driver.observe(site);
          return observation.instances.every((one) => one.state === state)
            ? 'as expected'
            : observation.instances;
        },
        { timeout: 60_000, interval: 50 },
      )
      .toBe('as expected');
    return observation;
  };
  const deployments = '/apis/apps/v1';
  const get = (group: string, plural: string, name: string) =>
    api.get(namespace.path(group, plural, name));
  const namesOf = async (group: string, plural: string): Promise<string[]> =>
    (await api.list(namespace.path(group, plural))).map(({ metadata }) => metadata.name).sort();
  const specOf = (object: KubernetesObject) => object['spec'] as Record<string, never>;
  const editAs = (manager: string, path: string, patch: Record<string, unknown>) =>
    api.send('PATCH', `${path}?fieldManager=${manager}`, patch, 'application/merge-patch+json');
  const scaledByHand = async (replicas: number): Promise<void> => {
    const path = namespace.path(deployments, 'deployments', 'web');
    await editAs('kubectl-edit', path, { spec: { replicas } });
  };

  it('waits for every kind of workload by the rules of kubectl', async () => {
    const state = desired('1.0.0', {
      web: [deploymentOf('web', { replicas: 3 }), serviceOf('web')],
      store: [statefulSetOf('store'), serviceOf('store')],
      agent: [daemonSetOf('agent')],
      migrate: [jobOf('migrate', { annotations: { 'life.ctc.test/takes': '300ms' } })],
    });
    await driver.apply(state, fence(1));
    const { instances } = await observed('ready');
    const detail = Object.fromEntries(instances.map((one) => [one.component, one.detail]));
    expect(detail['web']).toContain('3 replicas available');
    expect(detail['store']).toContain('2 pods ready');
    expect(detail['agent']).toMatch(/[1-9]\d* pods available/);
    expect(detail['migrate']).toContain('complete');
  });

  it('tells a failed Job, a missing image and what somebody deleted from what is only slow', async () => {
    const crash = { 'life.ctc.test/crash-after': '1ms' };
    await driver.apply(
      desired('1.0.0', {
        migrate: [jobOf('migrate', { annotations: crash })],
        web: [deploymentOf('web', { annotations: { 'life.ctc.test/image': 'missing' } })],
      }),
      fence(1),
    );
    const { instances } = await observed('failed');
    const detail = Object.fromEntries(instances.map((one) => [one.component, one.detail]));
    expect(detail['migrate']).toContain('failed');
    expect(detail['web']).toContain('ImagePullBackOff');

    await driver.apply(desired('1.0.1', { web: [deploymentOf('web')] }), fence(2));
    await observed('ready');
    await api.delete(namespace.path(deployments, 'deployments', 'web'));
    expect((await observed('failed')).instances[0]?.detail).toContain('somebody has deleted it');
  });

  it('sends fields that no client knows as they are, with the definition of their kind in the same release', async () => {
    const group = `g${randomBytes(4).toString('hex')}.ctc.test`;
    const definition: Manifest = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `mailboxes.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Mailbox', plural: 'mailboxes', singular: 'mailbox' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        ],
      },
    };
    const spec = { quota: { 'x-never-heard-of': [1, { deep: true }], big: 9_007_199_254_740_991 } };
    const mailbox: Manifest = {
      apiVersion: `${group}/v1`,
      kind: 'Mailbox',
      metadata: { name: 'ana' },
      spec,
    };
    await driver.apply(desired('1.0.0', { mail: [mailbox, definition] }), fence(1));
    await observed('ready');
    expect((await get(`/apis/${group}/v1`, 'mailboxes', 'ana'))['spec']).toEqual(spec);

    // A definition is never pruned: with it would go what others have made by it.
    await driver.apply(desired('2.0.0', { mail: [serviceOf('mail')] }), fence(2));
    expect(await namesOf(`/apis/${group}/v1`, 'mailboxes')).toEqual([]);
    await api.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mailboxes.${group}`);
    await api.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mailboxes.${group}`);
  });

  it('puts application, release, change and attempt on what it applies, under its own field manager', async () => {
    await driver.apply(desired('1.0.0', { web: [deploymentOf('web')] }), fence(7));
    const { metadata } = await get(deployments, 'deployments', 'web');
    expect(metadata['labels']).toMatchObject({
      'app.kubernetes.io/managed-by': 'ctc',
      'ctc/application': 'shop',
      'ctc/component': 'web',
    });
    expect(metadata['annotations']).toMatchObject({
      'ctc/release': '1.0.0',
      'ctc/change': 'CHG-7',
      'ctc/attempt': '1',
    });
    expect(metadata['managedFields']).toContainEqual(
      expect.objectContaining({ manager: 'ctc', operation: 'Apply' }),
    );
  });

  it('prunes what the release no longer has, and keeps data and what somebody made his own', async () => {
    const settings = (name: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { level: 'info' },
    });
    const claim: Manifest = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'orders' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const web = deploymentOf('web');
    await driver.apply(
      desired('1.0.0', { web: [web, settings('old'), settings('theirs'), claim] }),
      fence(1),
    );
    await editAs('somebody', namespace.path('/api/v1', 'configmaps', 'theirs'), {
      metadata: { labels: { 'ctc/application': 'another' } },
    });
    const plan = await driver.plan(desired('2.0.0', { web: [web, settings('new')] }));
    expect(
      Object.fromEntries((plan.objects ?? []).map(({ object, action }) => [object, action])),
    ).toMatchObject({
      [`ConfigMap ${namespace.name}/old`]: 'delete',
      [`ConfigMap ${namespace.name}/new`]: 'create',
      [`Deployment ${namespace.name}/web`]: 'update',
    });
    await driver.apply(desired('2.0.0', { web: [web, settings('new')] }), fence(2));
    const maps = await namesOf('/api/v1', 'configmaps');
    expect(maps.filter((name) => name !== 'kube-root-ca.crt')).toEqual(['new', 'theirs']);
    expect(await namesOf('/api/v1', 'persistentvolumeclaims')).toEqual(['orders']);
  });

  it('shows each field that would differ, by the API server’s own dry run, and no secret', async () => {
    const secret = (password: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'database' },
      stringData: { password },
    });
    const first = desired('1.0.0', { web: [deploymentOf('web'), secret('hunter-one')] });
    await driver.apply(first, fence(1));
    const plan = await driver.plan({
      ...desired('1.0.0', { web: [deploymentOf('web', { replicas: 2 }), secret('hunter-two')] }),
    });
    const changes = new Map((plan.objects ?? []).map(({ object, ...rest }) => [object, rest]));
    expect(changes.get(`Deployment ${namespace.name}/web`)).toMatchObject({
      action: 'update',
      changes: [{ path: 'spec.replicas', before: 1, after: 2 }],
    });
    expect(changes.get(`Secret ${namespace.name}/database`)?.action).toBe('update');
    expect(JSON.stringify(plan)).not.toMatch(/hunter|aHVudGVy/);
    const same = await driver.plan(first);
    expect(same.objects?.map(({ action }) => action)).toEqual(['keep', 'keep']);
    // Looking has changed nothing.
    expect(specOf(await get(deployments, 'deployments', 'web'))['replicas']).toBe(1);
  });

  it('takes what others write while it looks for no difference of its own', async () => {
    const state = desired('1.0.0', { web: [deploymentOf('web'), serviceOf('web')] });
    await driver.apply(state, fence(1));
    await observed('ready');
    const path = namespace.path(deployments, 'deployments', 'web');
    let isOver = false;
    const busy = (async () => {
      for (let n = 0; !isOver; n += 1) {
        await editAs('somebody', path, { metadata: { annotations: { n: String(n) } } });
        await delay(30);
      }
      return null;
    })();
    for (let look = 0; look < 20; look += 1) {
      const { objects } = await driver.plan(state);
      expect(objects?.flatMap(({ changes }) => changes)).toEqual([]);
    }
    isOver = true;
    await busy;
  });

  it('refuses before it touches anything what others manage, names them, and forces only when told to', async () => {
    const settings: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { level: 'info' },
    };
    await driver.apply(desired('1.0.0', { web: [deploymentOf('web'), settings] }), fence(1));
    await scaledByHand(5);
    const next = { web: [deploymentOf('web', { replicas: 2 }), { ...settings, data: { a: 'b' } }] };
    const refused = await driver.apply(desired('2.0.0', next), fence(2)).catch((e: unknown) => e);
    expect(refused).toMatchObject({
      kind: 'conflict',
      code: 'field-manager-conflict',
      complaints: [
        {
          field: `Deployment ${namespace.name}/web`,
          message: expect.stringContaining('"kubectl-edit" manages .spec.replicas') as string,
        },
      ],
    });
    expect((await get('/api/v1', 'configmaps', 'settings'))['data']).toEqual({ level: 'info' });
    const plan = await driver.plan(desired('2.0.0', next));
    expect(plan.objects?.find(({ conflicts }) => conflicts.length > 0)?.conflicts).toEqual([
      { manager: 'kubectl-edit', fields: ['.spec.replicas'] },
    ]);

    await driver.apply(desired('2.0.0', next, { options: { forceConflicts: true } }), fence(3));
    expect(specOf(await get(deployments, 'deployments', 'web'))['replicas']).toBe(2);
  });

  it('restores by a rollback all that others do not hold, and then says what they hold', async () => {
    const good = { web: [deploymentOf('web', { replicas: 2 })], api: [deploymentOf('api')] };
    await driver.apply(desired('1.0.0', good), fence(1));
    const broken = { 'life.ctc.test/crash-after': '1ms' };
    await driver.apply(
      desired('2.0.0', {
        web: [deploymentOf('web', { replicas: 2 })],
        api: [deploymentOf('api', { annotations: broken })],
      }),
      fence(2),
    );
    await scaledByHand(5);
    await expect(driver.rollback(desired('1.0.0', good), fence(3))).rejects.toMatchObject({
      code: 'field-manager-conflict',
    });
    const restored = await get(deployments, 'deployments', 'api');
    expect(restored.metadata['annotations']).toMatchObject({ 'ctc/release': '1.0.0' });
    expect(JSON.stringify(specOf(restored))).not.toContain('crash-after');
  });

  it('blames a rollback for no pod of the release it takes away, however often it is looked at', async () => {
    const good = desired('1.0.0', { web: [deploymentOf('web'), serviceOf('web')] });
    await driver.apply(good, fence(1));
    await observed('ready');
    const crashing = { annotations: { 'life.ctc.test/crash-after': '1ms' } };
    const bad = desired('2.0.0', { web: [deploymentOf('web', crashing), serviceOf('web')] });
    for (let token = 2; token <= 10; token += 2) {
      await driver.apply(bad, fence(token));
      await observed('failed');
      await driver.rollback(good, fence(token + 1));
      for (;;) {
        const [web] = (await driver.observe(site)).instances;
        expect(web?.state, web?.detail).not.toBe('failed');
        if (web?.state === 'ready') break;
      }
    }
  });

  it('replaces a Job, whose pods cannot be changed', async () => {
    const job = (image: string) => desired(image, { migrate: [jobOf('migrate', { image })] });
    await driver.apply(job('1'), fence(1));
    const before = await get('/apis/batch/v1', 'jobs', 'migrate');
    expect((await driver.plan(job('2'))).objects?.[0]).toMatchObject({ action: 'update' });
    await driver.apply(job('2'), fence(2));
    await observed('ready');
    const after = await get('/apis/batch/v1', 'jobs', 'migrate');
    expect(after.metadata['uid']).not.toBe(before.metadata['uid']);
  });

  it('says which field of which object the API server does not take, before it touches anything', async () => {
    const wrong = deploymentOf('web');
    await driver.apply(desired('1.0.0', { web: [deploymentOf('web')] }), fence(1));
    const state = desired('2.0.0', {
      web: [{ ...wrong, spec: { ...(wrong['spec'] as object), replicas: -1 } }],
    });
    const error: unknown = await driver.apply(state, fence(2)).catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: 'invalid' });
    expect(String(error)).toContain('spec.replicas');
    await expect(
      driver.apply(
        desired('3.0.0', {
          web: [{ apiVersion: 'example.com/v1', kind: 'Nothing', metadata: { name: 'x' } }],
        }),
        fence(3),
      ),
    ).rejects.toMatchObject({ code: 'no-such-kind' });
    await expect(
      driver.apply(desired('4.0.0', { web: [wrong], api: [wrong] }), fence(4)),
    ).rejects.toMatchObject({ code: 'object-twice' });
  });

  const staged = async (state: DesiredState, token: number, stage: DeploymentStage) => {
    await driver.apply(state, fence(token), { stage });
    await observed('ready');
  };

  it('gives a share of the replicas the new release first, beside the old one, and then all', async () => {
    const web = (image: string) => [deploymentOf('web', { replicas: 4, image }), serviceOf('web')];
    await driver.apply(desired('1.0.0', { web: web('web:1') }), fence(1));
    await observed('ready');
    const options = { canaryPercent: 30 };
    const next = desired('2.0.0', { web: web('web:2') }, { options });
    await staged(next, 2, 'canary');
    expect(await namesOf(deployments, 'deployments')).toEqual(['web', 'web-canary']);
    const canary = await get(deployments, 'deployments', 'web-canary');
    expect(specOf(canary)['replicas']).toBe(2);
    expect(JSON.stringify(specOf(canary))).toContain('web:2');
    expect(JSON.stringify(specOf(await get(deployments, 'deployments', 'web')))).toContain('web:1');
    // The Service leads to both.
    const selector = specOf(await get('/api/v1', 'services', 'web'))['selector'];
    expect(selector).toEqual({ app: 'web' });

    await staged(next, 2, 'full');
    expect(await namesOf(deployments, 'deployments')).toEqual(['web']);
    expect(JSON.stringify(specOf(await get(deployments, 'deployments', 'web')))).toContain('web:2');
  });

  it('takes a canary away by a rollback and leaves the old release as it was', async () => {
    const web = (image: string) => [deploymentOf('web', { replicas: 2, image })];
    const good = desired('1.0.0', { web: web('web:1') });
    await driver.apply(good, fence(1));
    await observed('ready');
    const before = await api.list(namespace.path('/api/v1', 'pods'));
    const options = { canaryPercent: 50 };
    await staged(desired('2.0.0', { web: web('web:2') }, { options }), 2, 'canary');
    await driver.rollback(good, fence(3));
    await observed('ready');
    expect(await namesOf(deployments, 'deployments')).toEqual(['web']);
    const kept = new Set(
      (await api.list(namespace.path('/api/v1', 'pods'))).map((p) => p.metadata['uid']),
    );
    for (const { metadata } of before) expect(kept).toContain(metadata['uid']);
  });

  it('lets no request reach the new release before all of it stands, where it is blue and green', async () => {
    const web = (image: string) => [deploymentOf('web', { replicas: 2, image }), serviceOf('web')];
    const of = (release: string) =>
      desired(release, { web: web(`web:${release}`) }, { blueGreen: true });
    const selector = async (): Promise<unknown> =>
      specOf(await get('/api/v1', 'services', 'web'))['selector'];
    await driver.apply(of('1.0.0'), fence(1));
    await observed('ready');
    const old = await selector();
    await staged(of('2.0.0'), 2, 'prepare');
    expect(await namesOf(deployments, 'deployments')).toHaveLength(2);
    expect(await selector()).toEqual(old);
    await staged(of('2.0.0'), 2, 'full');
    expect(await selector()).not.toEqual(old);
    expect(await namesOf(deployments, 'deployments')).toHaveLength(1);
    // The same release again is the same colour: nothing is switched.
    const now = await selector();
    await driver.apply(of('2.0.0'), fence(3));
    expect(await selector()).toEqual(now);
  });
});

await describeWithDatacentres('A cluster that goes away', () => {
  it('is reported as unavailable, and found again as it was when it comes back', async () => {
    const started = await startDatacentres(1);
    try {
      const [own] = started.all;
      if (own === undefined) throw new Error('There is no datacentre.');
      const { driver, close } = await driverOf(own, { datacentre, recordNamespace: 'ctc-system' });
      const state: DesiredState = {
        ...site,
        release: '1.0.0',
        releaseDigest: '1'.repeat(64),
        components: [
          {
            name: 'web',
            bindings: {},
            kubernetes: {
              runtime: 'kubernetes',
              manifests: [deploymentOf('web')],
              readyTimeoutMs: 60_000,
              failAfterRestarts: 3,
              blueGreen: false,
            },
          },
        ],
      };
      await driver.apply(state, fence(1));
      await own.killApiServer();
      for (const act of [
        () => driver.apply(state, fence(2)),
        () => driver.observe(site),
        () => driver.plan(state),
        () => driver.remove(site, fence(2)),
      ]) {
        await expect(act()).rejects.toMatchObject({
          kind: 'unavailable',
          code: 'cluster-unreachable',
          message: expect.stringContaining('mad') as string,
        });
      }
      await own.startApiServer();
      await expect
        .poll(async () => (await driver.observe(site)).instances.map((one) => one.state), {
          timeout: 60_000,
        })
        .toEqual(['ready']);
      // Namespaces that were missing have been made: the application's own, by its name.
      const api = await connectToKubernetes(own.kubeconfig);
      await api.get('/api/v1/namespaces/shop');
      await expect(
        api.send('GET', '/apis/apps/v1/namespaces/shop/deployments/web'),
      ).resolves.toBeDefined();
      await api.close();
      await close();
    } finally {
      await started.stop();
    }
  });
});
