import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { SecondFactor, TotpCodes } from '../../domain/access/sign-in-ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { appendToLedger } from './ledger-append.ts';

const recoveryCodes = 10;

interface FactorRow {
  readonly totp_secret: string | null;
  readonly totp_confirmed_at: string | null;
}

/** Codes by time, each of them good once, and recovery codes. */
export function createSecondFactor(database: Knex, totp: TotpCodes): SecondFactor {
  const note = (trx: Knex, principal: string, action: string, by = principal): Promise<void> =>
    appendToLedger(trx, { actor: by, action, subject: { kind: 'principal', id: principal } });
  return {
    async start(principal) {
      const secret = await totp.createSecret();
      const started = await database('local_account')
        .where({ principal, totp_confirmed_at: null })
        .update({ totp_secret: secret, totp_last_step: null });
      if (started === 0) throw nothingToDo(principal);
      return { secret, uri: await totp.uriOf(secret, principal) };
    },

    confirm: (principal, code) =>
      database.transaction(async (trx) => {
        const row = await factorOf(trx, principal);
        if (typeof row?.totp_secret !== 'string' || row.totp_confirmed_at !== null) {
          throw nothingToDo(principal);
        }
        if (!(await useTotp(trx, totp, principal, row.totp_secret, code))) throw wrongCode();
        const codes = Array.from({ length: recoveryCodes }, newRecoveryCode);
        await trx('local_account').where({ principal }).update({ totp_confirmed_at: trx.fn.now() });
        await trx('recovery_code').where({ principal }).delete();
        await trx('recovery_code').insert(
          codes.map((one) => ({ principal, sha256: digestOf(one) })),
        );
        await note(trx, principal, 'second-factor.added');
        return codes;
      }),

    remove: (principal, by, code) =>
      database.transaction(async (trx) => {
        if (code !== undefined && !(await useCode(trx, totp, principal, code))) throw wrongCode();
        const removed = await trx('local_account')
          .where({ principal })
          .whereNotNull('totp_secret')
          .update({ totp_secret: null, totp_confirmed_at: null, totp_last_step: null });
        if (removed === 0) throw nothingToDo(principal);
        await trx('recovery_code').where({ principal }).delete();
        await note(trx, principal, 'second-factor.removed', by);
      }),

    async state(principal) {
      const row = await factorOf(database, principal);
      const left = await database('recovery_code')
        .where({ principal, used_at: null })
        .count<{ count: string }[]>('* as count');
      return {
        confirmed: row !== undefined && row.totp_confirmed_at !== null,
        recoveryCodesLeft: Number(left[0]?.count ?? 0),
      };
    },
  };
}

/** Whether a code is right; it is used up by that. True for an account without a second factor never. */
export async function useCode(
  trx: Knex,
  totp: TotpCodes,
  principal: string,
  code: string,
): Promise<boolean> {
  const row = await factorOf(trx, principal);
  if (typeof row?.totp_secret !== 'string' || row.totp_confirmed_at === null) return false;
  if (await useTotp(trx, totp, principal, row.totp_secret, code)) return true;
  const used = await trx('recovery_code')
    .where({ principal, sha256: digestOf(code), used_at: null })
    .update({ used_at: trx.fn.now() });
  return used > 0;
}

/** Each step once, and none before one that was used: who looks on cannot use it again. */
async function useTotp(
  trx: Knex,
  totp: TotpCodes,
  principal: string,
  secret: string,
  code: string,
): Promise<boolean> {
  const step = await totp.stepOf(secret, code);
  if (step === null) return false;
  const used = await trx('local_account')
    .where({ principal, totp_secret: secret })
    .whereRaw('coalesce(totp_last_step, 0) < ?', [step])
    .update({ totp_last_step: step });
  return used > 0;
}

function factorOf(trx: Knex, principal: string): Promise<FactorRow | undefined> {
  return trx('local_account')
    .where({ principal })
    .first<FactorRow | undefined>('totp_secret', 'totp_confirmed_at');
}

/** 80 bits, in groups that can be read out. */
function newRecoveryCode(): string {
  return (randomBytes(10).toString('hex').match(/.{5}/g) ?? []).join('-');
}

function digestOf(code: string): Buffer {
  return createHash('sha256').update(code.trim().toLowerCase()).digest();
}

function wrongCode(): DomainError {
  return new DomainError('forbidden', 'The code is wrong, or was used before.', {
    code: 'wrong-code',
    remedy: 'Wait for the next one; look whether the clock of the device is right.',
  });
}

function nothingToDo(principal: string): DomainError {
  return new DomainError('conflict', `${principal} has no local account that this is about.`, {
    code: 'second-factor-unfit',
    remedy:
      'Set a password first; a second factor that is there is removed before another is added.',
  });
}
