import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DomainError } from '../../domain/errors.ts';

/** The account PostgreSQL runs under; absent when that is our own. */
export interface PostgresAccount {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * PostgreSQL refuses to run as root, so root needs another account: `postgres` when the system has it,
 * created when it can be, `nobody` otherwise. Undefined when we are not root.
 */
export function postgresAccount(): PostgresAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = findAccount('postgres');
  if (found !== undefined) return found;
  try {
    const shell = '/usr/sbin/nologin';
    execFileSync('useradd', ['--system', '--no-create-home', '--shell', shell, 'postgres'], {
      stdio: 'ignore',
    });
  } catch {
    // No useradd (Alpine, minimal images), or two of us at once: what exists now decides.
  }
  const account = findAccount('postgres') ?? findAccount('nobody');
  if (account !== undefined) return account;
  throw new DomainError(
    'unavailable',
    'The embedded PostgreSQL cannot run as root, and there is no account to run it under.',
    {
      code: 'embedded-postgres-account',
      remedy:
        'Create a system account named "postgres", run as another user, or set DATABASE_URL to a PostgreSQL of your own.',
    },
  );
}

function findAccount(name: string): PostgresAccount | undefined {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [account, , uid, gid] = line.split(':');
    if (account === name) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Whether the account can enter the directory (or run the file): asked of the system, not computed. */
export function canReach(account: PostgresAccount, target: string): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', target], {
    uid: account.uid,
    gid: account.gid,
    cwd: '/',
    stdio: 'ignore',
  });
  return status === 0;
}

/** Where root keeps PostgreSQL's data and programs when its account cannot enter the clone (/root/…). */
export const outsideRoot = '/var/lib/ctc';

/** Where the data goes that cannot lie in the wanted directory. */
export function fallbackDirectory(wanted: string): string {
  const name = createHash('sha256').update(path.resolve(wanted)).digest('hex').slice(0, 12);
  return path.join(outsideRoot, `data-${name}`);
}

/**
 * The directory for PostgreSQL's data: the wanted one, or one of its own below /var/lib/ctc when the
 * account cannot enter that (a clone in /root). The name follows from the wanted one: the next start finds it.
 */
export async function reachableDirectory(
  wanted: string,
  account: PostgresAccount | undefined,
): Promise<string> {
  await mkdir(wanted, { recursive: true });
  if (account === undefined || canReach(account, wanted)) return wanted;
  const fallback = fallbackDirectory(wanted);
  await mkdir(fallback, { recursive: true, mode: 0o711 }).catch((cause: unknown) => {
    throw unreachable(wanted, account, cause);
  });
  if (!canReach(account, fallback)) throw unreachable(wanted, account);
  return fallback;
}

/** The programs, or a copy of them below /var/lib/ctc when the account cannot run those of the clone. */
export async function reachablePrograms(
  native: string,
  version: string,
  account: PostgresAccount | undefined,
): Promise<string> {
  const needle = path.join('bin', 'postgres');
  if (account === undefined || canReach(account, path.join(native, needle))) return native;
  const copy = path.join(outsideRoot, `postgresql-${version}`);
  if (!existsSync(path.join(copy, needle))) {
    const temporary = `${copy}.${process.pid.toString()}`;
    try {
      await mkdir(outsideRoot, { recursive: true, mode: 0o755 });
      await cp(native, temporary, { recursive: true, verbatimSymlinks: true });
      await openToOthers(temporary);
      await rename(temporary, copy);
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true });
      // Another start may have put it there first: then all is well.
      if (!existsSync(path.join(copy, needle))) throw unreachable(native, account, cause);
    }
  }
  if (!canReach(account, path.join(copy, needle))) throw unreachable(native, account);
  return copy;
}

/** A strict umask at `npm ci` leaves programs that root alone may run. */
async function openToOthers(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const isProgram = entry.isDirectory() || path.basename(entry.parentPath) === 'bin';
    await chmod(file, isProgram ? 0o755 : 0o644);
  }
}

function unreachable(target: string, account: PostgresAccount, cause?: unknown): DomainError {
  return new DomainError(
    'unavailable',
    `The account "${account.name}", under which root has to run the embedded PostgreSQL, cannot enter ${target}, nor a place below ${outsideRoot}.`,
    {
      code: 'embedded-postgres-unreachable',
      remedy:
        'Put the clone where others may enter (for example /opt or /srv), run as another user, or set DATABASE_URL to a PostgreSQL of your own.',
      cause,
    },
  );
}
