import type { CatalogueOffer } from '../acsmi/catalogue.ts';
import type {
  CandidateDatacentre,
  FailureDomain,
  Latency,
  Offer,
} from '../placement/simulation.ts';
import type {
  Customer,
  Datacentre,
  Department,
  Item,
  Provider,
  RequirementGroup,
  Service,
  Solution,
  Team,
} from './inventory.ts';
import type { InventoryFormat, InventoryKind } from './inventory-kinds.ts';

/** One file of an import. A Node `Readable` is such a stream. */
export interface InventoryPart {
  readonly kind: InventoryKind;
  readonly format: InventoryFormat;
  readonly stream: AsyncIterable<Uint8Array>;
  /** The rows are to go: they hold the kind's key columns only. */
  readonly removes?: boolean;
}

/**
 * One thing wrong with one line; `line` counts from 1, the header of a CSV file included. It is 0 for a row
 * that a complete file leaves out and that cannot go.
 */
export interface BadLine {
  readonly kind: InventoryKind;
  readonly line: number;
  readonly column?: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
}

/**
 * `rows` could be read; `inserted`, `updated` and `removed` say what the import changed (a row that was
 * there already with the same values is none of them). `kept` rows differ but belong to another source.
 */
export interface ImportCounts {
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  readonly removed: number;
  readonly kept: number;
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

export interface ImportOptions {
  readonly importedBy: string;
  /** Says what would happen, and stores nothing. */
  readonly dryRun?: boolean;
  /** Names the import for `progress`; default: a new one. */
  readonly importId?: string;
  /** Whose truth the rows are; default `manual`. A row belongs to the source that brought it. */
  readonly source?: string;
  /** What becomes of rows that belong to another source and differ: a bad line (default), or kept. */
  readonly foreignRows?: 'refuse' | 'keep';
  /** The parts are all that the source has of their kinds: what else it brought before is removed. */
  readonly complete?: boolean;
  /**
   * How many rows the import may remove in all when of some kind that is more than a hundred and more than 5 %
   * of those the kind has: the number that the refusal named.
   */
  readonly confirmedRemovals?: number;
}

export const importPhases = ['reading', 'checking', 'storing', 'done'] as const;
export type ImportPhase = (typeof importPhases)[number];

export interface ImportProgress {
  readonly id: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly startedBy: string;
  readonly phase: ImportPhase;
  /** The kind being read, checked or stored. */
  readonly kind: InventoryKind | null;
  /** Rows read so far. */
  readonly rows: number;
  readonly outcome: 'imported' | 'refused' | 'failed' | 'dry-run' | null;
}

export interface InventoryImporter {
  /**
   * Reads the parts one after the other and stores all of them or nothing; a dependent's groups are
   * replaced as a whole. Memory does not grow with the size of the files.
   * @throws DomainError `invalid` when there is no part, or two of the same kind; `refused` when it would
   * remove more than the guard allows; the stream's own error when reading fails (nothing is stored).
   */
  import(parts: AsyncIterable<InventoryPart>, options: ImportOptions): Promise<ImportReport>;
  /** How far an import is, seen from any process. @throws DomainError `not-found`. */
  progress(importId: string): Promise<ImportProgress>;
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
  readonly teams: Team;
  readonly datacentres: Datacentre;
  readonly latencies: Latency;
  readonly providers: Provider;
  readonly offers: CatalogueOffer;
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
  /** Version of the newest import, 0 before the first. */
  version(): Promise<number>;
  /** The sites with these ids, in the order asked for. @throws DomainError `not-found` naming all unknown. */
  datacentres(ids: readonly string[]): Promise<Datacentre[]>;
  /** As Optimus wants them; of these sites, or of all. @throws DomainError `not-found` as above. */
  candidateDatacentres(ids?: readonly string[]): Promise<CandidateDatacentre[]>;
  /**
   * To place on: offers in these sites that are sold at `now` (default: the present). With neither, to know what
   * things cost: all there are, sold or not, for what is rented costs on when it is sold no more.
   */
  offers(datacentres?: readonly string[], now?: Date): Promise<Offer[]>;
  /** What these sites, or all, have in common and are down with, by name. */
  failureDomains(datacentres?: readonly string[]): Promise<FailureDomain[]>;
  /** Both directions, between these sites or all. */
  latencies(datacentres?: readonly string[]): Promise<Latency[]>;
  /** The customers with these ids that exist, by id. */
  customers(ids: readonly string[]): Promise<Customer[]>;
  /** Which of these ids are neither item nor service. */
  unknownNodes(ids: readonly string[]): Promise<string[]>;
}
