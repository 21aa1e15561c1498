import { inventoryColumns, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';

interface StoredKind {
  readonly table: string;
  /** Which rows of the table are of the kind. */
  readonly condition: string;
}

const whole = (table: string): StoredKind => ({ table, condition: 'true' });

/** Where each kind is stored. Items and services are nodes: anything may need either. */
export const storedKinds: Readonly<Record<InventoryKind, StoredKind>> = {
  departments: whole('department'),
  teams: whole('team'),
  datacentres: whole('datacentre'),
  latencies: whole('datacentre_latency'),
  providers: whole('provider'),
  offers: whole('offer'),
  solutions: whole('solution'),
  customers: whole('customer'),
  items: { table: 'node', condition: 'stored.customer is null' },
  services: { table: 'node', condition: 'stored.customer is not null' },
  dependencies: whole('requirement'),
};

/** Which stored rows count; both directions of a pair of sites are stored, and it is one latency. */
export const countedRows = (kind: InventoryKind): string =>
  kind === 'latencies'
    ? 'stored.from_datacentre < stored.to_datacentre'
    : storedKinds[kind].condition;

/** The column of the table that a column of the files is stored in. */
export const storedColumn = (column: string): string =>
  column === 'group' ? 'group_name' : column;

/** The kinds whose rows have an id, and the columns beside it. */
export const valueColumns = (kind: InventoryKind): readonly string[] =>
  inventoryColumns(kind).filter((column) => column !== 'id');
