import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { isEnded, reservedStates, type ChangeState } from '../../domain/change/life-cycle.ts';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import { disturbancesOf } from '../../domain/change/disturbances.ts';
import type { Footprint } from '../../domain/change/ports.ts';
import type { Conflict, Intervention } from '../../domain/conflicts/detect-conflicts.ts';
import { diffConflicts } from '../../domain/conflicts/diff-conflicts.ts';
import { raiseAlert } from './alerts.ts';

/**
 * Held by whoever finds or depends on conflicts, until its transaction ends: two changes cannot both look,
 * both find nothing, and both be approved.
 */
export async function lockConflicts(trx: Knex): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtext('ctc-conflicts'))`);
}

interface InterventionRow {
  readonly id: string;
  readonly number: number;
  readonly requester: string;
  readonly state: ChangeState;
  readonly definition: { readonly request: ChangeRequest };
  readonly window_opens_at: string;
  readonly window_closes_at: string;
  readonly footprint: Footprint | null;
  readonly item: string | null;
}

/** Every intervention that has not ended, with the footprint of its newest assessment. */
export async function liveInterventions(trx: Knex): Promise<Intervention[]> {
  const { rows } = await trx.raw<{ rows: InterventionRow[] }>(`
    select c.id, c.number, c.requester, c.state, c.definition, c.window_opens_at, c.window_closes_at,
      i.impact -> 'footprint' as footprint, a.definition ->> 'item' as item
    from change c
    left join lateral (
      select impact from impact_assessment where change_id = c.id order by revision desc limit 1
    ) i on true
    left join application a on a.name = c.application
    where c.ended_at is null
    order by c.id
  `);
  return rows.map(toIntervention);
}

function toIntervention(row: InterventionRow): Intervention {
  const { request } = row.definition;
  return {
    change: row.id,
    label: `CHG-${row.number}`,
    owner: row.requester,
    state: row.state,
    window: {
      opensAtMs: Date.parse(row.window_opens_at),
      closesAtMs: Date.parse(row.window_closes_at),
    },
    targets: {
      ...(request.kind === 'release' ? { application: request.application } : {}),
      datacentres: request.datacentres,
      items: disturbancesOf(request, row.item ?? undefined),
    },
    footprint: {
      down: new Set(row.footprint?.down),
      degraded: new Set(row.footprint?.degraded),
      atRisk: new Set(row.footprint?.atRisk),
    },
  };
}

interface ConflictRow {
  readonly id: string;
  readonly change_a: string;
  readonly change_b: string;
  readonly kind: Conflict['kind'];
  readonly subject: string;
  readonly severity: Conflict['severity'];
  readonly evidence: { readonly evidence: Conflict['evidence']; readonly remedy: string };
}

const toConflict = (row: ConflictRow): Conflict => ({
  kind: row.kind,
  severity: row.severity,
  subject: row.subject,
  changes: [row.change_a, row.change_b],
  evidence: row.evidence.evidence,
  remedy: row.evidence.remedy,
});

/** Conflicts of one change that stand now. */
export async function presentConflicts(trx: Knex, changeId: string): Promise<Conflict[]> {
  const rows = (await presentRows(trx, changeId)).map(toConflict);
  return rows;
}

async function presentRows(trx: Knex, changeId: string): Promise<ConflictRow[]> {
  return trx('conflict')
    .whereNull('gone_at')
    .andWhereRaw('? in (change_a, change_b)', [changeId])
    .orderBy(['kind', 'subject', 'id']);
}

/**
 * Makes the stored conflicts of a change those that were computed, and alerts the owners of both changes
 * once for each that appears, changes severity or disappears.
 */
export async function storeConflicts(
  trx: Knex,
  changeId: string,
  computed: readonly Conflict[],
  at: string,
): Promise<void> {
  const rows = await presentRows(trx, changeId);
  const rowOf = (conflict: Conflict): ConflictRow | undefined =>
    rows.find(
      (row) =>
        row.change_a === conflict.changes[0] &&
        row.change_b === conflict.changes[1] &&
        row.kind === conflict.kind &&
        row.subject === conflict.subject,
    );
  const { appeared, changed, restated, gone } = diffConflicts(rows.map(toConflict), computed);
  for (const conflict of appeared) {
    const id = uuidv7();
    await trx('conflict').insert({
      id,
      change_a: conflict.changes[0],
      change_b: conflict.changes[1],
      kind: conflict.kind,
      subject: conflict.subject,
      severity: conflict.severity,
      evidence: JSON.stringify({ evidence: conflict.evidence, remedy: conflict.remedy }),
      appeared_at: at,
    });
    await alertOwners(trx, conflict, `conflict/${id}/appeared`, 'conflict', at);
  }
  for (const conflict of changed) {
    const row = rowOf(conflict);
    if (row === undefined) continue;
    await trx('conflict')
      .where({ id: row.id })
      .update({
        severity: conflict.severity,
        evidence: JSON.stringify({ evidence: conflict.evidence, remedy: conflict.remedy }),
      });
    await alertOwners(
      trx,
      conflict,
      `conflict/${row.id}/${conflict.severity}/${at}`,
      'conflict',
      at,
    );
  }
  // A window that moved and still overlaps: the same conflict in other words, and no news to its owners.
  for (const conflict of restated) {
    const row = rowOf(conflict);
    if (row === undefined) continue;
    await trx('conflict')
      .where({ id: row.id })
      .update({
        evidence: JSON.stringify({ evidence: conflict.evidence, remedy: conflict.remedy }),
      });
  }
  for (const conflict of gone) {
    const row = rowOf(conflict);
    if (row === undefined) continue;
    await trx('conflict').where({ id: row.id }).update({ gone_at: at });
    await alertOwners(trx, conflict, `conflict/${row.id}/gone`, 'conflict-gone', at);
  }
}

/** An ended change stands in nobody's way any more. */
export async function dropConflictsOfEnded(
  trx: Knex,
  changeId: string,
  state: ChangeState,
  at: string,
): Promise<void> {
  if (isEnded(state)) await storeConflicts(trx, changeId, [], at);
}

async function alertOwners(
  trx: Knex,
  conflict: Conflict,
  key: string,
  topic: 'conflict' | 'conflict-gone',
  at: string,
): Promise<void> {
  const owners = await trx('change')
    .whereIn('id', conflict.changes)
    .select<{ id: string; number: number; requester: string }[]>('id', 'number', 'requester');
  const labels = owners.map(({ number }) => `CHG-${number}`).sort();
  for (const { id, requester } of owners) {
    await raiseAlert(trx, [requester], {
      key: `${key}/${id}`,
      changeId: id,
      topic,
      subject: `${topic === 'conflict' ? 'Conflict' : 'No conflict any more'} between ${labels.join(' and ')}: ${conflict.kind}`,
      body: `${conflict.evidence.explanation} ${topic === 'conflict' ? conflict.remedy : ''}`.trim(),
      at,
    });
  }
}

/** Labels of approved changes that this one may not be approved against, with the explanation of each. */
export async function approvalBlockers(
  trx: Knex,
  changeId: string,
): Promise<{ label: string; explanation: string }[]> {
  const { rows } = await trx.raw<{ rows: { number: number; explanation: string }[] }>(
    `
      select other.number, k.evidence -> 'evidence' ->> 'explanation' as explanation
      from conflict k
      join change other on other.id = case when k.change_a = :changeId then k.change_b else k.change_a end
      where k.gone_at is null and k.severity = 'blocking' and :changeId in (k.change_a, k.change_b)
        and other.state = any (cast(:reserved as text[]))
      order by other.number
    `,
    { changeId, reserved: [...reservedStates] },
  );
  return rows.map(({ number, explanation }) => ({ label: `CHG-${number}`, explanation }));
}
