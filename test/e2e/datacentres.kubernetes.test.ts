import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import type { Change } from '../../cli/commands/get-change.ts';
import type { Manifest } from '../../domain/application/release-definition.ts';
import {
  boutiqueManifests,
  boutiqueServices,
  registerBoutique,
  registerBoutiqueRelease,
  withPodAnnotations,
} from '../support/boutique.ts';
import {
  approve,
  logOf,
  releaseRequest,
  request,
  until,
  untilChange,
  untilLogged,
  type E2eSystem,
} from '../support/e2e-system.ts';
import type { KubernetesObject } from '../support/kubernetes/kubernetes-api.ts';
import {
  clusterNames,
  startClusterSystem,
  type ClusterName,
  type ClusterSystem,
} from '../support/cluster-system.ts';
import { describeWithDatacentres } from '../support/kubernetes/shared-datacentres.ts';

const namespace = 'boutique';
/** Long enough for a cluster to come back, on a busy machine. */
const patienceMs = 300_000;

const collections: Readonly<Record<string, string>> = {
  Deployment: '/apis/apps/v1/namespaces/boutique/deployments',
  StatefulSet: '/apis/apps/v1/namespaces/boutique/statefulsets',
  Service: '/api/v1/namespaces/boutique/services',
  ConfigMap: '/api/v1/namespaces/boutique/configmaps',
  ServiceAccount: '/api/v1/namespaces/boutique/serviceaccounts',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/boutique/poddisruptionbudgets',
  Ingress: '/apis/networking.k8s.io/v1/namespaces/boutique/ingresses',
};

await describeWithDatacentres('An application of eleven services in three clusters', () => {
  let started: ClusterSystem;
  let system: E2eSystem;
  let clusters: ClusterSystem['clusters'];
  let apis: ClusterSystem['apis'];
  const plain = boutiqueManifests(namespace);
  /** What each release consists of, to hold clusters against. */
  const releases = new Map<string, Readonly<Record<string, readonly Manifest[]>>>();

  beforeAll(async () => {
    started = await startClusterSystem({ namespace });
    ({ system, clusters, apis } = started);
    // The answers of the tests' pods are read from API servers that share two cores with everything else.
    await registerBoutique(system.people, {
      nfrs: {
        availability: { minPercent: 99.9 },
        monthlyCost: { max: 400, currency: 'EUR' },
        responseTime: { p95MaxMs: 20_000 },
        location: { countries: ['ES', 'FR'] },
      },
      verification: {
        path: '/',
        samples: 10,
        intervalMs: 50,
        timeoutMs: 30_000,
        metrics: [
          {
            name: 'ready',
            provider: { kind: 'kubernetes', measure: 'readiness' },
            scope: 'datacentre',
            successCondition: 'result == 1.0',
          },
        ],
      },
    });
  }, patienceMs);

  afterAll(() => started.stop(), patienceMs);

  const register = async (
    version: string,
    annotations: Parameters<typeof withPodAnnotations>[1] = {},
    component: object = {},
  ): Promise<void> => {
    const manifests = withImage(withPodAnnotations(plain, annotations), version);
    releases.set(version, manifests);
    const release = { version, manifests, edge: started.edge.url, component };
    await registerBoutiqueRelease(system.people, release);
  };
  /** Asks for it and approves it. */
  const deploy = async (version: string, strategy: object = {}): Promise<string> => {
    const { ana, oscar } = system.people;
    const body = releaseRequest(version, {
      application: 'boutique',
      title: `Boutique ${version}`,
      strategy: { waves: [['mad'], ['bcn', 'par']], ...strategy },
    });
    const { label } = await request(ana, body);
    await approve(oscar, label);
    return label;
  };
  const ended = (label: string): Promise<Change> =>
    untilChange(system.people.ana, label, ({ outcome }) => outcome !== null);
  const words = async (label: string): Promise<string> =>
    (await logOf(system.people.ana, label)).map(({ message }) => message).join('\n');
  const outcomesOf = ({ attempts }: Change): Record<string, string> =>
    Object.fromEntries(
      attempts.flatMap(({ sites }) =>
        sites.map(({ datacentre, outcome }) => [datacentre, outcome]),
      ),
    );

  /** Every object of the release is in the cluster as it says, of that change, and no other one is. */
  const expectCluster = async (
    name: ClusterName,
    version: string,
    change: Change,
  ): Promise<void> => {
    const wanted = Object.values(releases.get(version) ?? {}).flat();
    const found: string[] = [];
    for (const [kind, path] of Object.entries(collections)) {
      for (const live of await apis[name].list(path)) {
        const annotations = annotationsOf(live);
        if (annotations['ctc/release'] === undefined) continue;
        const key = `${kind} ${live.metadata.name}`;
        found.push(key);
        const manifest = wanted.find(
          (one) => one.kind === kind && one.metadata.name === live.metadata.name,
        );
        expect(live, `${key} in ${name}`).toMatchObject(withoutAnnotations(manifest ?? {}));
        expect(annotations, `${key} in ${name}`).toMatchObject({
          'ctc/release': version,
          'ctc/change': change.id,
        });
      }
    }
    const all = wanted.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(found.toSorted()).toEqual(all.toSorted());
  };
  const expectEverywhere = async (version: string, change: Change): Promise<void> => {
    for (const name of clusterNames) await expectCluster(name, version, change);
  };

  it(
    'stands in all of them as the log says, object by object',
    async () => {
      await register('1.0.0');
      const label = await deploy('1.0.0');
      const change = await ended(label);
      expect(change.outcome, await words(label)).toBe('completed');
      expect(outcomesOf(change)).toEqual({ mad: 'verified', bcn: 'verified', par: 'verified' });
      expect(boutiqueServices).toHaveLength(11);
      await expectEverywhere('1.0.0', change);
      // What each cluster itself says of its pods.
      const [ready] = change.attempts[0]?.metrics ?? [];
      expect(ready).toMatchObject({ metric: 'ready', phase: 'Successful' });
      expect(ready?.series.map(({ scope, last }) => [scope, last?.value])).toEqual([
        ['bcn', 1],
        ['mad', 1],
        ['par', 1],
      ]);
    },
    patienceMs,
  );

  it(
    'is shown before approval what a release would do, field by field',
    async () => {
      await register('1.0.1');
      const { ana } = system.people;
      const { label, id } = await request(
        ana,
        releaseRequest('1.0.1', { application: 'boutique', title: 'Boutique 1.0.1' }),
      );
      const preview = await answerOf(
        ana.api.GET('/changes/{change}/deployment-preview', {
          params: { path: { change: label } },
        }),
      );
      expect(preview.sites.map(({ datacentre }) => datacentre)).toEqual(['bcn', 'mad', 'par']);
      const cart = preview.sites[1]?.objects?.find(({ object }) => object.endsWith('/cart'));
      expect(cart).toMatchObject({ object: 'Deployment boutique/cart', action: 'update' });
      expect(cart?.changes).toContainEqual({
        path: 'spec.template.spec.containers.0.image',
        before: expect.stringMatching(/:1\.0\.0$/) as string,
        after: expect.stringMatching(/:1\.0\.1$/) as string,
      });
      expect(await words(label)).toContain('mad: update ');
      // Looked at, and not touched.
      const live = await apis.mad.get(`${collections['Deployment']}/cart`);
      expect(annotationsOf(live)['ctc/change']).not.toBe(id);
      await cancel(system.people.oscar, label);
    },
    patienceMs,
  );

  it(
    'is known to have drifted when somebody edits what runs, until it is put right',
    async () => {
      const { ana } = system.people;
      const drift = () =>
        answerOf(
          ana.api.POST('/applications/{application}/drift-checks', {
            params: { path: { application: 'boutique' }, header: onceHeaders() },
          }),
        );
      expect(await drift()).toMatchObject({ verdict: 'in-step' });
      // As `kubectl edit` sends it.
      const containers = [{ name: 'server', image: 'payment:hotfix' }];
      await apis.bcn.send(
        'PATCH',
        `${collections['Deployment']}/payment?fieldManager=kubectl-edit`,
        { spec: { template: { spec: { containers } } } },
        'application/strategic-merge-patch+json',
      );
      const report = await drift();
      expect(report.verdict).toBe('drifted');
      expect(report.summary).toContain('bcn: update 1');
      expect(report.summary).not.toContain('mad');
      const payment = report.sites
        .find(({ datacentre }) => datacentre === 'bcn')
        ?.objects?.find(({ action }) => action !== 'keep');
      expect(payment).toMatchObject({ object: 'Deployment boutique/payment' });
      expect(JSON.stringify(payment)).toContain('kubectl-edit');
      // The way back is a change that says whose fields it takes over.
      const label = await deploy('1.0.0', { forceConflicts: true });
      expect((await ended(label)).outcome, await words(label)).toBe('completed');
      expect(await drift()).toMatchObject({ verdict: 'in-step' });
    },
    patienceMs,
  );

  it(
    'is restored in full where a release crashes',
    async () => {
      await register('1.1.0', {
        checkout: { 'life.ctc.test/crash-after': '200ms', 'life.ctc.test/says': 'no tax table' },
      });
      const label = await deploy('1.1.0');
      const change = await ended(label);
      expect(change.outcome, await words(label)).toBe('rolled-back');
      expect(await words(label)).toContain('no tax table');
      expect(await words(label)).not.toContain('Wave 2 of 2');
      // Only what was touched was restored: the other clusters never saw this change.
      await expectCluster('mad', '1.0.0', change);
      expect(outcomesOf(change)['mad']).toBe('restored');
    },
    patienceMs,
  );

  it(
    'is waited for when it is slow, within the deadline of its strategy and no longer',
    async () => {
      await register('1.2.0', { cart: { 'life.ctc.test/ready-after': '4s' } });
      const impatient = await deploy('1.2.0', { progressDeadlineSeconds: 2, maxRedeployments: 0 });
      const first = await ended(impatient);
      expect(first.outcome, await words(impatient)).toBe('rolled-back');
      expect(await words(impatient)).toContain('not ready in time');
      const patient = await deploy('1.2.0', { progressDeadlineSeconds: 120 });
      const second = await ended(patient);
      expect(second.outcome, await words(patient)).toBe('completed');
      await expectEverywhere('1.2.0', second);
    },
    patienceMs,
  );

  it(
    'gets there though a cluster loses its API server in the middle of a wave',
    async () => {
      await register('1.3.0', { cart: { 'life.ctc.test/ready-after': '3s' } });
      const label = await deploy('1.3.0');
      await untilLogged(system.people.ana, label, 'Wave 2 of 2');
      await clusters.bcn.killApiServer();
      await delay(30_000);
      await clusters.bcn.startApiServer();
      const change = await ended(label);
      expect(change.outcome, await words(label)).toBe('completed');
      await expectEverywhere('1.3.0', change);
    },
    patienceMs,
  );

  it(
    'never takes over what somebody else manages, unless the change says so',
    async () => {
      await register('1.4.0');
      const path = `${collections['Deployment']}/cart?fieldManager=oncall&force=true`;
      const theirs = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'cart' },
        spec: { replicas: 7 },
      };
      await apis.mad.send('PATCH', path, theirs, 'application/apply-patch+yaml');
      const polite = await deploy('1.4.0');
      const first = await ended(polite);
      expect(first.outcome, await words(polite)).not.toBe('completed');
      expect(await words(polite)).toContain('oncall');
      expect(await words(polite)).toContain('refuses what the release asks for');
      const cart = await apis.mad.get(`${collections['Deployment']}/cart`);
      expect(cart).toMatchObject({ spec: { replicas: 7 } });

      const firm = await deploy('1.4.0', { forceConflicts: true });
      const second = await ended(firm);
      expect(second.outcome, await words(firm)).toBe('completed');
      await expectEverywhere('1.4.0', second);
    },
    patienceMs,
  );

  it(
    'is restored where an operator stops it in the middle of a wave',
    async () => {
      await register('1.5.0', { payment: { 'life.ctc.test/ready-after': 'never' } });
      const { oscar } = system.people;
      const label = await deploy('1.5.0', { waves: [[...clusterNames]] });
      await until(async () => {
        const live = await apis.par.get(`${collections['Deployment']}/payment`);
        return annotationsOf(live)['ctc/release'] === '1.5.0';
      }, 'the release is in Paris');
      await cancel(oscar, label);
      const change = await ended(label);
      expect(change.outcome, await words(label)).toBe('rolled-back');
      await expectEverywhere('1.4.0', change);
    },
    patienceMs,
  );

  it(
    'is restored in a cluster that was away, when it comes back, by itself',
    async () => {
      await register('1.6.0', { email: { 'life.ctc.test/ready-after': 'never' } });
      const { ana, oscar } = system.people;
      const label = await deploy('1.6.0', { waves: [[...clusterNames]] });
      await until(async () => {
        const live = await apis.bcn.get(`${collections['Deployment']}/email`);
        return annotationsOf(live)['ctc/release'] === '1.6.0';
      }, 'the release is in Barcelona');
      await clusters.bcn.killApiServer();
      await cancel(oscar, label);
      await untilChange(ana, label, ({ state }) => state === 'rollback-incomplete');
      await clusters.bcn.startApiServer();
      const change = await untilChange(ana, label, ({ state }) => state === 'rolled-back');
      expect(outcomesOf(change)).toEqual({ mad: 'restored', bcn: 'restored', par: 'restored' });
      await expectEverywhere('1.4.0', change);
    },
    patienceMs,
  );
});

async function cancel(as: E2eSystem['people']['oscar'], label: string): Promise<void> {
  const { response, error } = await as.api.POST('/changes/{change}/cancellation', {
    params: { path: { change: label }, header: { 'idempotency-key': crypto.randomUUID() } },
    body: { reason: 'an end-to-end test' },
  } as never);
  if (!response.ok) throw new Error(JSON.stringify(error));
}

const annotationsOf = ({ metadata }: KubernetesObject): Record<string, string> =>
  (metadata['annotations'] ?? {}) as Record<string, string>;

/** What a list shows of it: without its kind, and with annotations that are looked at apart. */
function withoutAnnotations({
  metadata,
  kind: _kind,
  apiVersion: _version,
  ...rest
}: Partial<Manifest>): object {
  return { ...rest, metadata: { name: metadata?.name } };
}

/** Another version is another image of everything. */
function withImage(
  manifests: Readonly<Record<string, readonly Manifest[]>>,
  version: string,
): Record<string, Manifest[]> {
  const text = JSON.stringify(manifests).replaceAll(/:v0\.10\.2|:7\.4-alpine/g, `:${version}`);
  return JSON.parse(text) as Record<string, Manifest[]>;
}
