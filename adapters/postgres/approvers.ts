import type { Knex } from 'knex';
import { isOf, seatsOf, type Approver } from '../../domain/approvals/standing.ts';
import type { ApprovalTerms } from '../../domain/approvals/terms.ts';

/** Somebody as the access register has them now; undefined for nobody and for whoever is disabled. */
export async function approverOf(trx: Knex, id: string): Promise<Approver | undefined> {
  const [found] = await approversAmong(trx, [id]);
  return found;
}

/** Those in whose place somebody may decide at an instant (ISO). */
export async function delegatorsOf(trx: Knex, delegate: string, at: string): Promise<Approver[]> {
  const ids = await trx('approval_delegation')
    .where({ delegate })
    .where('valid_from', '<=', at)
    .where('valid_until', '>', at)
    .whereNull('ended_at')
    .orderBy('created_at')
    .distinct<{ delegator: string; created_at: string }[]>('delegator', 'created_at');
  return approversAmong(
    trx,
    ids.map(({ delegator }) => delegator),
  );
}

/** Everybody who may be asked to decide: enabled, in no order. */
export async function allApprovers(trx: Knex): Promise<Approver[]> {
  return approversAmong(trx);
}

/** Approvers of a plan, by id: who could sign any of its steps, or veto it. */
export async function approversOfPlan(
  trx: Knex,
  terms: ApprovalTerms,
  requester: string,
): Promise<string[]> {
  return idsOf(await allApprovers(trx), (one) => isAsked(terms, requester, one));
}

/** Its approvers, and those whom policies name to be told when a decision is asked for. */
export async function audienceOfPlan(
  trx: Knex,
  terms: ApprovalTerms,
  requester: string,
): Promise<string[]> {
  const { tell, target } = terms;
  return idsOf(
    await allApprovers(trx),
    (one) => isAsked(terms, requester, one) || tell.some((group) => isOf(group, one, target)),
  );
}

function isAsked({ policies, target }: ApprovalTerms, requester: string, one: Approver): boolean {
  const { quorums, vetoes } = seatsOf(policies, target, one);
  return one.id !== requester && quorums.length + vetoes.length > 0;
}

function idsOf(approvers: readonly Approver[], fits: (one: Approver) => boolean): string[] {
  return approvers.filter(fits).map(({ id }) => id);
}

async function approversAmong(trx: Knex, ids?: readonly string[]): Promise<Approver[]> {
  const { rows } = await trx.raw<{ rows: Approver[] }>(
    `select p.id, coalesce(jsonb_agg(jsonb_build_object('role', g.role, 'departments', g.departments,
       'datacentres', g.datacentres, 'solutions', g.solutions) order by g.id) filter (where g.id is not null), '[]') as grants
     from principal p left join role_grant g on g.principal = p.id
     where p.disabled_at is null and p.kind <> 'system'
       and (cast(:ids as text[]) is null or p.id = any (cast(:ids as text[])))
     group by p.id`,
    { ids: ids === undefined ? null : [...ids] },
  );
  return rows;
}
