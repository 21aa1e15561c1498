import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { createDatabase } from '../adapters/postgres/database.ts';
import { appendToLedger } from '../adapters/postgres/ledger-append.ts';
import { canonicalJson } from '../adapters/canonical-hash.ts';
import { verifyLogFile } from '../cli/verify-log.ts';
import { migrateDatabase } from '../migrations/migrate.ts';
import { startPostgres } from '../platform/embedded/start-postgres.ts';
import { createTestKey, writeExport } from '../test/support/ledger-export.ts';
import { compare } from './measure.ts';

const transactionsARound = 2_000;
const atOnce = 8;
const rounds = 5;
const exportedEntries = 200_000;

/**
 * Entries of the log beside the same rows without chain, both with a write of their own in each transaction;
 * and the proof of a large export beside SHA-256 over the same bytes.
 */
export async function benchLedger(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ctc-bench-ledger-'));
  // The account PostgreSQL runs under has to pass through.
  await chmod(directory, 0o711);
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  await migrateDatabase(postgres.url);
  const database = createDatabase({ url: postgres.url, poolMax: atOnce });
  try {
    await benchAppends(database);
    await benchVerification(join(directory, 'log.ndjson'));
  } finally {
    await database.destroy();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function benchAppends(database: Knex): Promise<void> {
  await database.raw(`
    create table bench_work (id bigint generated always as identity primary key, done text not null);
    create table bench_plain (like ledger_entry including generated including indexes);
    alter table bench_plain alter sequence add generated always as identity;
  `);
  const entry = {
    actor: 'ana',
    action: 'change.note',
    subject: { kind: 'change', id: 'CHG-12' },
    details: {
      key: 'wave/1',
      message: 'Wave 1 (mad) is up: web, api and store answer within 80 ms.',
    },
  };
  const hash = Buffer.alloc(32);
  const append = (trx: Knex): Promise<void> => appendToLedger(trx, entry);
  const plain = async (trx: Knex): Promise<void> => {
    const leaf = canonicalJson({ at: new Date().toISOString(), ...entry });
    await trx('bench_plain').insert({ leaf, hash });
  };
  const rate = async (write: (trx: Knex) => Promise<void>): Promise<number> => {
    let left = transactionsARound;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left > 0) {
          left -= 1;
          await database.transaction(async (trx) => {
            await trx('bench_work').insert({ done: 'a change of the record' });
            await write(trx);
          });
        }
      }),
    );
    return transactionsARound / ((performance.now() - startedAt) / 1_000);
  };
  await rate(plain);
  await rate(append);
  await compare({
    unit: 'transactions/s',
    rounds,
    ours: { name: `chained, ${atOnce} at once`, rate: () => rate(append) },
    bare: { name: 'the same rows and indexes, without chain', rate: () => rate(plain) },
  });
}

async function benchVerification(file: string): Promise<void> {
  const key = createTestKey();
  const lines = writeExport({ entries: exportedEntries, checkpointEvery: 1_000, key });
  const text = `${lines.join('\n')}\n`;
  await writeFile(file, text);
  const megabytes = Buffer.byteLength(text) / 1e6;
  const perSecond = async (act: () => Promise<unknown>): Promise<number> => {
    const startedAt = performance.now();
    await act();
    return megabytes / ((performance.now() - startedAt) / 1_000);
  };
  await compare({
    unit: 'MB/s',
    rounds,
    ours: {
      name: `ctc log verify, ${exportedEntries} entries, ${megabytes.toFixed(0)} MB`,
      rate: () =>
        perSecond(async () => {
          const { failure, to } = await verifyLogFile(file, { keyFiles: [], checkpointFiles: [] });
          if (failure !== undefined || to !== exportedEntries) throw new Error('not verified');
        }),
    },
    bare: {
      name: 'SHA-256 over the same bytes',
      rate: () =>
        perSecond(async () => {
          const hash = createHash('sha256');
          for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
            hash.update(chunk as Buffer);
          }
          hash.digest();
        }),
    },
  });
}
