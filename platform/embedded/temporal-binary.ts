import { accessSync, constants, statSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.ts';
import { runCommand } from '../install/run-command.ts';
import type { TemporalProgram } from '../install/temporal-programs.ts';
import { temporalSources } from '../install/temporal-sources.ts';
import type { TemporalSource } from '../install/temporal-sources.ts';
import type { Logger } from '../logging.ts';
import { holdAlone } from './hold-alone.ts';

export interface TemporalBinaryOptions {
  readonly program: TemporalProgram;
  /** CTC's data directory; the programs are kept in its `bin`. */
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** The directories searched first, as in PATH. */
  readonly searchPath?: string;
  /** For tests: where to get the program when it is not there. */
  readonly sources?: readonly TemporalSource[];
}

/**
 * The path of a program of Temporal's that answers to `--version`: from the PATH, from the cache, or
 * fetched into the cache. Safe to call from several processes at once: one fetches, the others wait.
 * Throws a DomainError (`unavailable`) that lists what was tried and says what to install.
 */
export async function resolveTemporalBinary(options: TemporalBinaryOptions): Promise<string> {
  const { program, logger } = options;
  const failures: string[] = [];
  const failed = (step: string, error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    failures.push(`${step}: ${message}`);
    logger.debug({ step, err: error }, `could not get ${program.command} this way`);
  };

  const onPath = findOnPath(program.command, options.searchPath ?? '');
  if (onPath === undefined) failed('PATH', new Error(`no ${program.command} in it`));
  else {
    try {
      await checkVersion(program, onPath);
      return onPath;
    } catch (error) {
      failed('PATH', error);
    }
  }
  const directory = path.resolve(options.dataDirectory, 'bin');
  const cached = path.join(directory, cachedName(program));
  if (isProgram(cached)) return cached; // its version was checked before it was put there
  failed('cache', new Error(`${cached} is not there`));

  await mkdir(directory, { recursive: true });
  const release = await waitForTurn(directory, program.command, () => isProgram(cached));
  try {
    if (isProgram(cached)) return cached;
    for (const source of options.sources ?? temporalSources(program)) {
      const workplace = path.join(directory, `.fetch-${randomUUID()}`);
      try {
        logger.debug({ step: source.name }, `fetching ${program.command}`);
        const fetched = await source.fetch(workplace);
        await chmod(fetched, 0o755);
        await checkVersion(program, fetched);
        await rename(fetched, cached);
        logger.debug({ step: source.name, path: cached }, `${program.command} is in the cache`);
        return cached;
      } catch (error) {
        failed(source.name, error);
      } finally {
        await rm(workplace, { recursive: true, force: true });
      }
    }
  } finally {
    await release();
  }
  throw new DomainError('unavailable', `CTC could not find or fetch ${program.description}.`, {
    code: 'temporal-program-missing',
    complaints: failures.map((message) => ({ field: program.command, message })),
    remedy: program.remedy,
  });
}

/** A pin that moves on gives another name, so an older program in the cache is not used for it. */
export function cachedName({ command, wheel }: TemporalProgram): string {
  return `${command}-${wheel.version}`;
}

function findOnPath(command: string, searchPath: string): string | undefined {
  for (const directory of searchPath.split(path.delimiter)) {
    if (directory !== '' && isProgram(path.join(directory, command))) {
      return path.join(directory, command);
    }
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function checkVersion(program: TemporalProgram, file: string): Promise<void> {
  const printed = await runCommand(file, ['--version'], { withinMs: 30_000, anyExit: true });
  if (!program.versionPattern.test(printed)) {
    throw new Error(`${file} --version printed "${printed.trim().slice(0, 80)}"`);
  }
}

/** One process fetches at a time; returns at once when the program has appeared meanwhile. */
async function waitForTurn(
  directory: string,
  command: string,
  appeared: () => boolean,
): Promise<() => Promise<void>> {
  for (;;) {
    if (appeared()) return async () => {};
    const turn = await holdAlone(directory, `fetching-${command}`);
    if (turn.held) return async () => turn.release();
    await delay(100);
  }
}
