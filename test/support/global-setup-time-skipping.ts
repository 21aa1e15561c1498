import type { TestProject } from 'vitest/node';
import { searchPath } from '../../platform/config.ts';
import { resolveTemporalBinary } from '../../platform/embedded/temporal-binary.ts';
import { temporalTestServer } from '../../platform/install/temporal-programs.ts';
import { silentLogger } from '../../platform/logging.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the time-skipping test server's program. */
    timeSkippingServer: string;
  }
}

/** Finds (or fetches) the time-skipping server; each test file starts one of its own. */
export default async function setup(project: TestProject): Promise<void> {
  const path = await resolveTemporalBinary({
    program: temporalTestServer,
    dataDirectory: '.ctc',
    searchPath: searchPath(),
    logger: silentLogger,
  });
  project.provide('timeSkippingServer', path);
}
