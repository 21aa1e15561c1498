import type { Knex } from 'knex';
import { budgetPeriodMs, minutesKeptMs } from '../../domain/guardian/burn-rate.ts';
import type { SampledBucket } from '../../domain/guardian/evaluate.ts';
import type { SampleStore } from '../../domain/guardian/ports.ts';

const minuteMs = 60_000;

/** Samples of running applications, counted by the minute and, once they are old, by the hour. */
export function createSampleStore(database: Knex): SampleStore {
  return {
    async add({ application, changeId, attempt }, samples, at) {
      if (samples.length === 0) return;
      const startsAt = new Date(Math.floor(Date.parse(at) / minuteMs) * minuteMs).toISOString();
      await database('guardian_bucket')
        .insert(
          samples.map(({ sli, datacentre, component, total, good }) => ({
            application,
            change_id: changeId,
            attempt,
            sli,
            datacentre,
            component,
            starts_at: startsAt,
            width_seconds: 60,
            total,
            good,
          })),
        )
        .onConflict([
          'application',
          'starts_at',
          'width_seconds',
          'sli',
          'datacentre',
          'component',
          'change_id',
          'attempt',
        ])
        .merge({
          total: database.raw('guardian_bucket.total + excluded.total'),
          good: database.raw('guardian_bucket.good + excluded.good'),
        });
    },

    async buckets({ application, changeId, attempt }, nowMs) {
      const { rows } = await database.raw<{
        rows: (Omit<SampledBucket, 'startMs' | 'widthMs'> & { starts_at: string; width: number })[];
      }>(
        `
          select sli, datacentre, component, starts_at, width_seconds as width, total, good,
            (change_id = :changeId and attempt = :attempt) as current
          from guardian_bucket where application = :application and starts_at > :since
        `,
        { application, changeId, attempt, since: new Date(nowMs - budgetPeriodMs).toISOString() },
      );
      return rows.map(({ starts_at, width, ...counts }) => ({
        ...counts,
        startMs: Date.parse(starts_at),
        widthMs: width * 1000,
      }));
    },

    async compact(application, nowMs) {
      // In one statement: what is merged goes and comes in the same moment.
      await database.raw(
        `
          with merged as (
            delete from guardian_bucket
            where application = :application and width_seconds = 60
              and starts_at < date_trunc('hour', cast(:before as timestamptz), 'UTC')
            returning *
          )
          insert into guardian_bucket (application, change_id, attempt, sli, datacentre, component,
            starts_at, width_seconds, total, good)
          select application, change_id, attempt, sli, datacentre, component,
            date_trunc('hour', starts_at, 'UTC'), 3600, sum(total), sum(good)
          from merged group by 1, 2, 3, 4, 5, 6, 7
          on conflict (application, starts_at, width_seconds, sli, datacentre, component, change_id, attempt)
          do update set total = guardian_bucket.total + excluded.total,
            good = guardian_bucket.good + excluded.good
        `,
        { application, before: new Date(nowMs - minutesKeptMs).toISOString() },
      );
      await database('guardian_bucket')
        .where({ application })
        .andWhere('starts_at', '<', new Date(nowMs - budgetPeriodMs).toISOString())
        .delete();
    },
  };
}
