import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerSubject, Sealed } from '../../domain/ledger/entry.ts';
import type { Ledger } from '../../domain/ledger/ports.ts';
import { verifyLines } from '../../test/support/ledger-export.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { ensureLedgerKeyFile, readLedgerKeys } from '../ledger/ledger-keys.ts';
import { createDatabase } from './database.ts';
import { appendToLedger } from './ledger-append.ts';
import { createLedger } from './ledger.ts';
import { keysOf, openSealed } from './subject-keys.ts';

let test: TestDatabase;
let db: Knex;
let directory: string;
let ledger: Ledger;
let publicKeys: readonly string[];

beforeAll(async () => {
  test = await createTestDatabase();
  db = createDatabase({ url: test.url, poolMax: 40 });
  directory = await mkdtemp(join(tmpdir(), 'ctc-sealed-'));
  const keys = await readLedgerKeys(await ensureLedgerKeyFile(directory));
  publicKeys = keys.map(({ publicKey }) => publicKey.toString('base64'));
  ledger = createLedger({ database: db, keys, now: () => new Date().toISOString() });
});
afterAll(async () => {
  await db.destroy();
  await test.drop();
  await rm(directory, { recursive: true });
});

const person = (): LedgerSubject => ({ kind: 'event', id: randomUUID() });
const told = (subject: LedgerSubject, said: string) => ({
  actor: 'ana',
  action: 'event.reported',
  subject,
  details: { how: 'by telephone' },
  sealed: { said },
});
const entriesOf = async ({ kind, id }: LedgerSubject) =>
  (await ledger.list({ limit: 200, subjectKind: kind, subjectId: id })).rows;
const exported = async (): Promise<string> => {
  let text = '';
  for await (const part of await ledger.export('auditor')) text += part;
  return text;
};
const erasure = { by: 'root', reason: 'asked for by the person' };

describe('what stands sealed in the log', () => {
  it('is read by those who may, and in no export', async () => {
    const subject = person();
    await ledger.record(told(subject, 'Jana Sýkorová rang at nine'));
    expect(await entriesOf(subject)).toMatchObject([
      { details: { how: 'by telephone' }, revealed: { said: 'Jana Sýkorová rang at nine' } },
    ]);
    const text = await exported();
    expect(text).toContain('by telephone');
    expect(text).not.toContain('Jana');
  });

  it('is gone for good once it is erased, with every entry in its place and proven', async () => {
    const one = person();
    const other = person();
    for (let n = 0; n < 3; n += 1) {
      await ledger.record(told(one, `the ${n}. secret of one`));
      await ledger.record(told(other, `the ${n}. secret of the other`));
    }
    const before = await entriesOf(one);
    expect(await ledger.erase({ subject: one, ...erasure })).toEqual({ keys: 1 });
    const [erased, ...after] = await entriesOf(one);
    expect(erased).toMatchObject({ action: 'ledger.erased', details: { keys: 1 } });
    expect(after.map(({ revealed }) => revealed)).toEqual([null, null, null]);
    expect(after.map(({ hash }) => hash)).toEqual(before.map(({ hash }) => hash));
    expect((await entriesOf(other)).map(({ revealed }) => revealed?.['said'])).toHaveLength(3);
    const lines = (await exported()).trimEnd().split('\n');
    expect(verifyLines(lines, { keys: publicKeys }).failure).toBeUndefined();

    await expect(ledger.erase({ subject: one, ...erasure })).rejects.toMatchObject({
      code: 'nothing-to-erase',
    });
    // What is told later is sealed anew, and does not bring back what was before.
    await ledger.record(told(one, 'something new'));
    const [latest, , ...older] = await entriesOf(one);
    expect(latest?.revealed).toEqual({ said: 'something new' });
    expect(older.map(({ revealed }) => revealed)).toEqual([null, null, null]);
  });

  it('has one key for a subject, however many tell of it at once, and no key brings it back', async () => {
    const subject = person();
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        db.transaction((trx) => appendToLedger(trx, told(subject, `${n}`))),
      ),
    );
    const rows = db('subject_key').where({ subject_id: subject.id });
    expect(await rows.clone().count('* as count')).toEqual([{ count: 1 }]);
    await ledger.erase({ subject, ...erasure });
    await expect(
      rows
        .clone()
        .update({ key: Buffer.alloc(32), erased_at: null, erased_by: null, reason: null }),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(rows.clone().delete()).rejects.toMatchObject({ code: '42501' });
  });

  it('is bound to its subject: sealed for one it is nobody else’s', async () => {
    const subject = person();
    await ledger.record(told(subject, 'bound'));
    const [entry] = await entriesOf(subject);
    const sealed = entry?.details['sealed'] as Sealed;
    const key = (await keysOf(db, [sealed.key])).get(sealed.key) ?? Buffer.alloc(0);
    expect(openSealed(key, subject, sealed)).toEqual({ said: 'bound' });
    expect(() => openSealed(key, person(), sealed)).toThrow();
    const flipped = Buffer.from(sealed.text, 'base64');
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    const altered = { ...sealed, text: flipped.toString('base64') };
    expect(() => openSealed(key, subject, altered)).toThrow();
  });
});
