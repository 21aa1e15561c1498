import type { ClientBase } from 'pg';
import { applyDelta, type InventoryDelta } from '../../domain/impact/engine/apply-delta.ts';
import type { Company } from '../../domain/impact/engine/company.ts';
import { loadCompany, readInventoryVersion } from './load-company.ts';

/** Beyond this share of the nodes and dependencies, reading all is faster than following. */
const reloadShare = 0.2;
/** As long as the arrays are less than half waste, they are not worth rebuilding. */
const wasteShare = 0.5;

/** What a follow came to: nothing new, a delta that was applied, or another company altogether. */
export type Followed =
  | { readonly how: 'current' }
  | { readonly how: 'followed'; readonly delta: InventoryDelta }
  | { readonly how: 'reloaded'; readonly company: Company };

/**
 * Brings a company to the newest committed version of the inventory. A delta is applied in place; `before`
 * is called with it first, while the company is still as it was.
 */
export async function followCompany(
  client: ClientBase,
  company: Company,
  before: (delta: InventoryDelta) => void = () => undefined,
): Promise<Followed> {
  if ((await readInventoryVersion(client)) === company.version) return { how: 'current' };
  const { graph } = company;
  if (graph.waste > wasteShare * (graph.groups + graph.membersUsed)) {
    return { how: 'reloaded', company: await loadCompany(client) };
  }
  await client.query('begin isolation level repeatable read read only');
  let delta: InventoryDelta | undefined;
  try {
    delta = await readDelta(client, company);
  } finally {
    await client.query('rollback');
  }
  if (delta === undefined) return { how: 'reloaded', company: await loadCompany(client) };
  before(delta);
  applyDelta(company, delta);
  return { how: 'followed', delta };
}

/** Undefined where so much has changed that it is better to load everything. */
async function readDelta(
  client: ClientBase,
  { version: since, graph }: Company,
): Promise<InventoryDelta | undefined> {
  const version = await readInventoryVersion(client);
  const read = async <Row extends object>(sql: string) =>
    (await client.query<Row>(sql, [since])).rows;
  const [size] = await read<{ nodes: string; dependencies: string }>(
    `select (select count(*) from node where since > $1) as nodes,
       (select count(*) from requirement where since > $1)
         + (select count(*) from inventory_history where until > $1) as dependencies`,
  );
  const changes = Number(size?.nodes) + Number(size?.dependencies);
  if (changes > 1000 && changes > reloadShare * (graph.nodeCount + graph.membersUsed))
    return undefined;

  const solutions = await read<{ id: string; department: string }>(
    'select id, department from solution where since > $1',
  );
  const customers = await read<InventoryDelta['customers'][number]>(
    `select id, nr, country, contract_level as "contractLevel" from customer where since > $1`,
  );
  const items = await read<InventoryDelta['items'][number]>(
    'select id, nr, datacentre from item where since > $1',
  );
  const services = await read<InventoryDelta['services'][number]>(
    'select id, nr, solution, customer from service where since > $1',
  );
  const groups = await read<{
    dependent: string;
    name: string | null;
    needs: number;
    members: string[];
  }>(`
    with changed as (
      select dependent from requirement where since > $1
      union select key from inventory_history where kind = 'dependencies' and until > $1
    )
    select changed.dependent, r.group_name as name, min(r.needs) as needs,
      array_agg(r.member order by r.member) as members
    from changed left join requirement r on r.dependent = changed.dependent
    group by changed.dependent, r.group_name order by changed.dependent, r.group_name`);
  const requirements = new Map<string, { name: string; needs: number; members: string[] }[]>();
  for (const { dependent, name, needs, members } of groups) {
    const known = requirements.get(dependent) ?? [];
    requirements.set(dependent, known);
    if (name !== null) known.push({ name, needs, members });
  }
  const gone = async (kind: string, table: string) =>
    (
      await read<{ key: string }>(
        `select distinct key from inventory_history
         where kind = '${kind}' and until > $1 and not exists (select from ${table} where id = key)`,
      )
    ).map(({ key }) => key);
  return {
    version,
    solutions,
    customers,
    items,
    services,
    requirements,
    goneNodes: await gone('nodes', 'node'),
    goneCustomers: await gone('customers', 'customer'),
  };
}
