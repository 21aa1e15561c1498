import type { Knex } from 'knex';
import type { NewLedgerEntry } from '../../domain/ledger/entry.ts';
import { canonicalJson } from '../canonical-hash.ts';
import { sealFields } from './subject-keys.ts';

/**
 * Adds to the intervention log in the caller's transaction: where the entry cannot be written, nothing of the
 * transaction is. It gets its place, and the log is locked, only when the transaction commits.
 */
export async function appendToLedger(trx: Knex, entry: NewLedgerEntry): Promise<void> {
  const { actor, action, subject, sealed } = entry;
  const details = {
    ...entry.details,
    ...(sealed === undefined
      ? {}
      : { sealed: await sealFields(trx, subject, withoutUndefined(sealed)) }),
  };
  const at = (entry.at === undefined ? new Date() : new Date(entry.at)).toISOString();
  // Canonical JSON sorts its members: what the database adds, previousHash and sequence, comes in between.
  const before = canonicalJson({ action, actor, at, details: withoutUndefined(details) });
  const after = canonicalJson({ subject: { kind: subject.kind, id: subject.id } });
  await trx('ledger_intake').insert({
    before_place: before.slice(0, -1),
    after_place: after.slice(1),
  });
}

/** As JSON has it: members without a value are not there. */
function withoutUndefined(
  details: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(details)) as Record<string, unknown>;
}
