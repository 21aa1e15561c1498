import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { isDomainError } from '../../domain/errors.ts';
import { startDatacentres, type Datacentres } from './kubernetes/start-datacentres.ts';

/** How many a run shares. */
const count = 3;

/** What the starter answers with. */
export type SharedAnswer =
  | { readonly datacentres: readonly { readonly name: string; readonly kubeconfig: string }[] }
  /** Why there are none. */
  | { readonly missing: string }
  | { readonly failed: string };

declare module 'vitest' {
  export interface ProvidedContext {
    /** A GET starts the run's shared datacentres, the first time, and answers with them. */
    datacentreStarter: string;
  }
}

/**
 * One set of Kubernetes control planes per vitest run. Setups of all projects run before the first test, so
 * this one only waits to be asked: the others are not to share the machine with control planes.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<Datacentres> | undefined;
  const answer = async (): Promise<SharedAnswer> => {
    try {
      started ??= startDatacentres(count, { onBuild: announceBuild });
      const { all } = await started;
      return { datacentres: all.map(({ name, kubeconfig }) => ({ name, kubeconfig })) };
    } catch (error) {
      if (isDomainError(error) && error.kind === 'unavailable') {
        const why = error.complaints.map(({ message }) => message).join('; ');
        return { missing: `${error.message} (${why}) ${error.remedy ?? ''}` };
      }
      return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  const server = createServer((_, response) => {
    void answer().then((found) => response.end(JSON.stringify(found)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide(
    'datacentreStarter',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  return async () => {
    server.closeAllConnections();
    server.close();
    await (await started?.catch(() => undefined))?.stop();
  };
}

function announceBuild(): void {
  process.stderr.write(
    'Building the Kubernetes control plane that tests run against (once; about ten minutes) …\n',
  );
}
