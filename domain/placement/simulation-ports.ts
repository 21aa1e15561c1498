import type { ResultDifference } from './compare-results.ts';
import type { SimulationInput, SimulationResult } from './simulation.ts';
import type { Assumption } from './what-if.ts';

export const simulationPurposes = ['change', 'guardian', 'what-if'] as const;
export type SimulationPurpose = (typeof simulationPurposes)[number];

/** One stored answer, without its inputs. */
export interface SimulationSummary {
  readonly id: string;
  readonly application: string;
  readonly purpose: SimulationPurpose;
  /** Label of the change or the incident, or id of the person. */
  readonly askedFor: string;
  readonly attempt: number | null;
  /** Name and version. */
  readonly engine: string;
  readonly inputsHash: string;
  readonly simulatedAt: string;
  readonly status: SimulationResult['status'];
  /** Of the best placement; null where there is none. */
  readonly monthlyCost: number | null;
}

export interface StoredReplay {
  readonly id: string;
  readonly engine: string;
  /** Fields of the answer that were not the same; empty: it was computed again, and is. */
  readonly unlike: readonly string[];
  readonly result: SimulationResult;
  readonly replayedBy: string;
  readonly replayedAt: string;
}

export interface StoredSimulation extends SimulationSummary {
  readonly result: SimulationResult;
  /** Newest first. */
  readonly replays: readonly StoredReplay[];
  /** Of a what-if. */
  readonly assumptions?: readonly Assumption[];
  readonly difference?: ResultDifference;
}

/** What Optimus was asked and answered, whoever wanted to know. */
export interface SimulationRegister {
  /**
   * What Optimus is to be asked about an application as it is now: its definition, what is offered and free, its
   * newest figures and where it runs.
   * @throws DomainError `not-found` for an unknown application or datacentre.
   */
  inputNow(application: string, datacentres?: readonly string[]): Promise<SimulationInput>;
  storeWhatIf(whatIf: {
    readonly application: string;
    readonly assumptions: readonly Assumption[];
    readonly askedBy: string;
    readonly input: SimulationInput;
    readonly result: SimulationResult;
    readonly difference: ResultDifference;
  }): Promise<string>;
  /** @throws DomainError `not-found`. */
  get(id: string): Promise<StoredSimulation>;
  /** As it was stored. @throws DomainError `not-found`. */
  inputOf(id: string): Promise<SimulationInput>;
  /** Newest first. */
  list(
    application: string,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ rows: SimulationSummary[]; nextCursor?: string }>;
  storeReplay(
    id: string,
    replay: {
      readonly result: SimulationResult;
      readonly unlike: readonly string[];
      readonly by: string;
    },
  ): Promise<StoredReplay>;
}
