import diff from 'microdiff';
import type { Fence } from '../../domain/deployment/ports.ts';
import type { AppliedObject, ClusterAccess } from './apply-release.ts';
import type { ClusterRequest } from './cluster-client.ts';
import { marks } from './cluster-objects.ts';
import { podHealth, newestPods } from './pod-failures.ts';
import { recordAt } from './release-objects.ts';

const restartable = ['Deployment', 'StatefulSet', 'DaemonSet'];

/**
 * Gives new pods to what the rollback found as it is wanted and yet not healthy: applying it changed nothing, so
 * nothing else would. Once for each fence, by a field manager of its own, which later applies leave alone.
 */
export async function restartUnhealthy(
  { client, resources }: ClusterAccess,
  applied: readonly AppliedObject[],
  fence: Fence,
  options: ClusterRequest,
): Promise<void> {
  for (const { object, before, after } of applied) {
    if (before === undefined || !restartable.includes(object.ref.kind)) continue;
    // Not by generation, which a Deployment's annotations change too.
    if (diff(recordAt(before, 'spec'), recordAt(after, 'spec')).length > 0) continue;
    const template = recordAt(recordAt(after, 'spec'), 'template');
    const annotations = recordAt(recordAt(template, 'metadata'), 'annotations');
    if (annotations[marks.restarted] === String(fence.token)) continue;
    const { pods, ready } = podHealth(await newestPods(resources, after, options));
    const wanted = recordAt(after, 'spec')['replicas'];
    if (ready === pods && (typeof wanted !== 'number' || pods >= wanted)) continue;
    await client.send('PATCH', await resources.pathOf(object.ref, options), {
      ...options,
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: marks.restartManager, force: 'true' },
      body: {
        apiVersion: after.apiVersion,
        kind: after.kind,
        metadata: { name: object.ref.name, namespace: object.ref.namespace },
        spec: {
          template: { metadata: { annotations: { [marks.restarted]: String(fence.token) } } },
        },
      },
    });
  }
}
