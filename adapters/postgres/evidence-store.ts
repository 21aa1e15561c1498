import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import type {
  EvidenceGiven,
  EvidenceHandover,
  EvidenceStore,
  StoredEvidence,
} from '../../domain/incidents/evidence-ports.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import {
  checkInstant,
  findIncident,
  findOpenIncident,
  incidentLabel,
  type IncidentRow,
} from './incident-rows.ts';
import { noteIncident } from './incidents.ts';
import { appendToLedger } from './ledger-append.ts';

interface EvidenceRow {
  readonly id: string;
  readonly number: number;
  readonly what: string;
  readonly how: string;
  readonly location: string;
  readonly obtained_by: string;
  readonly obtained_at: string;
  readonly sha256: string;
  readonly size_bytes: number | null;
  readonly file_name: string | null;
  readonly media_type: string | null;
  readonly recorded_by: string;
  readonly recorded_at: string;
}

interface HandoverRow {
  readonly evidence_id: string;
  readonly number: number;
  readonly given_by: string;
  readonly taken_by: string;
  readonly reason: string;
  readonly at: string;
  readonly recorded_by: string;
  readonly recorded_at: string;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Evidence with its chain of custody; triggers keep what has been taken. */
export function createEvidenceStore({ database, now }: RegisterDeps): EvidenceStore {
  const add = (
    idOrLabel: string,
    given: EvidenceGiven & { readonly sha256: string },
    by: string,
    file?: { readonly fileName: string; readonly mediaType: string; readonly content: Buffer },
  ): Promise<StoredEvidence> =>
    database.transaction(async (trx) => {
      // Locked: the next number is nobody else's.
      const incident = await findOpenIncident(trx, idOrLabel);
      checkInstant('obtainedAt', given.obtainedAt, { now: now() });
      const number = (await countOf(trx, incident.id)) + 1;
      const id = uuidv7();
      await trx('incident_evidence').insert({
        ...{ id, incident_id: incident.id, number, what: given.what, how: given.how },
        ...{ location: given.location, sha256: given.sha256 },
        obtained_by: given.obtainedBy,
        obtained_at: given.obtainedAt,
        size_bytes: file?.content.length ?? null,
        file_name: file?.fileName ?? null,
        media_type: file?.mediaType ?? null,
        recorded_by: by,
        recorded_at: now(),
      });
      if (file !== undefined) {
        await trx('incident_evidence_content').insert({ evidence_id: id, content: file.content });
      }
      await noteIncident(trx, {
        ...{ incident: incident.id, key: `evidence/${number}`, actor: by, at: now() },
        action: 'evidence-taken',
        message: `Evidence E${number}: ${given.what}, obtained by ${given.obtainedBy} (${given.how}), SHA-256 ${given.sha256}`,
        details: { evidence: id, ...withoutContent(given), sizeBytes: file?.content.length },
      });
      return findStored(trx, incident, `E${number}`);
    });

  return {
    addFile: (incident, { content, fileName, mediaType, ...given }, by) =>
      add(incident, { ...given, sha256: sha256(content) }, by, { content, fileName, mediaType }),

    addReference: (incident, given, by) => add(incident, given, by),

    handOver: (idOrLabel, label, { to, reason, at }, by) =>
      database.transaction(async (trx) => {
        // Evidence goes on from hand to hand after its incident is closed.
        const incident = await findIncident(trx, idOrLabel, { forUpdate: true });
        const { id } = await findRow(trx, incident, label);
        const before = await findStored(trx, incident, label);
        const last = before.handovers.at(-1);
        checkInstant('at', at, { now: now(), notBefore: last?.at ?? before.obtainedAt });
        if (before.custodian === to) {
          throw new DomainError('refused', `${to} has ${before.label} already.`, {
            code: 'same-custodian',
          });
        }
        await trx('evidence_handover').insert({
          ...{ evidence_id: id, number: before.handovers.length + 1, reason, at },
          given_by: before.custodian,
          taken_by: to,
          recorded_by: by,
          recorded_at: now(),
        });
        await noteIncident(trx, {
          ...{ incident: incident.id, key: `handover/${uuidv7()}`, actor: by, at: now() },
          action: 'evidence-handed-over',
          message: `${before.label} went from ${before.custodian} to ${to}: ${reason}`,
          happenedAt: at,
          details: { evidence: id, from: before.custodian, taker: to, at },
        });
        return findStored(trx, incident, label);
      }),

    read: (idOrLabel, label, by) =>
      database.transaction(async (trx) => {
        const incident = await findIncident(trx, idOrLabel);
        const { id } = await findRow(trx, incident, label);
        const evidence = await findStored(trx, incident, label);
        const row = await trx('incident_evidence_content')
          .where({ evidence_id: id })
          .first<{ content: Buffer } | undefined>('content');
        if (row === undefined) {
          throw new DomainError('not-found', `The content of ${evidence.label} is not kept here.`, {
            code: 'evidence-elsewhere',
            remedy: `It is at: ${evidence.location}. Its SHA-256 must be ${evidence.sha256}.`,
          });
        }
        if (sha256(row.content) !== evidence.sha256) {
          throw new DomainError(
            'conflict',
            `What is stored as ${evidence.label} is no longer what was taken: its hash is another.`,
            {
              code: 'evidence-altered',
              remedy: 'Keep the database as it is, and find out who altered it.',
            },
          );
        }
        // Who has seen it belongs to the chain of custody.
        await appendToLedger(trx, {
          at: now(),
          actor: by,
          action: 'incident.evidence-read',
          subject: { kind: 'incident', id: incident.id },
          details: { evidence: id, label: evidence.label, sha256: evidence.sha256 },
        });
        return { evidence, content: row.content };
      }),
  };
}

/** All of an incident, in the order in which it was taken. */
export async function evidenceOfIncident(trx: Knex, incident: string): Promise<StoredEvidence[]> {
  const rows = await trx('incident_evidence')
    .where({ incident_id: incident })
    .orderBy('number')
    .select<EvidenceRow[]>();
  const handovers = await trx('evidence_handover')
    .whereIn(
      'evidence_id',
      rows.map(({ id }) => id),
    )
    .orderBy('number')
    .select<HandoverRow[]>();
  return rows.map((row) =>
    toStored(
      row,
      handovers.filter((one) => one.evidence_id === row.id),
    ),
  );
}

async function findStored(
  trx: Knex,
  incident: IncidentRow,
  label: string,
): Promise<StoredEvidence> {
  const all = await evidenceOfIncident(trx, incident.id);
  const found = all.find((one) => one.label === label.toUpperCase());
  if (found === undefined) throw noSuchEvidence(incident, label);
  return found;
}

async function findRow(trx: Knex, incident: IncidentRow, label: string): Promise<{ id: string }> {
  const number = /^E(\d{1,9})$/i.exec(label)?.[1];
  const row =
    number === undefined
      ? undefined
      : await trx('incident_evidence')
          .where({ incident_id: incident.id, number: Number(number) })
          .first<{ id: string } | undefined>('id');
  if (row === undefined) throw noSuchEvidence(incident, label);
  return row;
}

function noSuchEvidence(incident: IncidentRow, label: string): DomainError {
  const of = incidentLabel(incident.number);
  return new DomainError('not-found', `${of} has no evidence "${label}".`, {
    code: 'no-such-evidence',
    remedy: `Use a label such as E1; ctc incident show ${of} lists them.`,
  });
}

async function countOf(trx: Knex, incident: string): Promise<number> {
  const [row] = await trx('incident_evidence')
    .where({ incident_id: incident })
    .count<{ count: number }[]>('* as count');
  return row?.count ?? 0;
}

function withoutContent(
  given: EvidenceGiven & { readonly sha256: string },
): Record<string, unknown> {
  const { what, how, location, obtainedBy, obtainedAt } = given;
  return { what, how, location, obtainedBy, obtainedAt, sha256: given.sha256 };
}

function toStored(row: EvidenceRow, handovers: readonly HandoverRow[]): StoredEvidence {
  return {
    label: `E${row.number}`,
    what: row.what,
    how: row.how,
    location: row.location,
    obtainedBy: row.obtained_by,
    obtainedAt: row.obtained_at,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    fileName: row.file_name,
    mediaType: row.media_type,
    stored: row.size_bytes !== null,
    custodian: handovers.at(-1)?.taken_by ?? row.obtained_by,
    recordedBy: row.recorded_by,
    recordedAt: row.recorded_at,
    handovers: handovers.map(toHandover),
  };
}

function toHandover(row: HandoverRow): EvidenceHandover {
  return {
    number: row.number,
    givenBy: row.given_by,
    takenBy: row.taken_by,
    reason: row.reason,
    at: row.at,
    recordedBy: row.recorded_by,
    recordedAt: row.recorded_at,
  };
}
