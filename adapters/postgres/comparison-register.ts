import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { ComparisonRegister } from '../../domain/change/ports.ts';
import type { DeploymentPreview, DriftReport } from '../../domain/deployment/comparison.ts';
import { noteDrift } from './unauthorised-changes.ts';

/** What was found when datacentres were only looked at, in PostgreSQL. */
export function createComparisonRegister(database: Knex): ComparisonRegister {
  return {
    async storePreview(changeId, preview) {
      await database('deployment_preview')
        .insert({
          change_id: changeId,
          revision: preview.revision,
          preview: JSON.stringify(preview),
        })
        .onConflict(['change_id', 'revision'])
        .merge();
    },

    async findPreview(changeId, revision) {
      const row = await database('deployment_preview')
        .where({ change_id: changeId, revision })
        .first<{ preview: DeploymentPreview } | undefined>('preview');
      return row?.preview;
    },

    storeDrift: (report) =>
      database.transaction(async (trx) => {
        await trx('drift_check').insert({
          id: uuidv7(),
          application: report.application,
          checked_at: report.at,
          verdict: report.verdict,
          report: JSON.stringify(report),
        });
        await noteDrift(trx, report);
      }),

    async verifiedApplications({ after, limit }) {
      const { rows } = await database.raw<{ rows: { application: string }[] }>(
        `select distinct application from verified_deployment where application > :after
         order by application limit :limit`,
        { after, limit },
      );
      return rows.map(({ application }) => application);
    },

    async latestDrift(application) {
      const row = await database('drift_check')
        .where({ application })
        .orderBy('checked_at', 'desc')
        .first<{ report: DriftReport } | undefined>('report');
      return row?.report;
    },

    async atWork(application) {
      const row = await database('target_lease as l')
        .join('change as c', 'c.id', 'l.change_id')
        .where({ 'l.application': application })
        .whereNull('l.released_at')
        .first<{ number: number } | undefined>('c.number');
      return row === undefined ? undefined : `CHG-${row.number}`;
    },
  };
}
