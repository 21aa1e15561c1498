import { rm } from 'node:fs/promises';
import path from 'node:path';
import { toolsDirectory } from '../../../platform/embedded/tools-directory.ts';
import {
  resolveKubernetesPrograms,
  type KubernetesPrograms,
} from '../../../platform/install/kubernetes-programs.ts';
import { silentLogger } from '../../../platform/logging.ts';
import { createRunDirectory } from '../run-directory.ts';
import { newAdminToken, startDatacentre, type Datacentre } from './datacentre.ts';
import { realDatacentres } from './real-datacentres.ts';
import { unusedPort } from './unused-port.ts';

export interface Datacentres {
  readonly all: readonly Datacentre[];
  /** Ends all and removes their data. Idempotent. */
  stop(): Promise<void>;
}

export interface DatacentresOptions {
  /** Those of examples/inventory, and `dc4` and so on after them, unless said. */
  readonly names?: readonly string[];
  readonly onBuild?: () => void;
}

const exampleNames = ['mad', 'bcn', 'par'];
const startAttempts = 3;

/**
 * Control planes side by side on the loopback, each with three nodes that kwok plays (what pods do there:
 * node-and-pod-life.yaml); about 0.6 GB each. They end with this process, however it ends. With
 * CTC_TEST_KUBECONFIGS the first of those real clusters instead, which cannot be killed. Throws a
 * DomainError (`unavailable`) when there are no programs and no Go to build them.
 */
export async function startDatacentres(
  count: number,
  options: DatacentresOptions = {},
): Promise<Datacentres> {
  const real = await realDatacentres(count);
  if (real !== undefined) return { all: real, stop: async () => {} };
  const programs = await resolveKubernetesPrograms({
    dataDirectory: toolsDirectory,
    logger: silentLogger,
    ...(options.onBuild === undefined ? {} : { onBuild: options.onBuild }),
  });
  const directory = await createRunDirectory('kubernetes');
  const names = options.names ?? exampleNames;
  const started = await Promise.allSettled(
    Array.from({ length: count }, async (_, index) =>
      startOne(names[index] ?? `dc${index + 1}`, directory, programs),
    ),
  );
  const all = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => {
    await Promise.all(all.map(async (datacentre) => datacentre.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  const failures = started.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as Error] : [],
  );
  if (failures[0] !== undefined) {
    await stop();
    throw failures[0];
  }
  return { all, stop };
}

/** Somebody may take a port between the look and the start: then with others. */
async function startOne(
  name: string,
  directory: string,
  programs: KubernetesPrograms,
): Promise<Datacentre> {
  for (let attempt = 1; ; attempt += 1) {
    const plane = {
      name,
      directory: path.join(directory, name),
      programs,
      etcdPort: await unusedPort(),
      apiPort: await unusedPort(),
      adminToken: newAdminToken(),
    };
    try {
      return await startDatacentre(plane, path.join(directory, 'run'));
    } catch (error) {
      const portWasTaken = String(error).includes('address already in use');
      if (!portWasTaken || attempt === startAttempts) throw error;
    }
  }
}
