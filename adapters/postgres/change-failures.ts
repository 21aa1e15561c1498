import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import {
  carriedOut,
  changeFailureDefinition,
  failureRatePercent,
  hasFailed,
  type CarriedOut,
  type ChangeFailureReader,
  type FailedChange,
  type FailureCounts,
} from '../../domain/problems/change-failures.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { incidentLabel } from './incident-rows.ts';

interface GroupRow {
  readonly class: string;
  readonly outcome: CarriedOut;
  readonly caused: boolean;
  readonly changes: number;
}

interface FailedRow {
  readonly number: number;
  readonly title: string;
  readonly class: string;
  readonly application: string | null;
  readonly outcome: CarriedOut;
  readonly ended_at: string;
  readonly incidents: number[] | null;
}

const isAttributed = `exists (select from incident_change l
  where l.change_id = c.id and l.kind = 'caused-by' and l.withdrawn_at is null)`;

/** Which changes failed, as `changeFailureDefinition` says. */
export function createChangeFailureReader(database: Knex): ChangeFailureReader {
  return {
    async failures({ from, to }, { limit, cursor }) {
      if (Date.parse(from) >= Date.parse(to)) {
        throw new DomainError('invalid', 'The period ends before it begins.', {
          code: 'invalid-period',
          complaints: [{ field: 'to', message: `is not after ${from}` }],
        });
      }
      const inPeriod = () =>
        database('change as c')
          .whereIn('c.outcome', [...carriedOut])
          .andWhere('c.ended_at', '>=', from)
          .andWhere('c.ended_at', '<', to);
      const groups = await inPeriod()
        .groupBy('c.class', 'c.outcome', 'caused')
        .select<GroupRow[]>(
          'c.class',
          'c.outcome',
          database.raw(`${isAttributed} as caused`),
          database.raw('count(*) as changes'),
        );
      const failed = inPeriod()
        .andWhere((query) => {
          void query.whereNot('c.outcome', 'completed').orWhereRaw(isAttributed);
        })
        .orderBy('c.number', 'desc')
        .limit(limit + 1);
      if (cursor !== undefined) {
        void failed.where('c.number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      const rows = await failed.select<FailedRow[]>(
        'c.number',
        'c.title',
        'c.class',
        'c.application',
        'c.outcome',
        'c.ended_at',
        database.raw(`(select json_agg(i.number order by i.number) from incident_change l
          join incident i on i.id = l.incident_id
          where l.change_id = c.id and l.kind = 'caused-by' and l.withdrawn_at is null) as incidents`),
      );
      const all = countsOf(groups);
      return {
        ...{ from, to, definition: changeFailureDefinition },
        ...all,
        ratePercent: failureRatePercent(all),
        byClass: [...Map.groupBy(groups, (group) => group.class)]
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, ofClass]) => {
            const counts = countsOf(ofClass);
            return { class: name, ...counts, ratePercent: failureRatePercent(counts) };
          }),
        ...pageOf(rows, limit, toFailed, ({ number }) => number),
      };
    },
  };
}

function countsOf(groups: readonly GroupRow[]): FailureCounts {
  const sum = (counts: (group: GroupRow) => boolean): number =>
    groups.filter(counts).reduce((total, { changes }) => total + changes, 0);
  return {
    changes: sum(() => true),
    failed: sum(({ outcome, caused }) => hasFailed({ outcome, incidents: caused ? 1 : 0 })),
    rolledBack: sum(({ outcome }) => outcome === 'rolled-back'),
    rollbackIncomplete: sum(({ outcome }) => outcome === 'rollback-incomplete'),
    causedIncident: sum(({ caused }) => caused),
  };
}

function toFailed(row: FailedRow): FailedChange {
  return {
    change: `CHG-${row.number}`,
    title: row.title,
    class: row.class,
    application: row.application,
    outcome: row.outcome,
    endedAt: row.ended_at,
    incidents: (row.incidents ?? []).map(incidentLabel),
  };
}
