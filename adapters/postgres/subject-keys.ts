import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { LedgerSubject, Sealed } from '../../domain/ledger/entry.ts';
import { canonicalJson } from '../canonical-hash.ts';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
/** A shorter tag is easier to forge: none is taken. */
const tagged = { authTagLength: tagBytes };

/**
 * Seals fields with the key of their subject, which is made when there is none, in the caller's transaction. The
 * subject is bound to what is sealed: it cannot pass for that of another.
 */
export async function sealFields(
  trx: Knex,
  subject: LedgerSubject,
  fields: Readonly<Record<string, unknown>>,
): Promise<Sealed> {
  const { id, key } = await keyInUse(trx, subject);
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce, tagged).setAAD(boundTo(subject));
  const text = Buffer.concat([
    sealing.update(canonicalJson(fields), 'utf8'),
    sealing.final(),
    sealing.getAuthTag(),
  ]);
  return { key: id, nonce: nonce.toString('base64'), text: text.toString('base64') };
}

/** The keys that are named and were not erased. */
export async function keysOf(
  database: Knex,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  if (ids.length === 0) return new Map();
  const rows = await database('subject_key')
    .whereIn('id', [...new Set(ids)])
    .whereNotNull('key')
    .select<{ id: string; key: Buffer }[]>('id', 'key');
  return new Map(rows.map(({ id, key }) => [id, key]));
}

/** @throws Error for what was sealed by another key, or about another subject. */
export function openSealed(
  key: Buffer,
  subject: LedgerSubject,
  { nonce, text }: Sealed,
): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(text, 'base64');
  const opening = createDecipheriv(cipher, key, Buffer.from(nonce, 'base64'), tagged)
    .setAAD(boundTo(subject))
    .setAuthTag(bytes.subarray(-tagBytes));
  const plain = Buffer.concat([opening.update(bytes.subarray(0, -tagBytes)), opening.final()]);
  return JSON.parse(plain.toString('utf8')) as Record<string, unknown>;
}

/** Erases the key of a subject; how many entries' worth of keys went. */
export async function eraseKeys(
  trx: Knex,
  subject: LedgerSubject,
  erasure: { readonly by: string; readonly reason: string; readonly at: string },
): Promise<number> {
  return trx('subject_key')
    .where({ subject_kind: subject.kind, subject_id: subject.id })
    .whereNotNull('key')
    .update({
      key: null,
      erased_at: erasure.at,
      erased_by: erasure.by,
      reason: erasure.reason,
    });
}

async function keyInUse(
  trx: Knex,
  { kind, id }: LedgerSubject,
): Promise<{ id: string; key: Buffer }> {
  const inUse = () =>
    trx('subject_key')
      .where({ subject_kind: kind, subject_id: id })
      .whereNotNull('key')
      .first<{ id: string; key: Buffer } | undefined>('id', 'key');
  for (;;) {
    const found = await inUse();
    if (found !== undefined) return found;
    // Another transaction may make one at the same time: then it is that one, unless it is erased again.
    await trx('subject_key')
      .insert({
        id: uuidv7(),
        subject_kind: kind,
        subject_id: id,
        key: randomBytes(32),
        created_at: trx.fn.now(),
      })
      .onConflict(trx.raw('(subject_kind, subject_id) where key is not null'))
      .ignore();
  }
}

function boundTo({ kind, id }: LedgerSubject): Buffer {
  return Buffer.from(`${kind}/${id}`, 'utf8');
}
