import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { Manifest } from '../../domain/application/release-definition.ts';

const run = promisify(execFile);

/** A person with kubectl: the same objects on the same clusters, in a namespace of their own. */
export interface BareHands {
  /** Milliseconds until every cluster has applied all of it and all of it is rolled out. */
  apply(name: string): Promise<number>;
}

export async function createBareHands(options: {
  readonly kubeconfigs: readonly string[];
  readonly directory: string;
  readonly releases: Readonly<Record<string, readonly Manifest[]>>;
}): Promise<BareHands> {
  const { kubeconfigs, directory, releases } = options;
  const kubectl = async (kubeconfig: string, ...args: string[]): Promise<void> => {
    try {
      await run('kubectl', ['--kubeconfig', kubeconfig, ...args]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new Error(
        'kubectl is not there: the benchmark compares with it. Install it, or put it in PATH.',
        {
          cause: error,
        },
      );
    }
  };
  for (const [name, manifests] of Object.entries(releases)) {
    const text = manifests.map((manifest) => stringify(manifest)).join('---\n');
    await writeFile(join(directory, `${name}.yaml`), text);
  }
  return {
    async apply(name) {
      const workloads = (releases[name] ?? [])
        .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
        .map(
          ({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.namespace ?? ''] as const,
        );
      const begun = performance.now();
      await Promise.all(
        kubeconfigs.map(async (kubeconfig) => {
          const file = join(directory, `${name}.yaml`);
          await kubectl(kubeconfig, 'apply', '--server-side', '-f', file);
          await Promise.all(
            workloads.map(([workload, namespace]) =>
              kubectl(kubeconfig, '-n', namespace, 'rollout', 'status', workload),
            ),
          );
        }),
      );
      return performance.now() - begun;
    },
  };
}
