import type { Knex } from 'knex';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import { guardianPolicyOf } from '../../domain/guardian/policy.ts';
import type { DecisionView, GuardianReader, GuardianView } from '../../domain/guardian/ports.ts';
import type { Placement, SimulationResult } from '../../domain/placement/simulation.ts';

/** What the pages and lists show of guardians. */
export function createGuardianReader(database: Knex): GuardianReader {
  return {
    async view(application) {
      const row = await database('application as a')
        .leftJoin('guardian as g', 'g.application', 'a.name')
        .leftJoin('change as c', 'c.id', 'g.change_id')
        .leftJoin('attempt as t', function () {
          this.on('t.change_id', 'g.change_id').andOn('t.number', 'g.attempt');
        })
        .where('a.name', application)
        .first<GuardianRow | undefined>(
          'a.definition',
          'g.state',
          'g.waiting_for',
          'g.paused_by',
          'g.held_since',
          'g.attempt',
          'g.evaluation',
          'g.evaluated_at',
          'c.number as change_number',
          't.release_version',
        );
      if (row === undefined || row.state === null) throw notGuarded(application, row !== undefined);
      const [incident, proposal] = await Promise.all([
        database('incident')
          .where({ application, source: 'guardian' })
          .whereNull('resolved_at')
          .first<{ number: number } | undefined>('number'),
        database('guardian_decision as d')
          .join('incident as i', 'i.id', 'd.incident_id')
          .where('d.application', application)
          .andWhere('d.needs_approval', true)
          .whereNull('d.withdrawn')
          .whereNull('i.resolved_at')
          .whereNotExists(
            database('guardian_decision as later')
              .whereRaw('later.incident_id = d.incident_id and later.number > d.number')
              .select('later.id'),
          )
          .first<{ incident_id: string; number: number } | undefined>('d.incident_id', 'd.number'),
      ]);
      return {
        ...toView(application, row),
        incident: incident === undefined ? null : `INC-${incident.number}`,
        proposal:
          proposal === undefined
            ? null
            : ((await decisionsOf(database, proposal.incident_id, proposal.number))[0] ?? null),
      };
    },
  };
}

interface GuardianRow {
  readonly definition: unknown;
  readonly state: GuardianView['state'] | null;
  readonly waiting_for: GuardianView['waitingFor'];
  readonly paused_by: string | null;
  readonly held_since: string | null;
  readonly attempt: number | null;
  readonly evaluation: Evaluation | null;
  readonly evaluated_at: string | null;
  readonly change_number: number | null;
  readonly release_version: string | null;
}

function toView(
  application: string,
  row: GuardianRow,
): Omit<GuardianView, 'incident' | 'proposal'> {
  const { mode } = guardianPolicyOf(applicationDefinitionSchema.parse(row.definition));
  return {
    application,
    state: row.state ?? 'ended',
    mode,
    waitingFor: row.waiting_for,
    pausedBy: row.paused_by,
    heldSince: row.held_since,
    deployment:
      row.change_number === null || row.release_version === null || row.attempt === null
        ? null
        : {
            change: `CHG-${row.change_number}`,
            release: row.release_version,
            attempt: row.attempt,
          },
    evaluation: row.evaluation,
    evaluatedAt: row.evaluated_at,
  };
}

interface DecisionRow {
  readonly id: string;
  readonly number: number;
  readonly way: string;
  readonly because: string;
  readonly decided_at: string;
  readonly needs_approval: boolean;
  readonly until: string | null;
  readonly release_version: string | null;
  readonly placement: Placement | null;
  readonly predicted: unknown;
  readonly rank: number | null;
  readonly approved_by: string | null;
  readonly withdrawn: string | null;
  readonly outcome: string | null;
  readonly change_number: number | null;
}

interface SimulationRow {
  readonly id: string;
  readonly number: number;
  readonly way: string;
  readonly engine: string;
  readonly inputs_hash: string;
  readonly result: SimulationResult;
  readonly measured_at: string;
  readonly simulated_at: string;
}

/** With what was simulated for each, the chosen placement and the runners-up. */
export async function decisionsOf(
  database: Knex,
  incident: string,
  number?: number,
): Promise<DecisionView[]> {
  const only = number === undefined ? {} : { number };
  const [decisions, simulations] = await Promise.all([
    database('guardian_decision as d')
      .leftJoin('change as c', 'c.id', 'd.change_id')
      .where({ 'd.incident_id': incident })
      .modify((query) => {
        if (number !== undefined) void query.where('d.number', number);
      })
      .orderBy('d.number')
      .select<DecisionRow[]>('d.*', 'c.number as change_number'),
    database('guardian_simulation')
      .where({ incident_id: incident, ...only })
      .orderBy('way')
      .select<SimulationRow[]>(
        'id',
        'number',
        'way',
        'engine',
        'inputs_hash',
        'result',
        'measured_at',
        'simulated_at',
      ),
  ]);
  return decisions.map((row) => ({
    id: row.id,
    number: row.number,
    way: row.way,
    because: row.because,
    decidedAt: row.decided_at,
    needsApproval: row.needs_approval,
    until: row.until,
    release: row.release_version,
    placement: row.placement,
    predicted: row.predicted,
    approvedBy: row.approved_by,
    change: row.change_number === null ? null : `CHG-${row.change_number}`,
    outcome: row.outcome ?? row.withdrawn,
    simulations: simulations
      .filter((simulation) => simulation.number === row.number)
      .map((simulation) => ({
        id: simulation.id,
        way: simulation.way,
        inputsHash: simulation.inputs_hash,
        measuredAt: simulation.measured_at,
        simulatedAt: simulation.simulated_at,
        engine: simulation.engine,
        status: simulation.result.status,
        placements: simulation.result.placements.map(({ rank, placement, predicted }) => ({
          rank,
          chosen: simulation.way === row.way && rank === row.rank,
          placement,
          predicted,
        })),
      })),
  }));
}

function notGuarded(application: string, exists: boolean): DomainError {
  return exists
    ? new DomainError('not-found', `${application} has no guardian yet.`, {
        code: 'not-guarded',
        remedy: 'It is guarded from its first verified release on, unless its policy says "off".',
      })
    : new DomainError('not-found', `There is no application "${application}".`, {
        code: 'no-such-application',
      });
}
