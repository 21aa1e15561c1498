import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import type { ChangePlan, RolloutRegister, StoredAttempt } from '../../domain/change/ports.ts';
import { withoutSites } from '../../domain/change/leave-out.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Measurement, SimulationResult } from '../../domain/placement/simulation.ts';
import type { VerificationReport } from '../../domain/verification/judge-verification.ts';
import type { StoredDefinition } from './change-register.ts';
import { currentOfVerified } from './current-placement.ts';
import { toMeasurement, type MeasurementRow } from './measurement-rows.ts';
import { placesFor, type PlacesInventory } from './places.ts';
import { acquireLeases } from './target-leases.ts';

export interface RolloutRegisterDeps {
  readonly database: Knex;
  readonly inventory: PlacesInventory;
}

interface AttemptRow {
  readonly change_id: string;
  readonly number: number;
  readonly kind: StoredAttempt['kind'];
  readonly application: string;
  readonly release_version: string;
  readonly release_digest: string;
  readonly placement: StoredAttempt['placement'];
  readonly waves: StoredAttempt['waves'];
  readonly desired: StoredAttempt['desired'];
  readonly endpoints: StoredAttempt['endpoints'];
  readonly tokens: Readonly<Record<string, number>>;
  readonly unlike_shown: readonly string[];
}

/** What was simulated, deployed and measured, in PostgreSQL. */
export function createRolloutRegister({
  database,
  inventory,
}: RolloutRegisterDeps): RolloutRegister {
  const attemptRow = (ref: {
    changeId: string;
    attempt: number;
  }): Promise<AttemptRow | undefined> =>
    database('attempt').where({ change_id: ref.changeId, number: ref.attempt }).first();

  return {
    async findSimulation({ changeId, attempt }) {
      const row = await database('simulation')
        .where({ change_id: changeId, attempt })
        .first<{ result: SimulationResult } | undefined>('result');
      return row?.result;
    },

    async simulationInput(changeId, measuredSince) {
      const change = await database('change')
        .where({ id: changeId })
        .first<
          { definition: StoredDefinition; application: string; plan: ChangePlan | null } | undefined
        >('definition', 'application', 'plan');
      if (change?.definition.request.kind !== 'release') {
        throw new DomainError('invalid', `Change ${changeId} does not deploy a release.`, {
          code: 'not-a-release',
        });
      }
      const { datacentres } = change.definition.request;
      // As it was approved: what was changed in its definition since counts for the next change.
      const definition = applicationDefinitionSchema.parse(change.plan?.application);
      const current = await currentOfVerified(database, definition);
      return {
        application: definition,
        ...(current === undefined ? {} : { current }),
        ...(await placesFor(database, inventory, {
          application: change.application,
          datacentres,
        })),
        measurements: await newestMeasurements(database, changeId, measuredSince),
      };
    },

    async storeSimulation({ changeId, attempt }, input, result, at) {
      await database('simulation')
        .insert({
          id: uuidv7(),
          change_id: changeId,
          attempt,
          application: input.application.name,
          engine: `${result.engine.name} ${result.engine.version}`,
          inputs: JSON.stringify(input),
          inputs_hash: result.inputsHash,
          result: JSON.stringify(result),
          simulated_at: at,
        })
        .onConflict(['change_id', 'attempt'])
        .ignore();
    },

    async findAttempt(ref) {
      const row = await attemptRow(ref);
      return row === undefined ? undefined : toAttempt(row);
    },

    async hasAttempts(changeId) {
      const row = await database('attempt')
        .where({ change_id: changeId })
        .first<{ number: number } | undefined>('number');
      return row !== undefined;
    },

    async occupiedDatacentres(changeId, application) {
      const { rows } = await database.raw<{ rows: { datacentre: string }[] }>(
        `
          select distinct datacentre from (
            select jsonb_object_keys(desired) as datacentre from attempt where change_id = :changeId
            union all
            select assignment ->> 'datacentre'
            from (
              select placement from verified_deployment
              where application = :application and change_id <> :changeId
              order by verified_at desc limit 1
            ) latest, jsonb_array_elements(latest.placement -> 'assignments') assignment
          ) occupied order by datacentre
        `,
        { changeId, application },
      );
      return rows.map(({ datacentre }) => datacentre);
    },

    storeAttempt: (attempt, at) =>
      database.transaction(async (trx) => {
        const known = await trx('attempt')
          .where({ change_id: attempt.changeId, number: attempt.attempt })
          .first<{ number: number } | undefined>('number');
        if (known !== undefined) return;
        const tokens = await acquireLeases(trx, attempt, Object.keys(attempt.desired), at);
        await trx('attempt').insert({
          change_id: attempt.changeId,
          number: attempt.attempt,
          kind: attempt.kind,
          application: attempt.application,
          release_version: attempt.releaseVersion,
          release_digest: attempt.releaseDigest,
          placement: JSON.stringify(attempt.placement),
          waves: JSON.stringify(attempt.waves),
          desired: JSON.stringify(attempt.desired),
          tokens: JSON.stringify(tokens),
          endpoints: JSON.stringify(attempt.endpoints),
          unlike_shown: [...(attempt.unlikeShown ?? [])],
          started_at: at,
        });
        await trx('change')
          .where({ id: attempt.changeId })
          .update({ attempt: attempt.attempt, version: trx.raw('version + 1'), updated_at: at });
      }),

    leaveOut: ({ changeId, attempt }, instead) =>
      database.transaction(async (trx) => {
        const row = await trx('attempt')
          .where({ change_id: changeId, number: attempt })
          .forUpdate()
          .first<AttemptRow | undefined>();
        if (row === undefined) throw noSuchAttempt(changeId, attempt);
        const { placement, desired, endpoints } = withoutSites(toAttempt(row), instead);
        await trx('attempt')
          .where({ change_id: changeId, number: attempt })
          .update({
            placement: JSON.stringify(placement),
            desired: JSON.stringify(desired),
            endpoints: JSON.stringify(endpoints),
          });
      }),

    async siteTarget({ changeId, attempt, datacentre }) {
      const row = await attemptRow({ changeId, attempt });
      const desired = row?.desired[datacentre];
      const token = row?.tokens[datacentre];
      if (desired === undefined || token === undefined) {
        throw new DomainError(
          'not-found',
          `Attempt ${attempt} of change ${changeId} has nothing for ${datacentre}.`,
          { code: 'no-such-site' },
        );
      }
      return { desired, fence: { token, change: changeId, attempt } };
    },

    async storeMeasurements({ changeId, attempt }, measurements) {
      if (measurements.length === 0) return;
      const row = await attemptRow({ changeId, attempt });
      if (row === undefined) return;
      await database('measurement')
        .insert(
          measurements.map((measurement) => ({
            application: row.application,
            release_version: row.release_version,
            change_id: changeId,
            attempt,
            component: measurement.component,
            datacentre: measurement.datacentre,
            service_time_p95_ms: measurement.serviceTimeP95Ms ?? null,
            availability_percent: measurement.availabilityPercent ?? null,
            samples: measurement.samples,
            measured_at: measurement.measuredAt,
          })),
        )
        .onConflict(['application', 'change_id', 'attempt', 'component', 'datacentre'])
        .merge();
    },

    async findVerification({ changeId, attempt }) {
      const row = await database('verification')
        .where({ change_id: changeId, attempt })
        .first<{ report: VerificationReport } | undefined>('report');
      return row?.report;
    },

    async storeVerification({ changeId, attempt }, report, at) {
      await database.raw(
        `
          insert into verification
            (id, change_id, attempt, application, release_version, verdict, report, verified_at)
          select :id, change_id, number, application, release_version, :verdict, cast(:report as jsonb), :at
          from attempt where change_id = :changeId and number = :attempt
          on conflict (change_id, attempt) do nothing
        `,
        {
          id: uuidv7(),
          verdict: report.verdict,
          report: JSON.stringify(report),
          at,
          changeId,
          attempt,
        },
      );
    },
  };
}

function noSuchAttempt(changeId: string, attempt: number): DomainError {
  return new DomainError('not-found', `Change ${changeId} has no attempt ${attempt}.`, {
    code: 'no-such-attempt',
  });
}

function toAttempt(row: AttemptRow): StoredAttempt {
  return {
    changeId: row.change_id,
    attempt: row.number,
    kind: row.kind,
    application: row.application,
    releaseVersion: row.release_version,
    releaseDigest: row.release_digest,
    placement: row.placement,
    waves: row.waves,
    desired: row.desired,
    endpoints: row.endpoints,
    ...(row.unlike_shown.length === 0 ? {} : { unlikeShown: row.unlike_shown }),
  };
}

/** The newest figure of each component in each datacentre that this change measured on its release. */
async function newestMeasurements(
  database: Knex,
  changeId: string,
  since = '-infinity',
): Promise<Measurement[]> {
  const { rows } = await database.raw<{ rows: MeasurementRow[] }>(
    `
      select distinct on (m.component, m.datacentre) m.component, m.datacentre, m.service_time_p95_ms,
        m.availability_percent, m.samples, m.measured_at
      from measurement m
      join attempt a on a.change_id = m.change_id and a.number = m.attempt and a.kind <> 'rollback'
      where m.change_id = :changeId and m.measured_at >= cast(:since as timestamptz)
      order by m.component, m.datacentre, m.attempt desc
    `,
    { changeId, since },
  );
  return rows.map(toMeasurement);
}
