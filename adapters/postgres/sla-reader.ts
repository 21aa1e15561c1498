import type { Knex } from 'knex';
import { applicationSla } from '../../domain/acsmi/application-sla.ts';
import type { SlaReader } from '../../domain/acsmi/ports.ts';
import { dayOf } from '../../domain/acsmi/utc-days.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Placement } from '../../domain/placement/simulation.ts';
import { standingAtDeployment, standingOn } from './contract-terms.ts';

export interface SlaReaderDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

interface RunningRow {
  readonly required: number;
  readonly change_id: string | null;
  readonly change_number: number;
  readonly attempt: number;
  readonly release_version: string;
  readonly placement: Placement;
  readonly verified_at: string;
}

/** What an application is promised as it stands, by today's terms and by those when it was verified. */
export function createSlaReader({ database, now }: SlaReaderDeps): SlaReader {
  return {
    async sla(application) {
      const { rows } = await database.raw<{ rows: RunningRow[] }>(
        `select (a.definition #>> '{nfrs,availability,minPercent}')::double precision as required,
           v.change_id, c.number as change_number, v.attempt, v.release_version, v.placement, v.verified_at
         from application a left join lateral (
           select * from verified_deployment where application = a.name order by verified_at desc limit 1
         ) v on true left join change c on c.id = v.change_id
         where a.name = ?`,
        [application],
      );
      const [row] = rows;
      const changeId = row?.change_id ?? null;
      if (row === undefined || changeId === null) throw nothingRuns(application, row !== undefined);
      const { required, placement, attempt } = row;
      const deployment = { application, changeId, attempt };
      const [standing, then] = await Promise.all([
        standingOn(database, application, placement, dayOf(now())),
        standingAtDeployment(database, deployment, placement),
      ]);
      return {
        application,
        release: row.release_version,
        change: `CHG-${row.change_number}`,
        verifiedAt: row.verified_at,
        ...applicationSla(standing, required),
        atDeployment: then === undefined ? null : applicationSla(then, required),
      };
    },
  };
}

function nothingRuns(application: string, isRegistered: boolean): DomainError {
  return isRegistered
    ? new DomainError('not-found', `Nothing of ${application} has been verified yet.`, {
        code: 'nothing-runs',
        remedy: 'What it is promised depends on where it stands: deploy a release first.',
      })
    : new DomainError('not-found', `There is no application "${application}".`, {
        code: 'no-such-application',
      });
}
