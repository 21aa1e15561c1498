/**
 * Fetches what the embedded stack needs and is not in node_modules: the Temporal server. With `--rehearsals` only
 * the server that skips time, which is otherwise fetched when a change is first rehearsed. With `--tests` what
 * the test run needs, too: the time-skipping server, and a Kubernetes control plane built from source.
 * Nothing to do is done at once. Exit code 1 with the way out when one cannot be had; without the control
 * plane the other tests run, and those on Kubernetes say that they did not.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import { isContinuousIntegration, readConfig, searchPath, testKubeconfigs } from '../config.ts';
import { resolveTemporalBinary } from '../embedded/temporal-binary.ts';
import { toolsDirectory } from '../embedded/tools-directory.ts';
import { createLogger } from '../logging.ts';
import { resolveKubernetesPrograms } from './kubernetes-programs.ts';
import { temporalServer, temporalTestServer } from './temporal-programs.ts';

const config = readConfig();
const logger = createLogger({ ...config.log, name: 'install' });
const forTests = process.argv.includes('--tests');
const forRehearsals = process.argv.includes('--rehearsals');
try {
  if (config.temporal.address === undefined || forTests || forRehearsals) {
    const programs = forTests
      ? [temporalServer, temporalTestServer]
      : [forRehearsals ? temporalTestServer : temporalServer];
    for (const program of programs) {
      await resolveTemporalBinary({
        program,
        logger,
        dataDirectory: toolsDirectory,
        searchPath: searchPath(),
      });
    }
  }
  if (forTests) await lookForPrometheus();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
if (forTests && testKubeconfigs().length === 0) {
  try {
    await resolveKubernetesPrograms({
      logger,
      dataDirectory: toolsDirectory,
      onBuild: () =>
        logger.info(
          'building a Kubernetes control plane for the tests (once; about ten minutes) …',
        ),
    });
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  if (!isDomainError(error)) throw error;
  for (const { message } of error.complaints) logger.info(message);
  logger.error(`${error.message} ${error.remedy ?? ''}`);
}

/** The tests use the real one, of Debian's package, which is not ours to install on somebody's machine. */
async function lookForPrometheus(): Promise<void> {
  const candidates = searchPath()
    .split(':')
    .map((directory) => access(join(directory, 'prometheus'), constants.X_OK));
  if ((await Promise.allSettled(candidates)).some(({ status }) => status === 'fulfilled')) return;
  const message = 'There is no Prometheus on the path, which the tests of its metrics ask.';
  const remedy = 'Install it: apt-get install --no-install-recommends prometheus.';
  if (isContinuousIntegration()) {
    throw new DomainError('unavailable', message, { code: 'no-prometheus', remedy });
  }
  logger.warn(`${message} They are skipped. ${remedy}`);
}
