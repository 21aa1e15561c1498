import { CommanderError } from 'commander';
import { colours } from './colours.ts';
import { exitCodes, explainFailure } from './errors.ts';
import { buildProgram } from './program.ts';

/**
 * The `ctc` command. Exit codes are in cli/errors.ts and docs/operations.md; an interrupt ends it as Node
 * does by default, which shells report as 130.
 */
// A reader such as head that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
});

try {
  await buildProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    const { message, exitCode } = explainFailure(error);
    process.stderr.write(`${colours.red('ctc:')} ${message}\n`);
    process.exitCode = exitCode;
  }
}
