import type { CandidateDatacentre, Latency, Offer } from '../placement/simulation.ts';
import type { AffectedServices, ImpactSummary } from '../impact/summarise-impact.ts';
import type {
  Customer,
  Datacentre,
  Department,
  InventoryGraph,
  Item,
  RequirementGroup,
  Service,
  Solution,
} from './inventory.ts';
import type { InventoryFormat, InventoryKind } from './inventory-kinds.ts';

/** One file of an import. A Node `Readable` is such a stream. */
export interface InventoryPart {
  readonly kind: InventoryKind;
  readonly format: InventoryFormat;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** One thing wrong with one line; `line` counts from 1, the header of a CSV file included. */
export interface BadLine {
  readonly kind: InventoryKind;
  readonly line: number;
  readonly column?: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
}

/**
 * `rows` could be read; `inserted` and `updated` say what the import changed (a row that was there already
 * with the same values is neither). `removed` is of dependencies only: members that the imported groups
 * of the same dependent no longer have.
 */
export interface ImportCounts {
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  readonly removed: number;
}

export interface ImportReport {
  /** False for a dry run, and whenever there is a bad line: then nothing at all was stored. */
  readonly imported: boolean;
  /** The inventory's version from now on; only when imported. */
  readonly version?: number;
  readonly counts: Readonly<Partial<Record<InventoryKind, ImportCounts>>>;
  /** At most `badLinesKept`, by kind and line. */
  readonly badLines: readonly BadLine[];
  /** All complaints; a line with two faults counts twice. */
  readonly badLineCount: number;
}

export const badLinesKept = 1000;

export interface InventoryImporter {
  /**
   * Reads the parts one after the other and stores all of them or nothing. Rows are added and changed,
   * never deleted, except that a dependent's groups are replaced as a whole. A dry run reports what
   * would happen. Memory does not grow with the size of the files.
   * @throws DomainError `invalid` when there is no part, or two of the same kind; the stream's own error
   * when reading fails (nothing is stored).
   */
  import(
    parts: AsyncIterable<InventoryPart>,
    options: { readonly importedBy: string; readonly dryRun?: boolean },
  ): Promise<ImportReport>;
}

export interface ListQuery {
  /** 1 to 200. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** Keeps rows in which a name or an id contains this, in any case. */
  readonly text?: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** What each kind's listing shows. */
export interface InventoryRows {
  readonly departments: Department;
  readonly datacentres: Datacentre;
  readonly latencies: Latency;
  readonly offers: Offer;
  readonly solutions: Solution;
  readonly customers: Customer;
  readonly items: Item;
  readonly services: Service;
  readonly dependencies: RequirementGroup;
}

export interface InventoryReader {
  /**
   * One page, ordered by id.
   * @throws DomainError `invalid` for a limit out of range or a cursor that this listing never gave.
   */
  list<Kind extends InventoryKind>(
    kind: Kind,
    query: ListQuery,
  ): Promise<Page<InventoryRows[Kind]>>;
  /** Consistent: everything as of one version. */
  loadGraph(): Promise<InventoryGraph>;
  /** Version of the newest import, 0 before the first; a prepared graph of the same version is current. */
  version(): Promise<number>;
  /** The sites with these ids, in the order asked for. @throws DomainError `not-found` naming all unknown. */
  datacentres(ids: readonly string[]): Promise<Datacentre[]>;
  /** As Optimus wants them; of these sites, or of all. @throws DomainError `not-found` as above. */
  candidateDatacentres(ids?: readonly string[]): Promise<CandidateDatacentre[]>;
  /** Offers in these sites, or in all. */
  offers(datacentres?: readonly string[]): Promise<Offer[]>;
  /** Both directions, between these sites or all. */
  latencies(datacentres?: readonly string[]): Promise<Latency[]>;
  /** The customers with these ids that exist, by id. */
  customers(ids: readonly string[]): Promise<Customer[]>;
  /** Which of these ids are neither item nor service. */
  unknownNodes(ids: readonly string[]): Promise<string[]>;
  /** The counts of `summariseImpact`, made in the database. */
  summariseAffected(services: AffectedServices): Promise<ImpactSummary>;
}
