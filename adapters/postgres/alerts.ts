import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { templatePrincipal } from '../../domain/approvals/template-principal.ts';
import type { ApprovalTerms } from '../../domain/approvals/terms.ts';
import type { LogEntry } from '../../domain/change/story.ts';
import { guardianPrincipal, policyPrincipal } from '../../domain/guardian/ports.ts';
import { targetOfChange } from './access-targets.ts';
import { audienceOfPlan } from './approvers.ts';
import { holdersOf } from './grants.ts';

export interface NewAlert {
  /** With the recipient it makes the alert unique: raised once however often the step is repeated. */
  readonly key: string;
  /** Null where it is about no change. */
  readonly changeId: string | null;
  readonly topic: string;
  readonly subject: string;
  readonly body: string;
  readonly at: string;
}

/** Puts an alert into each recipient's inbox, in the caller's transaction. */
export async function raiseAlert(
  trx: Knex,
  recipients: readonly string[],
  alert: NewAlert,
): Promise<void> {
  const unique = [...new Set(recipients)];
  if (unique.length === 0) return;
  await trx('alert')
    .insert(
      unique.map((recipient) => ({
        id: uuidv7(),
        recipient,
        key: alert.key,
        change_id: alert.changeId,
        topic: alert.topic,
        subject: alert.subject,
        body: alert.body,
        created_at: alert.at,
      })),
    )
    .onConflict(['recipient', 'key'])
    .ignore();
}

/** The people behind a log entry's audience; the one who acted already knows. */
export async function audienceOf(
  trx: Knex,
  changeId: string,
  audience: NonNullable<LogEntry['alert']>,
  actor: string,
): Promise<string[]> {
  const change = await trx('change')
    .where({ id: changeId })
    .first<AudienceRow>(
      'requester',
      trx.raw('origin is not null as is_correction'),
      trx.raw(`plan -> 'approval' as approval`),
    );
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `
      select requester as id from change where id = :changeId
      union
      select decided_by from approval where change_id = :changeId and :involved
      union
      select p.id from change_log l join principal p on p.id = l.actor
      where l.change_id = :changeId and :involved
      union
      select corrected.requester from change c
        join change corrected on corrected.id = cast(c.origin #>> '{corrects,changeId}' as uuid)
      where c.id = :changeId
    `,
    { changeId, involved: audience === 'everyone-involved' },
  );
  const nobodys = [actor, guardianPrincipal, policyPrincipal, templatePrincipal];
  const asked = audience === 'approvers' ? await askedOf(trx, changeId, change) : [];
  // Nobody asked for what the guardian does: those who may answer it are told, and whose change it corrects.
  const answering = change.is_correction
    ? await holdersOf(trx, 'guardian.decide', await targetOfChange(trx, changeId))
    : [];
  return [...new Set([...rows.map(({ id }) => id), ...asked, ...answering])].filter(
    (id) => !nobodys.includes(id),
  );
}

interface AudienceRow {
  readonly requester: string;
  readonly is_correction: boolean;
  readonly approval: ApprovalTerms | null;
}

/** Those whom the policies ask, and those they tell; before there were policies, whoever may decide. */
async function askedOf(
  trx: Knex,
  changeId: string,
  { approval, requester }: AudienceRow,
): Promise<string[]> {
  return approval === null
    ? holdersOf(trx, 'change.decide', await targetOfChange(trx, changeId))
    : audienceOfPlan(trx, approval, requester);
}

/** Those of the principals who can be alerted; the one who acted already knows. */
export async function knownOf(
  trx: Knex,
  principals: readonly string[],
  actor: string,
): Promise<string[]> {
  if (principals.length === 0) return [];
  return trx('principal')
    .whereIn('id', [...principals])
    .whereNot('id', actor)
    .whereNull('disabled_at')
    .pluck<string[]>('id');
}
