import type { Knex } from 'knex';
import type { AgendaItem } from '../../domain/approvals/ports.ts';
import { openSteps } from '../../domain/approvals/signature.ts';
import {
  seatsOf,
  standingOf,
  wouldCount,
  type Approver,
  type GivenDecision,
} from '../../domain/approvals/standing.ts';
import type { ApprovalTerms } from '../../domain/approvals/terms.ts';
import type { ChangePlan } from '../../domain/change/ports.ts';
import { approverOf, delegatorsOf } from './approvers.ts';
import { decodeCursor, pageOf } from './cursor.ts';

interface AgendaRow {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly class: string;
  readonly department: string;
  readonly requester: string;
  readonly window_opens_at: string;
  readonly approval_expires_at: string;
  /** With all of its digits. */
  readonly position: string;
  readonly impact: ChangePlan['impact'];
  readonly risk: Pick<NonNullable<ChangePlan['risk']>, 'level' | 'score'> | null;
  readonly terms: ApprovalTerms | null;
  readonly blocking: number;
  readonly warnings: number;
  readonly decisions: readonly GivenDecision[];
}

const positionPattern = /^[\d :.+-]{19,40}\/[0-9a-f-]{36}$/;
/** Read at once while looking for those that wait for the caller. */
const batch = 500;

/** What waits for a decision, that which expires first at the top. */
export async function readAgenda(
  database: Knex,
  caller: string,
  page: { readonly limit: number; readonly cursor?: string; readonly mine: boolean },
  at: string,
): Promise<{ readonly rows: readonly AgendaItem[]; readonly nextCursor?: string }> {
  const { limit, mine } = page;
  const own = await approverOf(database, caller);
  const signers = own === undefined ? [] : [own, ...(await delegatorsOf(database, caller, at))];
  let position = page.cursor === undefined ? undefined : decodeCursor(page.cursor, positionPattern);
  const found: { readonly item: AgendaItem; readonly position: string }[] = [];
  for (;;) {
    const count = mine ? batch : limit + 1;
    const rows = await agendaRows(database, count, position);
    for (const row of rows) {
      const item = toItem(row, signers, caller);
      if (!mine || item.mine) found.push({ item, position: row.position });
    }
    position = rows.at(-1)?.position;
    if (rows.length < count || found.length > limit) break;
  }
  return pageOf(
    found,
    limit,
    ({ item }) => item,
    (last) => last.position,
  );
}

async function agendaRows(
  database: Knex,
  limit: number,
  after: string | undefined,
): Promise<AgendaRow[]> {
  const [expiresAt, id] = after?.split('/') ?? [];
  const { rows } = await database.raw<{ rows: AgendaRow[] }>(
    `select c.id, c.number::integer as number, c.title, c.class, c.department, c.requester,
       c.window_opens_at, c.approval_expires_at,
       c.approval_expires_at::text || '/' || c.id as position,
       c.plan -> 'impact' as impact, c.plan -> 'approval' as terms,
       c.plan -> 'risk' as risk,
       standing.blocking, standing.warnings, given.decisions
     from change c
     left join lateral (
       select count(*) filter (where x.severity = 'blocking')::integer as blocking,
         count(*) filter (where x.severity = 'warning')::integer as warnings
       from conflict x where x.gone_at is null and x.changes @> array[c.id]
     ) as standing on true
     left join lateral (
       select coalesce(jsonb_agg(jsonb_build_object('by', a.decided_by, 'onBehalfOf', a.on_behalf_of,
         'decision', a.decision, 'seats', coalesce(a.seats, '{"quorums":[],"vetoes":[]}')) order by a.number), '[]')
         as decisions
       from approval a where a.change_id = c.id and a.plan_hash = c.plan_hash
     ) as given on true
     where c.state = 'awaiting-approval' and c.plan is not null
       and (cast(:expiresAt as timestamptz) is null
         or (c.approval_expires_at, c.id) > (cast(:expiresAt as timestamptz), cast(:id as uuid)))
     order by c.approval_expires_at, c.id
     limit :limit`,
    { expiresAt: expiresAt ?? null, id: id ?? null, limit },
  );
  return rows;
}

function toItem(row: AgendaRow, signers: readonly Approver[], caller: string): AgendaItem {
  const { terms, decisions, requester, risk } = row;
  return {
    change: `CHG-${row.number}`,
    title: row.title,
    class: row.class,
    department: row.department,
    requester,
    windowOpensAt: row.window_opens_at,
    expiresAt: row.approval_expires_at,
    risk: risk === null ? null : { level: risk.level, score: risk.score },
    impact: row.impact,
    conflicts: { blocking: row.blocking, warnings: row.warnings },
    open: terms === null ? [] : openSteps(standingOf(terms.policies, decisions)),
    mine:
      terms !== null &&
      caller !== requester &&
      isTheirs(
        terms,
        decisions,
        signers.filter(({ id }) => id !== requester),
      ),
  };
}

/** Whether a signature of theirs, or in the place of somebody, would count now. */
function isTheirs(
  { policies, target }: ApprovalTerms,
  decisions: readonly GivenDecision[],
  signers: readonly Approver[],
): boolean {
  const hasSigned = ({ id }: Approver): boolean =>
    decisions.some(({ by, onBehalfOf }) => by === id || onBehalfOf === id);
  const [own] = signers;
  if (own === undefined || hasSigned(own)) return false;
  return signers.some(
    (one) => !hasSigned(one) && wouldCount(policies, decisions, seatsOf(policies, target, one)),
  );
}
