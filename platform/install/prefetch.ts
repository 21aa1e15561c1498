/**
 * Fetches what the embedded stack (and, with `--tests`, the test run) needs and is not in node_modules:
 * the Temporal programs. Nothing to do is done at once. Exit code 1 with the way out when one cannot be had.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import { isContinuousIntegration, readConfig, searchPath } from '../config.ts';
import { resolveTemporalBinary } from '../embedded/temporal-binary.ts';
import { toolsDirectory } from '../embedded/tools-directory.ts';
import { createLogger } from '../logging.ts';
import { temporalServer, temporalTestServer } from './temporal-programs.ts';

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

const config = readConfig();
const logger = createLogger({ ...config.log, name: 'install' });
const forTests = process.argv.includes('--tests');
try {
  if (config.temporal.address === undefined || forTests) {
    const programs = forTests ? [temporalServer, temporalTestServer] : [temporalServer];
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
  if (!isDomainError(error)) throw error;
  for (const { message } of error.complaints) logger.info(message);
  logger.error(`${error.message} ${error.remedy ?? ''}`);
  process.exitCode = 1;
}
