import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ResultDifference } from '../../domain/placement/compare-results.ts';
import type { SimulationInput, SimulationResult } from '../../domain/placement/simulation.ts';
import type {
  SimulationPurpose,
  SimulationRegister,
  SimulationSummary,
  StoredReplay,
} from '../../domain/placement/simulation-ports.ts';
import type { Assumption } from '../../domain/placement/what-if.ts';
import { verifiedFigures } from './correction-inputs.ts';
import { currentOf } from './current-placement.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { findGuarded } from './guarded-application.ts';
import { placesFor, type PlacesInventory } from './places.ts';
import { uuidPattern } from './uuid-pattern.ts';

interface SummaryRow {
  readonly id: string;
  readonly application: string;
  readonly purpose: SimulationPurpose;
  readonly asked_for: string;
  readonly attempt: number | null;
  readonly engine: string;
  readonly inputs_hash: string;
  readonly simulated_at: string;
  readonly status: SimulationResult['status'];
  readonly monthly_cost: number | null;
}

const summary = `
  id, application, purpose, asked_for, attempt, engine, inputs_hash, simulated_at,
  result ->> 'status' as status,
  cast(result #>> '{placements,0,predicted,monthlyCost}' as double precision) as monthly_cost`;

/** Simulations in PostgreSQL; those of changes and guardians are stored with what they led to. */
export function createSimulationRegister({
  database,
  inventory,
  now,
}: {
  readonly database: Knex;
  readonly inventory: PlacesInventory;
  /** ISO instant. */
  readonly now: () => string;
}): SimulationRegister {
  const find = async <Row>(id: string, columns: string): Promise<Row> => {
    const { rows } = uuidPattern.test(id)
      ? await database.raw<{ rows: Row[] }>(
          `select ${columns} from stored_simulation where id = ?`,
          [id],
        )
      : { rows: [] };
    const [row] = rows;
    if (row !== undefined) return row;
    throw new DomainError('not-found', `There is no simulation ${id}.`, {
      code: 'simulation-not-found',
      remedy: 'Use an id that ctc simulation list shows.',
    });
  };

  return {
    async inputNow(application, datacentres) {
      const row = await database('application')
        .where({ name: application })
        .first<{ definition: unknown } | undefined>('definition');
      if (row === undefined) {
        throw new DomainError('not-found', `There is no application "${application}".`, {
          code: 'application-not-found',
          remedy: 'Register it first: ctc application apply.',
        });
      }
      const definition = applicationDefinitionSchema.parse(row.definition);
      const guarded = await findGuarded(database, application);
      const [places, measurements, current] = await Promise.all([
        placesFor(database, inventory, { application, datacentres, soldAt: new Date(now()) }),
        guarded === undefined ? [] : verifiedFigures(database, application, guarded.release),
        currentOf(database, definition, guarded?.placement),
      ]);
      const sites = new Set(places.datacentres.map(({ id }) => id));
      const components = new Set(definition.components.map(({ name }) => name));
      return {
        application: definition,
        ...places,
        measurements: measurements.filter(
          ({ component, datacentre }) => sites.has(datacentre) && components.has(component),
        ),
        ...(current === undefined ? {} : { current }),
      };
    },

    async storeWhatIf({ application, assumptions, askedBy, input, result, difference }) {
      const id = uuidv7();
      await database('what_if').insert({
        id,
        application,
        assumptions: JSON.stringify(assumptions),
        asked_by: askedBy,
        engine: engineOf(result),
        inputs: JSON.stringify(input),
        inputs_hash: result.inputsHash,
        result: JSON.stringify(result),
        difference: JSON.stringify(difference),
        simulated_at: now(),
      });
      return id;
    },

    async get(id) {
      const row = await find<SummaryRow & { result: SimulationResult }>(id, `${summary}, result`);
      const replays = await database('simulation_replay')
        .where({ simulation_id: id })
        .orderBy('id', 'desc')
        .select<StoredReplay[]>(
          'id',
          'engine',
          'unlike',
          'result',
          'replayed_by as replayedBy',
          'replayed_at as replayedAt',
        );
      const asked = await database('what_if')
        .where({ id })
        .first<{ assumptions: Assumption[]; difference: ResultDifference } | undefined>(
          'assumptions',
          'difference',
        );
      return { ...toSummary(row), result: row.result, replays, ...asked };
    },

    async inputOf(id) {
      return (await find<{ inputs: SimulationInput }>(id, 'inputs')).inputs;
    },

    async list(application, { limit, cursor }) {
      const before = cursor === undefined ? null : decodeCursor(cursor, uuidPattern);
      const { rows } = await database.raw<{ rows: SummaryRow[] }>(
        `
          select ${summary} from stored_simulation
          where application = :application and (cast(:before as uuid) is null or id < cast(:before as uuid))
          order by id desc limit :limit
        `,
        { application, before, limit: limit + 1 },
      );
      return pageOf(rows, limit, toSummary, ({ id }) => id);
    },

    async storeReplay(id, { result, unlike, by }) {
      const replay = {
        id: uuidv7(),
        engine: engineOf(result),
        unlike,
        result,
        replayedBy: by,
        replayedAt: now(),
      };
      await database('simulation_replay').insert({
        id: replay.id,
        simulation_id: id,
        engine: replay.engine,
        result: JSON.stringify(result),
        unlike: [...unlike],
        replayed_by: by,
        replayed_at: replay.replayedAt,
      });
      return replay;
    },
  };
}

function engineOf({ engine }: SimulationResult): string {
  return `${engine.name} ${engine.version}`;
}

function toSummary(row: SummaryRow): SimulationSummary {
  return {
    id: row.id,
    application: row.application,
    purpose: row.purpose,
    askedFor: row.asked_for,
    attempt: row.attempt,
    engine: row.engine,
    inputsHash: row.inputs_hash,
    simulatedAt: row.simulated_at,
    status: row.status,
    monthlyCost: row.monthly_cost,
  };
}
