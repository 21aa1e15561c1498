import type { NetboxImportOptions, NetboxSourceView } from '../inventory/netbox-ports.ts';
import type { ImportReport } from '../inventory/ports.ts';

/** The catalogues that providers keep, brought into ours. */
export interface CatalogueImporter {
  sources(): readonly NetboxSourceView[];
  /**
   * Reads a whole catalogue, by its name or address, then imports its offers: what it had before and has no more is
   * withdrawn. @throws DomainError `not-found` naming the known ones, `unavailable`, `forbidden` or `invalid` when
   * it cannot be read, and as an import does.
   */
  import(nameOrUrl: string, options: NetboxImportOptions): Promise<ImportReport>;
}
