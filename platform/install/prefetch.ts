/**
 * Fetches what the embedded stack (and, with `--tests`, the test run) needs and is not in node_modules:
 * the Temporal programs. Nothing to do is done at once. Exit code 1 with the way out when one cannot be had.
 */
import { isDomainError } from '../../domain/errors.ts';
import { readConfig, searchPath } from '../config.ts';
import { resolveTemporalBinary } from '../embedded/temporal-binary.ts';
import { toolsDirectory } from '../embedded/tools-directory.ts';
import { createLogger } from '../logging.ts';
import { temporalServer, temporalTestServer } from './temporal-programs.ts';

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
} catch (error) {
  if (!isDomainError(error)) throw error;
  for (const { message } of error.complaints) logger.info(message);
  logger.error(`${error.message} ${error.remedy ?? ''}`);
  process.exitCode = 1;
}
