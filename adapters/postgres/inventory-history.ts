import type { Knex } from 'knex';
import type { HistoryEntry, InventoryHistory } from '../../domain/inventory/history-ports.ts';
import { inventoryColumns, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import { storedColumn, storedKinds } from './inventory-tables.ts';

/** A row between two versions; `until` is null as long as it stands. */
interface Span {
  readonly row: Readonly<Record<string, string | number>>;
  readonly since: number;
  readonly until: number | null;
}

/** Reads what the importer's triggers kept (migration 0006) together with what stands now. */
export function createInventoryHistory(db: Knex): InventoryHistory {
  return {
    async rowAt(kind, id, version) {
      return entryAt(kind, await spansOf(db, kind, id), version) ?? undefined;
    },

    async changesOf(kind, id) {
      const spans = await spansOf(db, kind, id);
      const versions = [
        ...new Set(
          spans.flatMap(({ since, until }) => (until === null ? [since] : [since, until])),
        ),
      ].sort((a, b) => a - b);
      const imports = new Map(
        (
          await db('inventory_import')
            .whereIn('version', versions)
            .select<ImportRecord[]>('version', 'imported_at', 'imported_by', 'source')
        ).map((record) => [record.version, record]),
      );
      return versions.map((version) => {
        const record = imports.get(version);
        return {
          version,
          importedAt: record?.imported_at ?? null,
          importedBy: record?.imported_by ?? null,
          source: record?.source ?? String(holding(spans, version)[0]?.row.source ?? 'manual'),
          row: entryAt(kind, spans, version),
        };
      });
    },
  };
}

interface ImportRecord {
  readonly version: number;
  readonly imported_at: string;
  readonly imported_by: string;
  readonly source: string;
}

const holding = (spans: readonly Span[], version: number): Span[] =>
  spans.filter(({ since, until }) => since <= version && (until === null || version < until));

function entryAt<Kind extends InventoryKind>(
  kind: Kind,
  spans: readonly Span[],
  version: number,
): HistoryEntry<Kind> | null {
  const rows = holding(spans, version).map(({ row }) =>
    Object.fromEntries(
      inventoryColumns(kind).map((column) => [column, row[storedColumn(column)] ?? '']),
    ),
  );
  const entry = kind === 'dependencies' && rows.length > 0 ? rows : rows[0];
  return (entry as HistoryEntry<Kind> | undefined) ?? null;
}

/** The kind's rows in the history, where items and services are nodes alike. */
const historyKind = (kind: InventoryKind): string =>
  kind === 'items' || kind === 'services' ? 'nodes' : kind;

async function spansOf(db: Knex, kind: InventoryKind, id: string): Promise<Span[]> {
  const { table, condition } = storedKinds[kind];
  const { key, other, ofKind } = whereaboutsOf(kind, id);
  // The history's rows hold the table's columns under the same names.
  const { rows } = await db.raw<{ rows: Span[] }>(
    `select row, since, until from (
       select row, since, until from inventory_history where kind = :historyKind and key = :id
       union all
       select to_jsonb(stored) - 'since', since, null from ${table} as stored
       where stored.${key} = :id and ${condition}
     ) as span
     where ${ofKind}
     order by row ->> 'group_name', row ->> 'member', since`,
    { historyKind: historyKind(kind), ...other },
  );
  return rows;
}

/** Column of the key, its value and what else tells the kind's rows. */
function whereaboutsOf(
  kind: InventoryKind,
  id: string,
): { key: string; other: Record<string, string>; ofKind: string } {
  switch (kind) {
    case 'latencies': {
      const [from = '', to = ''] = id.split('/');
      return {
        key: 'from_datacentre',
        other: { id: from, to },
        ofKind: `row ->> 'to_datacentre' = :to`,
      };
    }
    case 'dependencies':
      return { key: 'dependent', other: { id }, ofKind: 'true' };
    case 'items':
      return { key: 'id', other: { id }, ofKind: `row ->> 'customer' is null` };
    case 'services':
      return { key: 'id', other: { id }, ofKind: `row ->> 'customer' is not null` };
    default:
      return { key: 'id', other: { id }, ofKind: 'true' };
  }
}
