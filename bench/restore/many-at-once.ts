import { answerOf, onceHeaders } from '../../cli/client.ts';
import { applyApplication } from '../../cli/commands/application-commands.ts';
import type { ClusterSystem } from '../../test/support/cluster-system.ts';
import {
  approve,
  releaseRequest,
  request,
  untilChange,
  type Patience,
} from '../../test/support/e2e-system.ts';
import { deploymentOf, serviceOf } from '../../test/support/kubernetes/manifests.ts';

/** Looked at once a second: what asks more often, a hundred times over, is measured instead. */
const patience: Patience = { everyMs: 1_000, atMostMs: 3_600_000 };

/** Deployments of many applications in flight at once over three clusters: none starves the others. */
export async function benchManyAtOnce(
  { system, edge }: ClusterSystem,
  applications: number,
): Promise<void> {
  const { ana, oscar } = system.people;
  const names = Array.from({ length: applications + 1 }, (_, index) => `app-${index}`);
  for (const name of names) {
    await applyApplication(ana, {
      name,
      title: name,
      department: 'web-platform',
      components: [
        {
          name: 'web',
          entry: true,
          needs: { cores: 1, memoryMb: 64, storageGb: 0 },
          replicas: { min: 3, max: 3 },
          serviceTimeP95Ms: 5,
        },
      ],
      nfrs: {
        availability: { minPercent: 99 },
        monthlyCost: { max: 1_000, currency: 'EUR' },
        responseTime: { p95MaxMs: 10_000 },
        location: { countries: ['ES', 'FR'] },
      },
      verification: { path: '/', samples: 5, intervalMs: 50, timeoutMs: 10_000 },
    });
    const web = {
      runtime: 'kubernetes',
      namespace: 'boutique',
      manifests: [deploymentOf(name), serviceOf(name)],
      endpoint: { url: `${edge.url}/{datacentre}/${name}` },
    };
    await answerOf(
      ana.api.POST('/applications/{application}/releases', {
        params: { path: { application: name }, header: onceHeaders() },
        body: { application: name, version: '1.0.0', components: { web } } as never,
      }),
    );
  }
  const deploy = async (application: string): Promise<number> => {
    const body = releaseRequest('1.0.0', {
      application,
      strategy: { waves: [['mad', 'bcn', 'par']] },
    });
    const { label } = await request(ana, body, patience);
    const begun = performance.now();
    await approve(oscar, label, patience);
    const { outcome } = await untilChange(ana, label, (one) => one.outcome !== null, patience);
    if (outcome !== 'completed') throw new Error(`${application} ended ${outcome ?? ''}`);
    return performance.now() - begun;
  };
  const [alone = '', ...rest] = names;
  const aloneMs = await deploy(alone);
  const begun = performance.now();
  const took = (await Promise.all(rest.map(deploy))).toSorted((a, b) => a - b);
  const allMs = performance.now() - begun;
  const at = (share: number): number =>
    took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  console.log(`\n${applications} deployments at once over three datacentres`);
  console.log(
    `  one alone ${aloneMs.toFixed(0)} ms; all ${allMs.toFixed(0)} ms, which is ${(allMs / aloneMs / applications).toFixed(2)} of one after the other`,
  );
  console.log(
    `  each: p50 ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms, worst ${at(1).toFixed(0)} ms; worst is ${(at(1) / at(0.5)).toFixed(2)} of the median`,
  );
}
