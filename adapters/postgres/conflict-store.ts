import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { type Conflict, type Intervention } from '../../domain/conflicts/conflict.ts';
import { conflictKey, diffConflicts } from '../../domain/conflicts/diff-conflicts.ts';
import { recompute, type PresentConflicts } from '../../domain/conflicts/recompute.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryEngine } from '../../domain/impact/ports.ts';
import type { WindowInstants } from '../../domain/windows/window-rules.ts';
import { raiseAlert } from './alerts.ts';
import { selectInterventions, toIntervention, type InterventionRow } from './interventions.ts';

export type ConflictFinder = Pick<InventoryEngine, 'conflictsOf' | 'crowdsIn'>;

/**
 * Held, until its transaction ends, by whoever changes what conflicts are found by, or keeps them: the kept set
 * is always of one state of all interventions.
 */
export async function lockConflicts(trx: Knex): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtext('ctc-conflicts'))`);
}

/** Tells the engines of all processes that the change is another intervention now. Needs the conflicts' lock. */
export async function renumberIntervention(trx: Knex, changeId: string): Promise<void> {
  await trx('change')
    .where({ id: changeId })
    .update({ intervention_seq: trx.raw(`nextval('intervention_seq')`) });
}

/** The change as the caller's transaction sees it; null when it has ended or has not been assessed. */
export async function interventionOf(trx: Knex, changeId: string): Promise<Intervention | null> {
  const { rows } = await trx.raw<{ rows: InterventionRow[] }>(
    `${selectInterventions} where c.id = :changeId and c.ended_at is null and c.intervention_seq is not null`,
    { changeId },
  );
  return rows[0] === undefined ? null : toIntervention(rows[0]);
}

/** The change as it was asked for, whether or not it has been assessed. @throws DomainError `not-found`. */
export async function interventionAsked(database: Knex, changeId: string): Promise<Intervention> {
  const { rows } = await database.raw<{ rows: InterventionRow[] }>(
    `${selectInterventions} where c.id = :changeId`,
    { changeId },
  );
  if (rows[0] !== undefined) return toIntervention(rows[0]);
  throw new DomainError('not-found', `There is no change ${changeId}.`, { code: 'no-such-change' });
}

/**
 * Makes the kept conflicts what they are now that the change is as the caller's transaction sees it, and alerts
 * the owners of all changes involved once for each that appears, changes severity or disappears. Needs the
 * conflicts' lock. Returns those that the change has now.
 */
export async function keepConflicts(
  trx: Knex,
  engine: ConflictFinder,
  changeId: string,
  at: string,
  windowBefore?: WindowInstants,
): Promise<readonly Conflict[]> {
  const intervention = await interventionOf(trx, changeId);
  const asIf = { change: changeId, intervention };
  const finder = {
    windowOf: () => intervention?.window,
    conflictsOf: () => engine.conflictsOf(asIf),
    crowdsIn: (range: WindowInstants) => engine.crowdsIn(asIf, range),
  };
  const { before, now } = await recompute(finder, presentIn(trx), changeId, windowBefore);
  await replaceConflicts(trx, before, now, at);
  return now.filter(({ changes }) => changes.includes(changeId));
}

interface ConflictRow {
  readonly id: string;
  readonly changes: readonly string[];
  readonly kind: Conflict['kind'];
  readonly subject: string;
  readonly severity: Conflict['severity'];
  readonly evidence: { readonly evidence: Conflict['evidence']; readonly remedy: string };
}

type KeptConflict = Conflict & { readonly id: string };

const toConflict = (row: ConflictRow): KeptConflict => ({
  id: row.id,
  kind: row.kind,
  severity: row.severity,
  subject: row.subject,
  changes: row.changes,
  evidence: row.evidence.evidence,
  remedy: row.evidence.remedy,
});

/** Conflicts of one change that stand now. */
export async function presentConflicts(trx: Knex, changeId: string): Promise<KeptConflict[]> {
  const rows = await trx('conflict')
    .whereNull('gone_at')
    .andWhereRaw('changes @> array[?]::uuid[]', [changeId])
    .orderBy(['kind', 'subject', 'id'])
    .select<ConflictRow[]>('id', 'changes', 'kind', 'subject', 'severity', 'evidence');
  return rows.map(toConflict);
}

function presentIn(trx: Knex): PresentConflicts {
  return {
    of: (change) => presentConflicts(trx, change),
    async crowdsIn({ opensAtMs, closesAtMs }) {
      const rows = await trx('conflict')
        .whereNull('gone_at')
        .andWhereRaw('cardinality(changes) > 2')
        .andWhereRaw('during && tstzrange(?, ?)', [
          new Date(opensAtMs).toISOString(),
          new Date(closesAtMs).toISOString(),
        ])
        .select<ConflictRow[]>('id', 'changes', 'kind', 'subject', 'severity', 'evidence');
      return rows.map(toConflict);
    },
  };
}

async function replaceConflicts(
  trx: Knex,
  before: readonly Conflict[],
  now: readonly Conflict[],
  at: string,
): Promise<void> {
  const ids = new Map(before.map((kept) => [conflictKey(kept), (kept as KeptConflict).id]));
  const { appeared, changed, restated, gone } = diffConflicts(before, now);
  const news: [Conflict, string, 'conflict' | 'conflict-gone'][] = [];
  for (const conflict of appeared) {
    const id = uuidv7();
    await trx('conflict').insert({ id, appeared_at: at, ...columnsOf(trx, conflict) });
    news.push([conflict, `conflict/${id}/appeared`, 'conflict']);
  }
  // A window that moved and still overlaps: the same conflict in other words, and no news to its owners.
  for (const conflict of [...changed, ...restated]) {
    const id = ids.get(conflictKey(conflict)) ?? '';
    await trx('conflict').where({ id }).update(columnsOf(trx, conflict));
    if (changed.includes(conflict)) {
      news.push([conflict, `conflict/${id}/${conflict.severity}/${at}`, 'conflict']);
    }
  }
  for (const conflict of gone) {
    const id = ids.get(conflictKey(conflict)) ?? '';
    await trx('conflict').where({ id }).update({ gone_at: at });
    news.push([conflict, `conflict/${id}/gone`, 'conflict-gone']);
  }
  for (const [conflict, key, topic] of news) await alertOwners(trx, conflict, key, topic, at);
}

function columnsOf(trx: Knex, conflict: Conflict): Record<string, unknown> {
  const { changes, kind, subject, severity, evidence, remedy } = conflict;
  return {
    changes: [...changes],
    kind,
    subject,
    severity,
    evidence: JSON.stringify({ evidence, remedy }),
    during: trx.raw('tstzrange(?, ?)', [evidence.overlap.from, evidence.overlap.to]),
  };
}

async function alertOwners(
  trx: Knex,
  conflict: Conflict,
  key: string,
  topic: 'conflict' | 'conflict-gone',
  at: string,
): Promise<void> {
  const owners = await trx('change')
    .whereIn('id', [...conflict.changes])
    .orderBy('number')
    .select<{ id: string; number: number; requester: string }[]>('id', 'number', 'requester');
  const labels = owners.map(({ number }) => `CHG-${number}`);
  const among = labels.length > 1 ? `between ${labels.join(' and ')}` : `of ${labels.join()}`;
  for (const { id, requester } of owners) {
    await raiseAlert(trx, [requester], {
      key: `${key}/${id}`,
      changeId: id,
      topic,
      subject: `${topic === 'conflict' ? 'Conflict' : 'No conflict any more'} ${among}: ${conflict.kind}`,
      body: `${conflict.evidence.explanation} ${topic === 'conflict' ? conflict.remedy : ''}`.trim(),
      at,
    });
  }
}
