import type { Knex } from 'knex';
import { company, type Target } from '../../domain/access/grants.ts';
import type { TargetReader } from '../../domain/access/ports.ts';
import type { Contract } from '../../domain/acsmi/contract.ts';
import type { LineScope } from '../../domain/line/line-stop.ts';
import type { FreezePeriod } from '../../domain/windows/freeze.ts';

/** What of a request says where it acts; older ones are kept without all fields. */
interface Asked {
  readonly department: string;
  readonly application?: string;
  readonly datacentres?: readonly string[];
  readonly affects?: readonly { readonly item: string }[];
}

/** Departments, datacentres and solutions that actions touch, as the record has them now. */
export function createTargetReader(database: Knex): TargetReader {
  return {
    ofRequest: (request) => targetOfRequest(database, request),
    ofChange: (id) => targetOfChange(database, id),
    ofApplication: (name, becoming) => targetOfApplication(database, name, becoming),
    ofContract: (contract) => targetOfContract(database, contract),
    ofScope: (scope) => targetOfScope(database, scope),
  };
}

/**
 * Of a change: its department, its application's, and those of the items it takes down; the datacentres it
 * names, those of the items, and where the application runs now; the solutions that the newest assessment
 * found, none before. @returns nothing but the whole company for an unknown change.
 */
export async function targetOfChange(trx: Knex, id: string): Promise<Target> {
  const { rows } = await trx.raw<{
    rows: { request: Asked; solutions: string[] | null }[];
  }>(
    `select c.definition -> 'request' as request, (
       select array(select jsonb_array_elements(i.impact #> '{summary,bySolution}') ->> 'key')
       from impact_assessment i where i.change_id = c.id order by i.revision desc limit 1
     ) as solutions
     from change c where c.id = ?`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return company;
  return { ...(await targetOfRequest(trx, row.request)), solutions: row.solutions ?? [] };
}

async function targetOfRequest(trx: Knex, request: Asked): Promise<Target> {
  const { application } = request;
  const [ofApplication, items] = await Promise.all([
    application === undefined ? company : targetOfApplication(trx, application),
    trx('item')
      .whereIn('id', [...new Set((request.affects ?? []).map(({ item }) => item))])
      .distinct<{ department: string; datacentre: string }[]>('department', 'datacentre'),
  ]);
  return {
    departments: sorted([
      request.department,
      ...ofApplication.departments,
      ...items.map(({ department }) => department),
    ]),
    datacentres: sorted([
      ...(request.datacentres ?? []),
      ...ofApplication.datacentres,
      ...items.map(({ datacentre }) => datacentre),
    ]),
    solutions: [],
  };
}

/** Its department, the one that it is to have, and where it runs. */
export async function targetOfApplication(
  trx: Knex,
  name: string,
  becoming?: string,
): Promise<Target> {
  const { rows } = await trx.raw<{ rows: { department: string; datacentres: string[] | null }[] }>(
    `select a.department, (
       select array(select distinct jsonb_array_elements(v.placement -> 'assignments') ->> 'datacentre')
       from verified_deployment v where v.application = a.name order by v.verified_at desc limit 1
     ) as datacentres
     from application a where a.name = ?`,
    [name],
  );
  const row = rows[0];
  return {
    departments: sorted([
      ...(row === undefined ? [] : [row.department]),
      ...(becoming === undefined ? [] : [becoming]),
    ]),
    datacentres: sorted(row?.datacentres ?? []),
    solutions: [],
  };
}

/** The datacentres that it is about, and the department of its application. */
async function targetOfContract(trx: Knex, contract: Contract): Promise<Target> {
  const { application, covers } = contract;
  const [known, offers] = await Promise.all([
    application === undefined
      ? []
      : trx('application').where({ name: application }).pluck<string[]>('department'),
    trx('offer')
      .whereIn('id', [...covers.offers])
      .distinct()
      .pluck<string[]>('datacentre'),
  ]);
  return {
    departments: sorted(known),
    datacentres: sorted([...covers.datacentres, ...offers]),
    solutions: [],
  };
}

/** Of a freeze or a stop of the line. A customer is everywhere; a solution is of its department. */
async function targetOfScope(trx: Knex, scope: LineScope | FreezePeriod['scope']): Promise<Target> {
  switch (scope.kind) {
    case 'all':
    case 'company':
    case 'customer':
      return company;
    case 'department':
      return { ...company, departments: [scope.id] };
    case 'datacentre':
      return { ...company, datacentres: [scope.id] };
    case 'solution': {
      const departments = await trx('solution')
        .where({ id: scope.id })
        .pluck<string[]>('department');
      return { ...company, departments, solutions: [scope.id] };
    }
  }
}

function sorted(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort();
}
