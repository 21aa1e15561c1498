import type { InventoryFormat, InventoryKind } from './inventory-kinds.ts';

export interface InventoryExport {
  /** Of the inventory that is read: no later import is in it. */
  readonly version: number;
  /** A Node `Readable`; whoever does not read it to its end has to destroy it. */
  readonly stream: AsyncIterable<Uint8Array> & { destroy(error?: Error): unknown };
}

export interface InventoryExporter {
  /**
   * A kind's rows as a file that an import takes: its columns, by its key, a pair of sites once. Memory does not
   * grow with their number. An empty kind is a header in CSV, and nothing at all in NDJSON.
   * @throws DomainError `unavailable` when too many exports run already.
   */
  export(
    kind: InventoryKind,
    options: {
      readonly format: InventoryFormat;
      /** Only rows that belong to this source. */
      readonly source?: string;
    },
  ): Promise<InventoryExport>;
}
