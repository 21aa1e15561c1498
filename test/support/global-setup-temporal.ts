import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { searchPath } from '../../platform/config.ts';
import { startTemporal } from '../../platform/embedded/start-temporal.ts';
import { silentLogger } from '../../platform/logging.ts';
import { createRunDirectory } from './run-directory.ts';
import { sharedOnce } from './shared-once.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port of the run's real Temporal server. */
    temporalAddress: string;
  }
}

async function start() {
  const directory = await createRunDirectory('temporal');
  const temporal = await startTemporal({
    dataDirectory: '.ctc',
    storage: 'memory',
    runDirectory: path.join(directory, 'run'),
    searchPath: searchPath(),
    logger: silentLogger,
  });
  const stop = async () => {
    await temporal.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { value: temporal.address, stop };
}

/** One real Temporal server per vitest run, for `.integration.test.ts` and `.e2e.test.ts`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, release } = await sharedOnce('temporal', start);
  project.provide('temporalAddress', value);
  return release;
}
