import type { ApplicationDefinition } from '../../domain/application/application-definition.ts';
import type { ReleaseDefinition } from '../../domain/application/release-definition.ts';
import type {
  ChangePlan,
  ChangeRegister,
  RequestedChange,
  RolloutRegister,
} from '../../domain/change/ports.ts';
import type { Conflict } from '../../domain/conflicts/conflict.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryReader } from '../../domain/inventory/ports.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import {
  expectSimulation,
  expectSite,
  type ExpectedDuration,
} from '../../domain/rehearsal/durations.ts';
import type { RehearsalReader } from '../../domain/rehearsal/ports.ts';
import { plannedRunbook, type Runbook } from '../../domain/runbook/runbook.ts';

/** What a rehearsal needs of the outside; it only reads. */
export interface RehearsalPorts {
  readonly changes: Pick<
    ChangeRegister,
    'requestedChange' | 'release' | 'plannedApplication' | 'lastVerified'
  >;
  readonly rollouts: Pick<RolloutRegister, 'simulationInput' | 'occupiedDatacentres'>;
  readonly reader: RehearsalReader;
  readonly inventory: Pick<
    InventoryReader,
    'candidateDatacentres' | 'datacentres' | 'latencies' | 'offers'
  >;
  readonly optimus: Pick<Optimus, 'simulate'>;
  /** How long a request waits for its approvals where no policy says. */
  readonly approvalExpiryMs: number;
}

/** What is known of a change before it is rehearsed. */
export interface ChangeFacts {
  readonly change: RequestedChange;
  readonly plan: ChangePlan;
  readonly planHash: string;
  /** Names for those who approve, as many as may be needed. */
  readonly approvers: readonly string[];
  readonly conflicts: readonly Conflict[];
  readonly runbook?: Runbook;
  /** Of what CTC carries out itself. */
  readonly rollout?: {
    readonly application: ApplicationDefinition;
    readonly releaseDigest: string;
    readonly sites: Readonly<Record<string, ExpectedDuration>>;
    readonly simulation: ExpectedDuration;
  };
}

export async function readChangeFacts(
  { changes, reader }: RehearsalPorts,
  changeId: string,
): Promise<ChangeFacts> {
  const change = await changes.requestedChange(changeId);
  const { plan, planHash } = await reader.plan(changeId);
  if (plan === null || planHash === null) {
    throw new DomainError('conflict', `${change.label} is not assessed yet.`, {
      code: 'not-assessed',
      remedy: 'Wait until it asks for its approval.',
    });
  }
  const [approvers, conflicts] = await Promise.all([
    reader.approvers(changeId),
    reader.conflicts(changeId),
  ]);
  const facts = { change, plan, planHash, approvers, conflicts };
  const { request } = change;
  if (request.kind !== 'release') {
    return request.runbook === undefined
      ? facts
      : { ...facts, runbook: plannedRunbook(request.runbook) };
  }
  const [application, release, recorded] = await Promise.all([
    changes.plannedApplication(changeId),
    changes.release(request.application, request.release),
    reader.durations(request.application, request.datacentres),
  ]);
  const readyMs = readyTimeoutMs(release.definition);
  const sites = request.datacentres.map((id) => [id, expectSite(id, recorded, readyMs)] as const);
  return {
    ...facts,
    rollout: {
      application,
      releaseDigest: release.digest,
      sites: Object.fromEntries(sites),
      simulation: expectSimulation(recorded),
    },
  };
}

function readyTimeoutMs({ components }: ReleaseDefinition): number {
  return Math.max(0, ...Object.values(components).map((component) => component.readyTimeoutMs));
}
