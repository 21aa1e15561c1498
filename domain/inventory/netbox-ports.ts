import type { ImportOptions, ImportReport } from './ports.ts';

/** What of NetBox did not, or not wholly, become inventory. */
export interface SkippedObject {
  readonly what: string;
  readonly why: string;
}

/** A NetBox that may be imported; its name is the source that its rows belong to. */
export interface NetboxSourceView {
  readonly name: string;
  readonly url: string;
}

export interface NetboxReport extends ImportReport {
  /** At most `skippedKept`. */
  readonly skipped: readonly SkippedObject[];
  readonly skippedCount: number;
}

export const skippedKept = 100;

export type NetboxImportOptions = Pick<
  ImportOptions,
  'importedBy' | 'dryRun' | 'confirmedRemovals' | 'foreignRows' | 'importId'
>;

/** The inventories that others keep in NetBox, brought into ours. */
export interface NetboxImporter {
  sources(): readonly NetboxSourceView[];
  /**
   * Reads all of a NetBox, then imports it: what it brought before and has no more is removed, in the kinds that
   * NetBox knows. @throws DomainError `not-found` naming the known sources, `unavailable` or `invalid` when
   * NetBox cannot be read, and as an import does.
   */
  import(source: string, options: NetboxImportOptions): Promise<NetboxReport>;
}
