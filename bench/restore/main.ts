import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answerOf } from '../../cli/client.ts';
import type { Manifest } from '../../domain/application/release-definition.ts';
import {
  boutiqueManifests,
  registerBoutique,
  registerBoutiqueRelease,
  withPodAnnotations,
} from '../../test/support/boutique.ts';
import { startClusterSystem, type ClusterSystem } from '../../test/support/cluster-system.ts';
import {
  approve,
  crash,
  releaseRequest,
  request,
  untilChange,
} from '../../test/support/e2e-system.ts';
import { createBareHands } from './bare.ts';
import { benchManyAtOnce } from './many-at-once.ts';

/**
 * `npm run bench:restore -- [--trials 100] [--applications 100]`: how long it takes from a failed probe until every
 * datacentre is restored, beside the same apply by bare kubectl on the same three clusters; and many deployments in
 * flight at once. Needs Go (or the programs it has built) and kubectl. What counts are the ratios.
 */
const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '100' },
    applications: { type: 'string', default: '100' },
  },
});
const trials = Number(values.trials);
const namespace = 'boutique';
/** Every fifth trial loses its worker in the middle of the rollback. */
const killEvery = 5;

const directory = await mkdtemp(join(tmpdir(), 'ctc-bench-restore-'));
const started = await startClusterSystem({ namespace });
try {
  if (trials > 0) await benchRestore(started);
  const applications = Number(values.applications);
  if (applications > 0) await benchManyAtOnce(started, applications);
} finally {
  await started.stop();
  await rm(directory, { recursive: true, force: true });
}

async function benchRestore({ system, clusters, edge }: ClusterSystem): Promise<void> {
  const { ana, oscar } = system.people;
  // Slower than the requirement allows: probes fail though everything stands.
  const slow = { frontend: { 'answer.ctc.test/delay-ms': '1500' } };
  const good = boutiqueManifests(namespace);
  const bad = withPodAnnotations(good, slow);
  await registerBoutique(system.people, {
    nfrs: {
      availability: { minPercent: 99.9 },
      monthlyCost: { max: 400, currency: 'EUR' },
      responseTime: { p95MaxMs: 1_000 },
      location: { countries: ['ES', 'FR'] },
    },
    verification: { path: '/', samples: 5, intervalMs: 50, timeoutMs: 4_000 },
  });
  await registerBoutiqueRelease(system.people, {
    version: '1.0.0',
    manifests: good,
    edge: edge.url,
  });
  await registerBoutiqueRelease(system.people, {
    version: '2.0.0',
    manifests: bad,
    edge: edge.url,
  });
  const deploy = async (version: string): Promise<string> => {
    const strategy = { waves: [['mad', 'bcn', 'par']], maxRedeployments: 0 };
    const body = releaseRequest(version, { application: 'boutique', strategy });
    const { label } = await request(ana, body);
    await approve(oscar, label);
    return label;
  };
  const first = await deploy('1.0.0');
  const { outcome } = await untilChange(ana, first, (change) => change.outcome !== null);
  if (outcome !== 'completed') throw new Error(`The good release has ended as ${outcome ?? ''}.`);

  const bare = await createBareHands({
    kubeconfigs: Object.values(clusters).map(({ kubeconfig }) => kubeconfig),
    directory,
    releases: {
      namespace: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bare' } }],
      good: inNamespace(good, 'bare'),
      bad: inNamespace(bad, 'bare'),
    },
  });
  await bare.apply('namespace');
  await bare.apply('good');

  const bareMs: number[] = [];
  const plain: Timing[] = [];
  const killed: Timing[] = [];
  for (let trial = 1; trial <= trials; trial += 1) {
    await bare.apply('bad');
    bareMs.push(await bare.apply('good'));
    const label = await deploy('2.0.0');
    if (trial % killEvery === 0) {
      await untilChange(ana, label, ({ state }) => state === 'rolling-back');
      await crash(system, 'worker');
    }
    const change = await untilChange(ana, label, (one) => one.outcome !== null);
    if (change.outcome !== 'rolled-back') throw new Error(`${label} ended ${change.outcome ?? ''}`);
    const { rows } = await answerOf(
      ana.api.GET('/changes/{change}/log', { params: { path: { change: label } } }),
    );
    const at = (event: string): number =>
      Date.parse(rows.find((row) => row.event === event)?.at ?? '');
    const restoredAt = Math.max(
      ...(change.attempts.at(-1)?.sites ?? []).map((site) => Date.parse(site.at)),
    );
    (trial % killEvery === 0 ? killed : plain).push({
      detectionMs: at('violate') - at('deploy'),
      reactionMs: restoredAt - at('violate'),
    });
    if (trial % 10 === 0) console.log(`${trial} of ${trials} trials`);
  }
  console.log('\nFrom a failed probe until three datacentres are restored');
  console.log(`  bare kubectl apply and rollout status: ${summary(bareMs)}`);
  report('  by itself', plain, bareMs);
  report('  by itself, its worker killed during the rollback', killed, bareMs);
}

interface Timing {
  /** Set by the policy: samples, their interval and their answers. */
  readonly detectionMs: number;
  readonly reactionMs: number;
}

function report(name: string, timings: readonly Timing[], bareMs: readonly number[]): void {
  if (timings.length === 0) return;
  const reaction = timings.map(({ reactionMs }) => reactionMs);
  const detection = timings.map(({ detectionMs }) => detectionMs);
  const ratio = (share: number): string =>
    (quantile(reaction, share) / quantile(bareMs, share)).toFixed(2);
  console.log(
    `${name}: ${summary(reaction)} after a detection of ${summary(detection)}; ratio to bare ${ratio(0.5)} (p50), ${ratio(0.95)} (p95); aim 2`,
  );
}

function quantile(some: readonly number[], share: number): number {
  const sorted = some.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function summary(ms: readonly number[]): string {
  const at = (share: number): string => `${Math.round(quantile(ms, share))} ms`;
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)} (${ms.length} times)`;
}

function inNamespace(
  manifests: Readonly<Record<string, readonly Manifest[]>>,
  name: string,
): Manifest[] {
  return Object.values(manifests)
    .flat()
    .map((manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace: name } }));
}
