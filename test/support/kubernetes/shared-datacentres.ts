import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import { describe, inject } from 'vitest';
import type { SharedAnswer } from '../global-setup-kubernetes.ts';
import type { KubernetesApi } from './kubernetes-api.ts';

/** One of the run's datacentres: shared, so use namespaces of your own and do not end it. */
export interface SharedDatacentre {
  readonly name: string;
  readonly kubeconfig: string;
}

/** Building takes minutes where it was not done before. */
const patienceMs = 50 * 60_000;

let asked: Promise<SharedAnswer> | undefined;

async function askOnce(): Promise<SharedAnswer> {
  const dispatcher = new Agent({ headersTimeout: patienceMs, bodyTimeout: patienceMs });
  const { body } = await request(inject('datacentreStarter'), { dispatcher });
  return (await body.json()) as SharedAnswer;
}

/**
 * The run's three datacentres, started when the first test file asks. Throws when they did not start, or
 * when they cannot be had at all (describeWithDatacentres skips then).
 */
export async function sharedDatacentres(): Promise<readonly SharedDatacentre[]> {
  const answer = await (asked ??= askOnce());
  if ('datacentres' in answer) return answer.datacentres;
  throw new Error('missing' in answer ? answer.missing : answer.failed);
}

/**
 * A `describe` for tests on real control planes. Where there is no Go to build them with it is skipped, and
 * its title says why; with CI=true it fails instead. Await it at the top of a `.kubernetes.test.ts`.
 */
export async function describeWithDatacentres(title: string, tests: () => void): Promise<void> {
  const answer = await (asked ??= askOnce());
  const mayBeSkipped = 'missing' in answer && process.env['CI'] !== 'true';
  if (!mayBeSkipped) {
    describe(title, tests);
    return;
  }
  process.stderr.write(`SKIPPED: ${title}. ${answer.missing}\n`);
  describe.skip(`${title} (skipped: ${answer.missing})`, tests);
}

export interface TestNamespace {
  readonly name: string;
  /** `/apis/apps/v1` → its collection path there: `/apis/apps/v1/namespaces/<name>/deployments`. */
  path(group: string, plural: string, object?: string): string;
  /** Marks it for deletion; does not wait until all is gone. */
  remove(): Promise<void>;
}

/** A namespace of one's own, in which pods can be created at once. */
export async function createTestNamespace(api: KubernetesApi): Promise<TestNamespace> {
  const name = `test-${randomBytes(6).toString('hex')}`;
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  });
  return {
    name,
    path: (group, plural, object) =>
      `${group}/namespaces/${name}/${plural}${object === undefined ? '' : `/${object}`}`,
    remove: async () => api.delete(`/api/v1/namespaces/${name}`),
  };
}
