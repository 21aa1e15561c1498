import type { ClientBase } from 'pg';
import { createGraphBuilder } from '../../domain/impact/engine/build-graph.ts';
import {
  emptyCompany,
  putCustomer,
  putSolution,
  type Company,
} from '../../domain/impact/engine/company.ts';
import { withRoom } from '../../domain/impact/engine/growable.ts';
import { createIdTable, type IdTable } from '../../domain/impact/engine/id-table.ts';
import { readBinaryCopy, readInt32, type BinaryRow } from './binary-copy.ts';

/** What is read of the inventory, one COPY each; the bench reads the same without keeping it. */
export const inventoryCopies = {
  customers: {
    sql: 'select nr, id, country, contract_level from customer',
    columns: 4,
  },
  nodes: {
    sql: 'select nr, id, datacentre, solution, customer from node',
    columns: 5,
  },
  requirements: {
    sql: 'select dependent, group_name, needs, member from requirement',
    columns: 4,
  },
} as const;

/**
 * Reads the whole inventory as of one version. The caller's connection must be in no transaction.
 * @throws whatever the database says; the connection is then in no transaction either.
 */
export async function loadCompany(client: ClientBase): Promise<Company> {
  await client.query('begin isolation level repeatable read read only');
  try {
    return await readCompany(client);
  } finally {
    await client.query('rollback');
  }
}

async function readCompany(client: ClientBase): Promise<Company> {
  const company = emptyCompany();
  company.version = await readInventoryVersion(client);
  const solutions = await client.query<{ id: string; department: string }>(
    'select id, department from solution order by id',
  );
  for (const { id, department } of solutions.rows) putSolution(company, id, department);
  const { rows: sizes } = await client.query<{ relname: string; rows: number }>(
    `select relname, greatest(reltuples, 0)::integer as rows from pg_class
     where relname in ('node', 'requirement') and relnamespace = 'public'::regnamespace`,
  );
  const expected = (table: string) => sizes.find(({ relname }) => relname === table)?.rows ?? 0;
  const builder = createGraphBuilder({
    nodes: Math.ceil(expected('node') * 1.01) + 16,
    rows: Math.ceil(expected('requirement') * 1.01) + 16,
  });
  const { customers, countries, levels, datacentres, groupNames } = company;
  const copy = (name: keyof typeof inventoryCopies, onRow: (row: BinaryRow) => void) =>
    readBinaryCopy(client, inventoryCopies[name].sql, inventoryCopies[name].columns, onRow);

  await copy('customers', ({ bytes, from, to }) => {
    putCustomer(company, customers.ids.append(bytes, from[1] as number, to[1] as number), {
      nr: readInt32(bytes, from[0] as number),
      country: countries.add(bytes, from[2] as number, to[2] as number),
      level: levels.add(bytes, from[3] as number, to[3] as number),
    });
  });
  const facts = { nr: 0, kind: 'item' as 'item' | 'service', customer: -1, place: 0 };
  await copy('nodes', ({ bytes, from, to }) => {
    facts.nr = readInt32(bytes, from[0] as number);
    if ((from[4] as number) < 0) {
      facts.kind = 'item';
      facts.customer = -1;
      facts.place = datacentres.add(bytes, from[2] as number, to[2] as number);
    } else {
      facts.kind = 'service';
      facts.customer = customers.ids.find(bytes, from[4] as number, to[4] as number);
      facts.place = company.solutions.find(bytes, from[3] as number, to[3] as number);
    }
    builder.setNode(builder.ids.append(bytes, from[1] as number, to[1] as number), facts);
  });
  // Imports store in the order of the ids: the next dependent is nearly always the last or the next node.
  let dependent = -1;
  let group = -1;
  const findMember = createHotFinder(builder.ids);
  await copy('requirements', ({ bytes, from, to }) => {
    dependent = builder.ids.findNear(bytes, from[0] as number, to[0] as number, dependent);
    group = groupNames.findNear(bytes, from[1] as number, to[1] as number, group);
    if (group < 0) group = groupNames.add(bytes, from[1] as number, to[1] as number);
    builder.addRow(
      dependent,
      group,
      readInt32(bytes, from[2] as number),
      findMember(bytes, from[3] as number, to[3] as number),
    );
  });
  company.graph = builder.finish();
  return company;
}

/**
 * Finds ids of which few are asked for again and again, such as the members of groups, in a table of its own
 * that stays in the processor's cache: searching among all nodes costs several misses each time.
 */
function createHotFinder(ids: IdTable): IdTable['find'] {
  const hot = createIdTable(1 << 16);
  let numbers = new Int32Array(1 << 16);
  return (bytes, from, to) => {
    const { size } = hot;
    const at = hot.add(bytes, from, to);
    if (at === size) {
      numbers = withRoom(numbers, at + 1);
      numbers[at] = ids.find(bytes, from, to);
    }
    return numbers[at] as number;
  };
}

/** Version of the newest import, 0 before the first. */
export async function readInventoryVersion(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ version: string }>(
    'select coalesce(max(version), 0) as version from inventory_import',
  );
  return Number(rows[0]?.version);
}
