import type { Knex } from 'knex';
import type { VersionRecord } from '../../domain/approvals/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { appendToLedger } from './ledger-append.ts';

export interface VersionedRegisterDeps<Definition> {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
  /** With the columns of `approval_policy`. */
  readonly table: 'approval_policy' | 'change_template';
  /** For people and the command line, such as policy. */
  readonly noun: 'policy' | 'template';
  readonly parse: (stored: unknown) => Definition;
}

export interface Versioned<Definition> extends VersionRecord {
  readonly definition: Definition;
}

/** Definitions in versions that two people agree on: what is on record is never rewritten. */
export interface VersionedRegister<Definition> {
  /** Every version, newest first within each; of one where it is named. */
  versions(id?: string): Promise<Versioned<Definition>[]>;
  /** The newest approved version of each that was not retired; of one where it is named. */
  inForce(id?: string): Promise<{ readonly version: number; readonly definition: Definition }[]>;
  propose(
    id: string,
    definition: Definition,
    reason: string,
    by: string,
  ): Promise<Versioned<Definition>>;
  approve(id: string, version: number, reason: string, by: string): Promise<Versioned<Definition>>;
  retire(id: string, reason: string, by: string): Promise<Versioned<Definition>>;
}

interface Row {
  readonly id: string;
  readonly version: number;
  readonly definition: unknown;
  readonly reason: string;
  readonly proposed_by: string;
  readonly proposed_at: string;
  readonly approved_by: string | null;
  readonly approved_at: string | null;
  readonly retired_by: string | null;
  readonly retired_at: string | null;
}

export function createVersionedRegister<Definition>(
  deps: VersionedRegisterDeps<Definition>,
): VersionedRegister<Definition> {
  const { database, now, table, noun, parse } = deps;

  const versionsIn = async (trx: Knex, id?: string): Promise<Versioned<Definition>[]> => {
    const rows = await trx(table)
      .modify((query) => {
        if (id !== undefined) void query.where({ id });
      })
      .orderBy([{ column: 'id' }, { column: 'version', order: 'desc' }])
      .select<Row[]>('*');
    // Of each the newest that was approved is the one that counts.
    const counted = new Set<string>();
    return rows.map((row) => {
      const isNewestApproved = row.approved_at !== null && !counted.has(row.id);
      if (isNewestApproved) counted.add(row.id);
      return { ...toVersion(row, isNewestApproved), definition: parse(row.definition) };
    });
  };
  /** One writer at a time for each. */
  const lockedVersions = async (trx: Knex, id: string): Promise<Versioned<Definition>[]> => {
    await trx.raw(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [`ctc-${noun}/${id}`]);
    return versionsIn(trx, id);
  };
  const missing = (id: string, version: number): DomainError =>
    new DomainError('not-found', `There is no version ${version} of a ${noun} "${id}".`, {
      code: `no-such-${noun}`,
      remedy: `See those there are: ctc ${noun} list.`,
    });
  const record = async (
    trx: Knex,
    id: string,
    version: number,
    { by, done, ...details }: { by: string; done: string } & Record<string, unknown>,
  ): Promise<Versioned<Definition>> => {
    await appendToLedger(trx, {
      actor: by,
      action: `${noun}.${done}`,
      subject: { kind: noun, id },
      details: { version, ...details },
    });
    const found = (await versionsIn(trx, id)).find((one) => one.version === version);
    if (found === undefined) throw missing(id, version);
    return found;
  };

  return {
    versions: (id) => versionsIn(database, id),

    // Asked at each assessment: older versions are neither read nor parsed.
    async inForce(id) {
      const rows = await database(table)
        .distinctOn('id')
        .whereNotNull('approved_at')
        .modify((query) => {
          if (id !== undefined) void query.where({ id });
        })
        .orderBy([{ column: 'id' }, { column: 'version', order: 'desc' }])
        .select<Pick<Row, 'version' | 'definition' | 'retired_at'>[]>(
          'version',
          'definition',
          'retired_at',
        );
      return rows
        .filter(({ retired_at }) => retired_at === null)
        .map(({ version, definition }) => ({ version, definition: parse(definition) }));
    },

    propose: (id, definition, reason, by) =>
      database.transaction(async (trx) => {
        const [newest] = await lockedVersions(trx, id);
        const version = (newest?.version ?? 0) + 1;
        await trx(table).insert({
          id,
          version,
          definition: JSON.stringify(definition),
          reason,
          proposed_by: by,
          proposed_at: now(),
        });
        return record(trx, id, version, { by, done: 'proposed', reason, definition });
      }),

    approve: (id, version, reason, by) =>
      database.transaction(async (trx) => {
        const versions = await lockedVersions(trx, id);
        const asked = versions.find((one) => one.version === version);
        if (asked === undefined) throw missing(id, version);
        const named = `Version ${version} of ${noun} "${id}"`;
        if (asked.state !== 'proposed' || asked !== versions[0]) {
          const newest = versions[0]?.version ?? version;
          throw new DomainError(
            'refused',
            `${named} is ${asked.state}, and the newest is version ${newest}.`,
            { code: `${noun}-not-proposed`, remedy: `Look at it: ctc ${noun} show ${id}.` },
          );
        }
        if (asked.proposedBy === by) {
          throw new DomainError('refused', `${named} was proposed by you.`, {
            code: `own-${noun}`,
            remedy: 'Somebody else who may has to approve it.',
          });
        }
        await trx(table).where({ id, version }).update({ approved_by: by, approved_at: now() });
        return record(trx, id, version, { by, done: 'approved', reason });
      }),

    retire: (id, reason, by) =>
      database.transaction(async (trx) => {
        const standing = (await lockedVersions(trx, id)).find(({ state }) => state === 'in-force');
        if (standing === undefined) {
          throw new DomainError('not-found', `No version of ${noun} "${id}" is in force.`, {
            code: `${noun}-not-in-force`,
            remedy: `See those that are: ctc ${noun} list.`,
          });
        }
        // With it every version that it has replaced, or one of those would count again.
        await trx(table)
          .where({ id })
          .whereNotNull('approved_at')
          .whereNull('retired_at')
          .update({ retired_by: by, retired_at: now() });
        return record(trx, id, standing.version, { by, done: 'retired', reason });
      }),
  };
}

function toVersion(row: Row, isNewestApproved: boolean): VersionRecord {
  const state =
    row.retired_at !== null
      ? 'retired'
      : row.approved_at === null
        ? 'proposed'
        : isNewestApproved
          ? 'in-force'
          : 'superseded';
  return {
    id: row.id,
    version: row.version,
    state,
    reason: row.reason,
    proposedBy: row.proposed_by,
    proposedAt: row.proposed_at,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
    retiredBy: row.retired_by,
    retiredAt: row.retired_at,
  };
}
