import type { ApprovalTerms } from '../../domain/approvals/terms.ts';
import type { Knex } from 'knex';
import { decisiveEvents, type LastWord } from '../../domain/change/ending.ts';
import { isEnded } from '../../domain/change/life-cycle.ts';
import type { ChangeDetail, ChangeReader, WaitReader } from '../../domain/change/readers.ts';
import type { StandingStop } from '../../domain/line/line-stop.ts';
import { targetOfChange } from './access-targets.ts';
import { approversOfPlan } from './approvers.ts';
import { holdersOf } from './grants.ts';
import { coveredChanges, toStandingStop, type LineStopRow } from './line-cover.ts';

/** More names than anybody reads; the answer stays small in a large company. */
const namesAtMost = 50;

/** What the record knows about why a change does not move. */
export function createWaitReader(database: Knex, changes: Pick<ChangeReader, 'get'>): WaitReader {
  return {
    async facts(idOrLabel) {
      const change = await changes.get(idOrLabel);
      const lastWord = isEnded(change.state) ? await lastWordOn(database, change.id) : null;
      const [mayDecide, holders, stops] = await Promise.all([
        mayDecideOn(database, change),
        leaseHoldersOf(database, change),
        lastWord === null
          ? stopsOf(database, change.id)
          : stopsAt(database, change.id, lastWord.at),
      ]);
      return {
        id: change.id,
        label: change.label,
        state: change.state,
        waitingFor: change.waitingFor,
        since: change.updatedAt,
        workUntil: change.window.workUntil ?? change.window.closesAt,
        approvedBy: approvalsOf(change)
          .filter(({ decision }) => decision === 'approved')
          .map(({ by }) => by),
        mayDecide,
        conflicts: change.conflicts
          .filter(({ severity }) => severity === 'blocking')
          .map(({ evidence, with: others, remedy }) => ({
            detail: evidence.explanation,
            with: others.map((other) => other.change),
            remedy,
          })),
        holders,
        stops,
        lastWord,
      };
    },
  };
}

/** Approvals of an earlier plan are void. */
const approvalsOf = ({ approvals, planHash }: ChangeDetail): ChangeDetail['approvals'] =>
  approvals.filter((approval) => approval.planHash === planHash);

async function mayDecideOn(database: Knex, change: ChangeDetail): Promise<string[]> {
  if (change.state !== 'awaiting-approval') return [];
  const [row] = await database('change')
    .where({ id: change.id })
    .select<{ terms: ApprovalTerms | null }[]>(database.raw(`plan -> 'approval' as terms`));
  if (row !== undefined && row.terms !== null) {
    const signed = approvalsOf(change).map(({ by }) => by);
    return (await approversOfPlan(database, row.terms, change.requester))
      .filter((id) => !signed.includes(id))
      .toSorted()
      .slice(0, namesAtMost);
  }
  const done = [change.requester, ...approvalsOf(change).map(({ by }) => by)];
  const target = await targetOfChange(database, change.id);
  const deciders = await holdersOf(database, 'change.decide', target, namesAtMost + done.length);
  return deciders.filter((id) => !done.includes(id)).slice(0, namesAtMost);
}

async function leaseHoldersOf(
  database: Knex,
  { id, application, request }: ChangeDetail,
): Promise<{ change: string; datacentre: string }[]> {
  if (application === null || request.kind !== 'release') return [];
  const rows = await database('target_lease as l')
    .join('change as c', 'c.id', 'l.change_id')
    .where({ 'l.application': application })
    .whereIn('l.datacentre', [...request.datacentres])
    .whereNull('l.released_at')
    .whereNot('l.change_id', id)
    .orderBy('l.datacentre')
    .select<{ number: number; datacentre: string }[]>('c.number', 'l.datacentre');
  return rows.map(({ number, datacentre }) => ({ change: `CHG-${number}`, datacentre }));
}

async function stopsOf(database: Knex, changeId: string): Promise<StandingStop[]> {
  const { rows } = await database.raw<{ rows: LineStopRow[] }>(
    `select s.* from ${coveredChanges} and s.resumed_at is null and c.id = :changeId order by s.id`,
    { changeId },
  );
  return rows.map(toStandingStop);
}

async function lastWordOn(database: Knex, changeId: string): Promise<LastWord | null> {
  const row = await database('change_log')
    .where({ change_id: changeId })
    .whereIn('event', [...decisiveEvents])
    .whereNotNull('to_state')
    .orderBy('id', 'desc')
    .first<LastWord | undefined>('event', 'at', 'message');
  return row ?? null;
}

/** Those that had reached the change by then. */
async function stopsAt(database: Knex, changeId: string, at: string): Promise<StandingStop[]> {
  const rows = await database('line_stop as s')
    .join('line_stop_change as l', 'l.stop_id', 's.id')
    .where('l.change_id', changeId)
    .where('s.stopped_at', '<=', at)
    .andWhere((query) => {
      void query.whereNull('s.resumed_at').orWhere('s.resumed_at', '>', at);
    })
    .orderBy('s.id')
    .select<LineStopRow[]>('s.*');
  return rows.map(toStandingStop);
}
