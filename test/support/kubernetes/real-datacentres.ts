import path from 'node:path';
import { testKubeconfigs } from '../../../platform/config.ts';
import type { Datacentre } from './datacentre.ts';
import { readKubeconfig } from './kubeconfig.ts';

/**
 * The clusters that CTC_TEST_KUBECONFIGS names (paths with colons between them), as datacentres; undefined
 * when it is not set. Throws when they are fewer than needed.
 */
export async function realDatacentres(count: number): Promise<Datacentre[] | undefined> {
  const files = testKubeconfigs();
  if (files.length === 0) return undefined;
  if (files.length < count) {
    throw new Error(
      `CTC_TEST_KUBECONFIGS names ${files.length} kubeconfig files, and ${count} are needed: add some, or unset it and tests start clusters of their own.`,
    );
  }
  return Promise.all(files.slice(0, count).map(async (file) => realDatacentre(path.resolve(file))));
}

async function realDatacentre(kubeconfig: string): Promise<Datacentre> {
  const { name, url, token } = await readKubeconfig(kubeconfig);
  const refuse = async (): Promise<never> =>
    Promise.reject(
      new Error(
        `${name} is a real cluster (CTC_TEST_KUBECONFIGS) that tests do not kill or start: unset the variable for this test.`,
      ),
    );
  return {
    name,
    kubeconfig,
    url,
    adminToken: token,
    killApiServer: refuse,
    startApiServer: refuse,
    kill: refuse,
    restart: refuse,
    stop: async () => {},
    pids: () => ({}),
  };
}
