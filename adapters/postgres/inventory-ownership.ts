import type { Knex } from 'knex';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept, type BadLine } from '../../domain/inventory/ports.ts';
import { stagingTable } from './inventory-staging.ts';
import { storedKinds, valueColumns } from './inventory-tables.ts';

interface Foreign {
  readonly line: string;
  readonly owner: string;
  readonly what: string;
  readonly total: string;
}

/** Staged rows that differ from what another source owns: `line`, `owner` and `what` of each. */
function foreignRows(kind: InventoryKind): string {
  if (kind === 'dependencies') {
    // A dependent's groups belong together: one row that differs makes all of them differ.
    return `
      select min(new.line) as line, whole.owner, new.dependent as what
      from staged_dependencies as new
        join (
          select dependent, max(source) filter (where source <> :source) as owner, count(*) as size
          from requirement group by dependent having bool_or(source <> :source)
        ) as whole on whole.dependent = new.dependent
        left join requirement as stored on stored.dependent = new.dependent
          and stored.group_name = new."group" and stored.member = new.member and stored.needs = new.needs
      group by new.dependent, whole.owner, whole.size
      having count(stored.member) <> count(*) or count(*) <> whole.size`;
  }
  if (kind === 'latencies') {
    return `
      select new.line, stored.source as owner, new.from_datacentre || ' to ' || new.to_datacentre as what
      from staged_latencies as new join datacentre_latency as stored using (from_datacentre, to_datacentre)
      where stored.source <> :source and stored.ms <> new.ms`;
  }
  const { table, condition } = storedKinds[kind];
  const list = (prefix: string) =>
    valueColumns(kind)
      .map((column) => `${prefix}.${column}`)
      .join(', ');
  return `
    select new.line, stored.source as owner, new.id as what
    from ${stagingTable(kind)} as new join ${table} as stored on stored.id = new.id and ${condition}
    where stored.source <> :source and (${list('stored')}) is distinct from (${list('new')})`;
}

/** Rows that the source may not overwrite, as bad lines. */
export async function findForeignRows(
  trx: Knex.Transaction,
  kind: InventoryKind,
  source: string,
): Promise<{ badLines: BadLine[]; badLineCount: number }> {
  if (!(await hasOtherSources(trx, kind, source))) return { badLines: [], badLineCount: 0 };
  const { rows } = await trx.raw<{ rows: Foreign[] }>(
    `select *, count(*) over () as total from (${foreignRows(kind)}) as foreign_row
     order by line limit ${badLinesKept}`,
    { source },
  );
  return {
    badLines: rows.map(({ line, owner, what }) => ({
      kind,
      line: Number(line),
      message: `"${what}" belongs to the source "${owner}" and differs there; change it there, or import with foreign rows kept`,
    })),
    badLineCount: Number(rows[0]?.total ?? 0),
  };
}

/** Takes the rows that belong to another source and differ out of the import; returns how many. */
export async function leaveForeignRows(
  trx: Knex.Transaction,
  kind: InventoryKind,
  source: string,
): Promise<number> {
  if (!(await hasOtherSources(trx, kind, source))) return 0;
  const staged = stagingTable(kind);
  const condition =
    kind === 'dependencies'
      ? `dependent in (select what from (${foreignRows(kind)}) as foreign_row)`
      : `line in (select line from (${foreignRows(kind)}) as foreign_row)`;
  const { rowCount } = await trx.raw<{ rowCount: number | null }>(
    `delete from ${staged} where ${condition}`,
    { source },
  );
  return rowCount ?? 0;
}

async function hasOtherSources(
  trx: Knex.Transaction,
  kind: InventoryKind,
  source: string,
): Promise<boolean> {
  // The sources of an import are few; the rows of a kind are millions.
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select from inventory_import where source <> :source and jsonb_exists(counts, :kind) limit 1`,
    { source, kind },
  );
  return rows.length > 0;
}
