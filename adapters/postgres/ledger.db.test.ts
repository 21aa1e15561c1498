import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromHex } from '../../domain/ledger/bytes.ts';
import type { NewLedgerEntry } from '../../domain/ledger/entry.ts';
import type { Ledger } from '../../domain/ledger/ports.ts';
import { provesConsistency, provesInclusion } from '../../domain/ledger/proofs.ts';
import { verifyLines } from '../../test/support/ledger-export.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.ts';
import { ensureLedgerKeyFile, readLedgerKeys, type LedgerKey } from '../ledger/ledger-keys.ts';
import { sha256 } from '../ledger/sha256.ts';
import { createPrincipalRegister } from './principal-register.ts';
import { createDatabase } from './database.ts';
import { appendToLedger } from './ledger-append.ts';
import { isCheckpointDue, writeCheckpoint, type CheckpointerDeps } from './ledger-checkpoints.ts';
import { createLedger } from './ledger.ts';

let test: TestDatabase;
let db: Knex;
let directory: string;
let keyFile: string;
let deps: CheckpointerDeps;
let ledger: Ledger;
let clock: string;

const entry = (number: number): NewLedgerEntry => ({
  at: new Date(Date.UTC(2026, 5, 1) + number * 60_000).toISOString(),
  actor: 'ana',
  action: number % 2 === 0 ? 'even' : 'odd',
  subject: { kind: 'change', id: `CHG-${number}` },
  details: { number, said: 'Zürich „línea“ \\ "quoted"', left: undefined },
});
const append = async (count: number, first = 1): Promise<void> => {
  for (let at = 0; at < count; at += 1) await ledger.record(entry(first + at));
};
const exported = async (of = ledger): Promise<string[]> => {
  let text = '';
  for await (const part of await of.export('auditor')) text += part;
  return text.trimEnd().split('\n');
};
const publicKeys = (keys: readonly LedgerKey[]) =>
  keys.map(({ publicKey }) => publicKey.toString('base64'));

beforeEach(async () => {
  test = await createTestDatabase();
  db = createDatabase({ url: test.url, poolMax: 60 });
  directory = await mkdtemp(join(tmpdir(), 'ctc-ledger-'));
  keyFile = await ensureLedgerKeyFile(directory);
  clock = '2026-05-31T12:00:00.000Z';
  deps = { database: db, keys: await readLedgerKeys(keyFile), now: () => clock };
  ledger = createLedger(deps);
});

afterEach(async () => {
  await db.destroy();
  await test.drop();
  await rm(directory, { recursive: true });
});

describe('the intervention log', () => {
  it('has no gap and one chain, whatever commits at once and whatever is rolled back', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, number) =>
        db.transaction(async (trx) => {
          await appendToLedger(trx, entry(number));
          if (number % 5 === 0) throw new Error('rolled back');
          await appendToLedger(trx, entry(number + 100));
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(40);
    const { rows } = await ledger.list({ limit: 200 });
    expect(rows.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 80 }, (_, at) => 80 - at),
    );
    expect(await db('ledger_intake').select()).toEqual([]);
    const report = verifyLines(await exported(), { keys: publicKeys(deps.keys) });
    expect(report.failure).toBeUndefined();
    // And the export itself, and the key.
    expect(report).toMatchObject({ from: 1, to: 82, trust: 'given' });
  });

  it('fails closed: where the entry cannot be written, the action does not happen', async () => {
    const principals = createPrincipalRegister(db);
    const ana = { id: 'ana', name: 'Ana', email: 'ana@example.com', roles: ['auditor' as const] };
    await db.raw('alter table ledger_entry add constraint ledger_entry_full check (sequence < 1)');
    await expect(principals.add(ana, 'root')).rejects.toThrow(/ledger_entry_full/);
    await expect(principals.get('ana')).rejects.toMatchObject({ code: 'no-such-principal' });
    await db.raw('alter table ledger_entry drop constraint ledger_entry_full');
    await principals.add(ana, 'root');
    await db.raw('drop table ledger_intake');
    await expect(principals.setDisabled('ana', true, 'root')).rejects.toThrow(/ledger_intake/);
    expect((await principals.get('ana')).disabledAt).toBeNull();
  });

  it('refuses every change of what is written, even to the owner of the tables', async () => {
    await append(3);
    await writeCheckpoint(deps);
    for (const table of ['ledger_entry', 'ledger_checkpoint', 'ledger_key']) {
      await expect(db(table).delete(), table).rejects.toThrow(/append-only/);
      await expect(db.raw(`truncate ${table} cascade`), table).rejects.toThrow(/append-only/);
    }
    await expect(db('ledger_entry').update({ leaf: '{}' })).rejects.toThrow(/append-only/);
    await expect(db('ledger_checkpoint').update({ note: '{}' })).rejects.toThrow(/append-only/);
    for (const change of [
      { size: 2 },
      { hash: Buffer.alloc(32) },
      { origin: 'x' },
      { pruned_size: 2 },
    ]) {
      await expect(db('ledger_head').update(change)).rejects.toThrow(/only goes forward/);
    }
    await expect(db('ledger_head').delete()).rejects.toThrow(/only goes forward/);
    const leaf = JSON.stringify({ sequence: 9, at: '', actor: '', action: '', subject: {} });
    await expect(
      db.raw(
        `insert into ledger_entry (sequence, leaf, hash) values (9, :leaf,
        sha256('\\x00'::bytea || convert_to(:leaf, 'UTF8')))`,
        { leaf },
      ),
    ).rejects.toThrow(/does not follow/);
  });

  it('lets a role with the documented rights append, and nothing else', async () => {
    const role = `app_${directory.slice(-6).toLowerCase()}`;
    const documented = await readFile(join(import.meta.dirname, '../../docs/log.md'), 'utf8');
    const grants = /```sql\n([^`]+)```/.exec(documented)?.[1] ?? '';
    expect(grants).toContain('ctc_app');
    await db.raw(`create role ${role}`);
    try {
      await db.raw(grants.replaceAll('ctc_app', role));
      const as = <T>(act: (trx: Knex.Transaction) => Promise<T>): Promise<T> =>
        db.transaction(async (trx) => {
          await trx.raw(`set local role ${role}`);
          return act(trx);
        });
      await as((trx) => appendToLedger(trx, entry(1)));
      expect((await ledger.list({ limit: 5 })).rows).toHaveLength(1);
      const refused = /permission denied/;
      await expect(as((trx) => trx('ledger_entry').delete())).rejects.toThrow(refused);
      await expect(as((trx) => trx('ledger_entry').update({ leaf: '' }))).rejects.toThrow(refused);
      await expect(as((trx) => trx.raw('truncate ledger_entry'))).rejects.toThrow(refused);
      await expect(as((trx) => trx('ledger_head').update({ size: 0 }))).rejects.toThrow(refused);
      const disable = 'alter table ledger_entry disable trigger all';
      await expect(as((trx) => trx.raw(disable))).rejects.toThrow(/owner/);
    } finally {
      await db.raw(`drop owned by ${role}`);
      await db.raw(`drop role ${role}`);
    }
  });

  it('is listed newest first by what is asked for, page by page', async () => {
    await append(9);
    const odd = await ledger.list({ action: 'odd', limit: 3 });
    expect(odd.rows.map(({ details }) => details['number'])).toEqual([9, 7, 5]);
    const rest = await ledger.list({ action: 'odd', limit: 3, cursor: odd.nextCursor ?? '' });
    expect(rest.rows.map(({ details }) => details['number'])).toEqual([3, 1]);
    expect(rest.nextCursor).toBeUndefined();
    const [only, ...none] = (
      await ledger.list({
        subjectKind: 'change',
        subjectId: 'CHG-4',
        actor: 'ana',
        from: entry(4).at ?? '',
        before: entry(5).at ?? '',
        limit: 5,
      })
    ).rows;
    expect(none).toEqual([]);
    expect(only).toMatchObject({ sequence: 4, at: entry(4).at, actor: 'ana' });
    expect(only?.details).toEqual({ number: 4, said: 'Zürich „línea“ \\ "quoted"' });
  });

  it('proves every entry and every growth to whoever has a checkpoint', async () => {
    await append(37);
    const first = await writeCheckpoint(deps);
    await append(33);
    const second = await writeCheckpoint(deps);
    expect([first?.note.treeSize, second?.note.treeSize]).toEqual([38, 71]);
    for (let sequence = 1; sequence <= 71; sequence += 1) {
      const proof = await ledger.inclusionProof(sequence, 71);
      expect(proof.rootHash).toBe(second?.note.rootHash);
      const claim = {
        leaf: sequence - 1,
        leafHash: fromHex(proof.leafHash),
        size: 71,
        root: fromHex(proof.rootHash),
        proof: proof.proof.map(fromHex),
      };
      expect(provesInclusion(sha256, claim), String(sequence)).toBe(true);
    }
    const grown = await ledger.consistencyProof(38, 71);
    expect([grown.fromRootHash, grown.toRootHash]).toEqual([
      first?.note.rootHash,
      second?.note.rootHash,
    ]);
    const claim = {
      from: 38,
      fromRoot: fromHex(grown.fromRootHash),
      to: 71,
      toRoot: fromHex(grown.toRootHash),
      proof: grown.proof.map(fromHex),
    };
    expect(provesConsistency(sha256, claim)).toBe(true);
    await expect(ledger.inclusionProof(1, 72)).rejects.toThrow(/covers 71/);
    await expect(ledger.consistencyProof(50, 40)).rejects.toThrow(/beyond/);
  });

  it('is checkpointed when there is enough of it, or after enough time; once, however many ask', async () => {
    clock = '2026-06-01T12:00:00.000Z';
    const times = { everyMs: 60_000, everyEntries: 5 };
    expect(await isCheckpointDue(deps, times)).toBe(false);
    await append(1);
    // The first is due at once.
    expect(await isCheckpointDue(deps, times)).toBe(true);
    await Promise.all([writeCheckpoint(deps), writeCheckpoint(deps), writeCheckpoint(deps)]);
    expect((await ledger.checkpoints({ limit: 9 })).rows.map(({ note }) => note.treeSize)).toEqual([
      2,
    ]);
    await append(1);
    expect(await isCheckpointDue(deps, times)).toBe(false);
    clock = '2026-06-01T12:01:00.000Z';
    expect(await isCheckpointDue(deps, times)).toBe(true);
    clock = '2026-06-01T12:00:01.000Z';
    await append(4);
    expect(await isCheckpointDue(deps, times)).toBe(true);
  });

  it('goes on with another key only by the signature of the one before', async () => {
    await append(2);
    await writeCheckpoint(deps);
    const old = await readFile(keyFile, 'utf8');
    await rm(keyFile);
    const other = await readFile(await ensureLedgerKeyFile(directory), 'utf8');
    clock = '2026-06-02T12:00:00.000Z';
    const stranger = { ...deps, keys: await readLedgerKeys(keyFile) };
    await append(1);
    await expect(writeCheckpoint(stranger)).rejects.toThrow(/does not have/);
    await writeFile(keyFile, `${other}${old}`);
    const successor = { ...deps, keys: await readLedgerKeys(keyFile) };
    const lines = await exported(createLedger(successor));
    expect(verifyLines(lines, { keys: publicKeys(deps.keys) })).toMatchObject({
      to: 6,
      keys: [successor.keys[0].id],
    });
    expect(verifyLines(lines, { keys: publicKeys(deps.keys) }).failure).toBeUndefined();
    const changed = lines.find((line) => line.includes('ledger.key-changed')) ?? '';
    expect(changed).not.toContain('PRIVATE');
    await append(1);
    await expect(writeCheckpoint(deps)).rejects.toThrow(/does not have/);
  });

  it('keeps its key from others, and takes nothing else for one', async () => {
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const again = await ensureLedgerKeyFile(directory);
    expect((await readLedgerKeys(again))[0].id).toBe(deps.keys[0].id);
    await writeFile(keyFile, 'no key');
    await expect(readLedgerKeys(keyFile)).rejects.toThrow(/Ed25519/);
  });

  it('can still be verified when its beginning was pruned, and only at a checkpoint', async () => {
    const request = { before: '2027-01-01T00:00:00Z', by: 'root', reason: 'kept for ten years' };
    await append(2);
    await expect(ledger.prune(request)).rejects.toThrow(/No checkpoint/);
    await append(20, 3);
    const cut = await writeCheckpoint(deps);
    await append(25, 101);
    const before = await writeCheckpoint(deps);
    const { at } = entry(101);
    expect(await ledger.prune({ ...request, before: at ?? '' })).toEqual({ upTo: 23, removed: 23 });
    await append(3);
    const lines = await exported();
    const report = verifyLines(lines, { keys: publicKeys(deps.keys) });
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ from: 24, to: 53 });
    const known = [cut!.note, before!.note];
    expect(verifyLines(lines, { known }).failure).toBeUndefined();
    expect(verifyLines(lines, { known: [{ treeSize: 3, rootHash: '' }] }).failure).toMatchObject({
      problem: 'removed',
    });
    // The cut is written down, and cannot be left out.
    const unlogged = lines.filter((line) => !line.includes('ledger.pruned'));
    expect(verifyLines(unlogged).failure).toMatchObject({ problem: 'removed', sequence: 49 });
    for (const sequence of [24, 25, 48]) {
      const proof = await ledger.inclusionProof(sequence, 48);
      expect(proof.rootHash).toBe(before?.note.rootHash);
    }
    expect((await ledger.consistencyProof(23, 48)).fromRootHash).toBe(cut?.note.rootHash);
    await expect(ledger.inclusionProof(3, 48)).rejects.toThrow(/pruned/);
  });
});
