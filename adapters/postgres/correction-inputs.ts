import type { Knex } from 'knex';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import { assumeElsewhere, deadDatacentres } from '../../domain/guardian/assume-elsewhere.ts';
import { closedPlaces } from '../../domain/guardian/decide-correction.ts';
import type { IncidentRef } from '../../domain/guardian/guardian-steps.ts';
import { guardianPolicyOf } from '../../domain/guardian/policy.ts';
import type { GuardedApplication, SimulationOrder } from '../../domain/guardian/ports.ts';
import type { Measurement } from '../../domain/placement/simulation.ts';
import { currentOf } from './current-placement.ts';
import { findGuarded, movesOf } from './guarded-application.ts';
import { toMeasurement, type MeasurementRow } from './measurement-rows.ts';
import { placesFor, type PlacesInventory } from './places.ts';

/**
 * What Optimus is to be asked about each way out: the release that runs with the figures measured afresh, and
 * the last verified one before it with the figures of its own time. Where everything is dead, or what the
 * application has just left, is no candidate for either.
 */
export async function correctionInputs(
  database: Knex,
  inventory: PlacesInventory,
  { incident, number }: IncidentRef,
  nowMs: number,
): Promise<SimulationOrder[]> {
  const row = await database('guardian_figures as f')
    .join('incident as i', 'i.id', 'f.incident_id')
    .where({ 'f.incident_id': incident, 'f.number': number })
    .first<{ figures: Measurement[]; application: string } | undefined>(
      'f.figures',
      'i.application',
    );
  if (row === undefined) return [];
  const guarded = await findGuarded(database, row.application);
  if (guarded === undefined) return [];
  const policy = guardianPolicyOf(guarded.definition);
  const closed = closedPlaces(await movesOf(database, row.application), policy, nowMs);
  const dead = deadDatacentres(row.figures);
  const datacentres = (await allowedDatacentres(database, row.application)).filter(
    (id) => !dead.includes(id) && !closed.datacentres.includes(id),
  );
  if (datacentres.length === 0) return [];

  const places = await placesFor(database, inventory, {
    application: row.application,
    datacentres,
  });
  const current = await currentOf(database, guarded.definition, guarded.placement);
  const measuredAt = new Date(nowMs).toISOString();
  const shut = closed.replicas.map((name): Measurement => {
    const [component = '', datacentre = ''] = name.split('@');
    return { component, datacentre, availabilityPercent: 0, samples: 1, measuredAt };
  });
  const order = (
    way: SimulationOrder['way'],
    release: string,
    figures: readonly Measurement[],
  ): SimulationOrder => ({
    way,
    release,
    input: {
      application: guarded.definition,
      ...places,
      measurements: [...figures, ...shut].filter(
        ({ component, datacentre }) =>
          datacentres.includes(datacentre) &&
          guarded.definition.components.some(({ name }) => name === component),
      ),
      ...(current === undefined ? {} : { current }),
    },
  });
  const previous = await releaseBefore(database, row.application, guarded);
  return [
    order('redeploy', guarded.release, [
      ...row.figures,
      ...assumeElsewhere(row.figures, guarded.definition, datacentres),
    ]),
    ...(previous === undefined
      ? []
      : [order('roll-back', previous, await verifiedFigures(database, row.application, previous))]),
  ];
}

/** Those that a person allowed for it last, in their order. */
async function allowedDatacentres(database: Knex, application: string): Promise<readonly string[]> {
  const row = await database('verified_deployment as v')
    .join('change as c', 'c.id', 'v.change_id')
    .where('v.application', application)
    .whereNull('c.origin')
    .orderBy('v.verified_at', 'desc')
    .first<{ definition: { request: ChangeRequest } } | undefined>('c.definition');
  return row?.definition.request.datacentres ?? [];
}

/** The last verified release that is another one, and that the guardian has not rolled back from since. */
async function releaseBefore(
  database: Knex,
  application: string,
  { release, byRollBack }: GuardedApplication,
): Promise<string | undefined> {
  // A rollback is never rolled back: there is nothing to ask about.
  if (byRollBack) return undefined;
  const { rows } = await database.raw<{ rows: { release_version: string }[] }>(
    `
      select v.release_version from verified_deployment v
      where v.application = :application and v.release_version <> :release
        and not exists (
          select from verified_deployment later join change c on c.id = later.change_id
          where later.application = v.application and later.verified_at > v.verified_at
            and c.origin ->> 'way' = 'roll-back'
            and c.origin #>> '{corrects,release}' = v.release_version
        )
      order by v.verified_at desc limit 1
    `,
    { application, release },
  );
  return rows[0]?.release_version;
}

/** The newest figures of each replica from when the release was verified. */
export async function verifiedFigures(
  database: Knex,
  application: string,
  release: string,
): Promise<Measurement[]> {
  const { rows } = await database.raw<{ rows: MeasurementRow[] }>(
    `
      select distinct on (m.component, m.datacentre) m.*
      from measurement m join verified_deployment v using (application, change_id, attempt)
      where m.application = :application and m.release_version = :release
      order by m.component, m.datacentre, m.measured_at desc
    `,
    { application, release },
  );
  return rows.map(toMeasurement);
}
