import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { DomainError } from '../../domain/errors.ts';
import { guardianPolicyOf, type EvacuationRate } from '../../domain/guardian/policy.ts';
import type {
  ChangeOrigin,
  GuardianRegister,
  StoredDecision,
} from '../../domain/guardian/ports.ts';
import { correctionInputs } from './correction-inputs.ts';
import type { PlacesInventory } from './places.ts';
import { findGuarded } from './guarded-application.ts';
import { decideInTransaction, toDecision, type DecisionRow } from './guardian-decisions.ts';
import { openIncident } from './incidents.ts';

export interface GuardianRegisterDeps {
  readonly database: Knex;
  readonly inventory: PlacesInventory;
  readonly evacuation: EvacuationRate;
}

/** Guardians, incidents and decisions in PostgreSQL. */
export function createGuardianRegister(deps: GuardianRegisterDeps): GuardianRegister {
  const { database, inventory, evacuation } = deps;
  const decision = async (id: string): Promise<StoredDecision> => {
    const row = await database('guardian_decision').where({ id }).first<DecisionRow | undefined>();
    if (row !== undefined) return toDecision(row);
    throw new DomainError('not-found', `There is no decision ${id}.`, { code: 'no-such-decision' });
  };

  return {
    guarded: (application) => findGuarded(database, application),

    async storeEvaluation(guarded, evaluation, at) {
      const figures = {
        change_id: guarded.changeId,
        attempt: guarded.attempt,
        evaluation: JSON.stringify(evaluation),
        evaluated_at: at,
        updated_at: at,
      };
      await database('guardian')
        .insert({ application: guarded.definition.name, state: 'watching', ...figures })
        .onConflict('application')
        .merge(figures);
    },

    openIncident: (application, at) =>
      database.transaction((trx) => openIncident(trx, application, at)),

    async applicationOf(incident) {
      const row = await database('incident')
        .where({ id: incident })
        .first<{ application: string } | undefined>('application');
      if (row !== undefined) return row.application;
      throw new DomainError('not-found', `There is no incident ${incident}.`, {
        code: 'no-such-incident',
      });
    },

    async findFigures({ incident, number }) {
      const row = await database('guardian_figures')
        .where({ incident_id: incident, number })
        .first<{ measured_at: string } | undefined>('measured_at');
      return row === undefined ? undefined : { measuredAt: row.measured_at };
    },

    async storeFigures({ incident, number }, figures, measuredAt) {
      await database('guardian_figures')
        .insert({
          incident_id: incident,
          number,
          figures: JSON.stringify(figures),
          measured_at: measuredAt,
        })
        .onConflict(['incident_id', 'number'])
        .merge(['figures', 'measured_at']);
    },

    simulationOrders: (ref, nowMs) => correctionInputs(database, inventory, ref, nowMs),

    async findSimulations({ incident, number }) {
      const row = await database('guardian_simulation')
        .where({ incident_id: incident, number })
        .first<{ id: string } | undefined>('id');
      return row !== undefined;
    },

    async storeSimulation({ incident, number }, { way, release, input }, result, at) {
      await database.raw(
        `
          insert into guardian_simulation (id, incident_id, number, way, release_version, engine, inputs,
            inputs_hash, result, measured_at, simulated_at)
          select :id, incident_id, number, :way, :release, :engine, cast(:inputs as jsonb), :hash,
            cast(:result as jsonb), measured_at, :at
          from guardian_figures where incident_id = :incident and number = :number
          on conflict (incident_id, number, way) do nothing
        `,
        {
          id: uuidv7(),
          incident,
          number,
          way,
          release,
          engine: `${result.engine.name} ${result.engine.version}`,
          inputs: JSON.stringify(input),
          hash: result.inputsHash,
          result: JSON.stringify(result),
          at,
        },
      );
    },

    async decide(input, choose, at) {
      const offers = await inventory.offers();
      return database.transaction((trx) =>
        decideInTransaction(trx, input, { evacuation, offers }, choose, at),
      );
    },

    decision,

    async correctionOrder(id) {
      const { incident, number, application, way, because } = await decision(id);
      const guarded = await findGuarded(database, application);
      const row = await database('guardian_decision as d')
        .join('incident as i', 'i.id', 'd.incident_id')
        .join('guardian_simulation as s', function () {
          this.on('s.incident_id', 'd.incident_id')
            .andOn('s.number', 'd.number')
            .andOn('s.way', 'd.way');
        })
        .where('d.id', id)
        .first<
          { label: number; release: string; inputs: { datacentres: { id: string }[] } } | undefined
        >('i.number as label', 'd.release_version as release', 's.inputs');
      if (row === undefined || guarded === undefined || way === 'wait') {
        throw new DomainError('conflict', `Decision ${id} leads to no correction.`, {
          code: 'nothing-to-correct',
        });
      }
      const origin: ChangeOrigin = {
        kind: 'guardian',
        incident,
        incidentLabel: `INC-${row.label}`,
        decision: id,
        number,
        way,
        corrects: { changeId: guarded.changeId, label: guarded.label, release: guarded.release },
      };
      const policy = guardianPolicyOf(guarded.definition);
      return {
        application: guarded.definition,
        policy,
        release: row.release,
        datacentres: row.inputs.datacentres.map((datacentre) => datacentre.id),
        because,
        origin,
        policyApproval: {
          policy: 'guardian',
          application,
          definitionVersion: guarded.definitionVersion,
          mode: policy.mode,
        },
      };
    },

    async noteRequested(id, changeId) {
      await database('guardian_decision').where({ id }).update({ change_id: changeId });
    },

    async noteEnded(id, outcome, at) {
      await database('guardian_decision')
        .where({ id })
        .whereNull('ended_at')
        .update({
          // When the change ended; it may be looked at later.
          ended_at: database.raw(
            'coalesce((select ended_at from change where id = change_id), ?)',
            [at],
          ),
          outcome,
        });
    },

    async correctionOf(changeId) {
      const row = await database('change as c')
        .join('guardian_figures as f', function () {
          this.on(database.raw(`f.incident_id = cast(c.origin ->> 'incident' as uuid)`)).andOn(
            database.raw(`f.number = cast(c.origin ->> 'number' as integer)`),
          );
        })
        .where('c.id', changeId)
        .first<{ application: string; origin: ChangeOrigin; measured_at: string } | undefined>(
          'c.application',
          'c.origin',
          'f.measured_at',
        );
      if (row === undefined) return undefined;
      const guarded = await findGuarded(database, row.application);
      const policy = guardianPolicyOf(guarded?.definition ?? {});
      return {
        incident: row.origin.incident,
        number: row.origin.number,
        way: row.origin.way,
        application: row.application,
        measuredAt: row.measured_at,
        maxInputAgeSeconds: policy.maxInputAgeSeconds,
      };
    },
  };
}
