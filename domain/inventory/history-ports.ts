import type { InventoryKind } from './inventory-kinds.ts';

/** By the columns of the kind's files. */
export type HistoryRow = Readonly<Record<string, string | number>>;

/**
 * A row as it was; of `dependencies`, what a dependent needed: the rows of all its groups, by group and
 * member, as they are replaced as a whole.
 */
export type HistoryEntry<Kind extends InventoryKind> = Kind extends 'dependencies'
  ? readonly HistoryRow[]
  : HistoryRow;

export interface InventoryChange<Kind extends InventoryKind> {
  /** Of the inventory, from which on it was so. */
  readonly version: number;
  /** ISO instant; this and who are null for what was there before versions were kept (version 0). */
  readonly importedAt: string | null;
  readonly importedBy: string | null;
  /** Of the import that made the change. */
  readonly source: string;
  /** What it was from then on; null when it was removed. */
  readonly row: HistoryEntry<Kind> | null;
}

/**
 * What the inventory was. A row is named by its id, a latency by both sites as `mad/par` (in any order), and
 * dependencies by their dependent.
 */
export interface InventoryHistory {
  /** As it was when this was the newest version; undefined where there was none. */
  rowAt<Kind extends InventoryKind>(
    kind: Kind,
    id: string,
    version: number,
  ): Promise<HistoryEntry<Kind> | undefined>;
  /** Each time it came, changed or went, the earliest first; empty for what never was. */
  changesOf<Kind extends InventoryKind>(kind: Kind, id: string): Promise<InventoryChange<Kind>[]>;
}
