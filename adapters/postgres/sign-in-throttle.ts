import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { forgottenAfterMs, signInDelayMs } from '../../domain/access/sign-in-delay.ts';
import { DomainError } from '../../domain/errors.ts';

interface FailureRow {
  readonly failures: number;
  readonly blocked_until: string | null;
  readonly last_at: string;
}

/** Of one account from one source; by digest, for a name that nobody has may be somebody's password. */
export interface TriedFrom {
  readonly account: string;
  readonly source: string;
}

/**
 * Counts a try as wrong before it is looked at, so that many at once cannot all be the first.
 * @throws DomainError `refused` (`too-many-tries`) while the source has to wait; that try is not counted.
 * @returns how many there were, this one among them.
 */
export function claimTry(database: Knex, tried: TriedFrom, nowMs: number): Promise<number> {
  return database.transaction(async (trx) => {
    const key = keyOf(tried);
    // Changes nothing of a row that is there, and locks it.
    const [row] = await trx('sign_in_failure')
      .insert({ ...key, failures: 0, last_at: isoOf(nowMs) })
      .onConflict(['account', 'source'])
      .merge({ failures: trx.raw('sign_in_failure.failures') })
      .returning<FailureRow[]>('*');
    if (row === undefined) throw new Error('A try was neither kept nor there.');
    const waitsMs = row.blocked_until === null ? 0 : Date.parse(row.blocked_until) - nowMs;
    if (waitsMs > 0) throw tooManyTries(Math.ceil(waitsMs / 1000));
    const isOld = nowMs - Date.parse(row.last_at) > forgottenAfterMs;
    const failures = (isOld ? 0 : row.failures) + 1;
    const delayMs = signInDelayMs(failures);
    await trx('sign_in_failure')
      .where(key)
      .update({
        failures,
        last_at: isoOf(nowMs),
        blocked_until: delayMs === 0 ? null : isoOf(nowMs + delayMs),
      });
    return failures;
  });
}

/** It was right. */
export async function forgiveTries(database: Knex, tried: TriedFrom): Promise<void> {
  await database('sign_in_failure').where(keyOf(tried)).delete();
}

/** It was neither right nor wrong: as if it had not been tried. */
export async function takeTryBack(database: Knex, tried: TriedFrom): Promise<void> {
  await database('sign_in_failure')
    .where(keyOf(tried))
    .update({ failures: database.raw('greatest(failures - 1, 0)'), blocked_until: null });
}

export async function purgeSignInFailures(database: Knex): Promise<void> {
  await database('sign_in_failure')
    .where('last_at', '<', isoOf(Date.now() - forgottenAfterMs))
    .delete();
}

function keyOf({ account, source }: TriedFrom): Record<string, string> {
  return {
    account: createHash('sha256').update(account.toLowerCase()).digest('hex'),
    source: createHash('sha256').update(source).digest('hex'),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function tooManyTries(seconds: number): DomainError {
  return new DomainError('refused', `Too many wrong tries: wait ${seconds} seconds.`, {
    code: 'too-many-tries',
    remedy: 'An administrator can send you a link that sets a new password: ctc principal link.',
  });
}
