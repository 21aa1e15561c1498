import type { Knex } from 'knex';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import type { ImpactDifference, ImpactSnapshots } from '../../domain/impact/snapshot-ports.ts';
import { impactStates } from '../../domain/impact/impact.ts';
import type { ResolvedWindow } from '../../domain/windows/window.ts';
import { enqueueImpactMoved } from './outbox.ts';

export interface ImpactWatchSettings {
  /** Share of the services or customers assessed (0 to 1) beyond which approval is asked again. */
  readonly reapprovalShare: number;
}

/**
 * Whether what the change was assessed with still holds: if the inventory has moved it by more than the policy
 * allows, its workflow is told, in the caller's transaction. Only what waits for approval or its window counts.
 */
export async function watchImpact(
  trx: Knex,
  snapshots: Pick<ImpactSnapshots, 'difference'>,
  settings: ImpactWatchSettings,
  changeId: string,
): Promise<void> {
  const change = await trx('change')
    .where({ id: changeId })
    .whereIn('state', ['awaiting-approval', 'scheduled'])
    .first<
      | {
          revision: number;
          definition: { request: ChangeRequest; window: ResolvedWindow };
          window_opens_at: string;
          window_closes_at: string;
        }
      | undefined
    >('revision', 'definition', 'window_opens_at', 'window_closes_at');
  if (change === undefined) return;
  const difference = await snapshots.difference(changeId);
  if (difference.share <= settings.reapprovalShare) return;
  const { request, window } = change.definition;
  await enqueueImpactMoved(trx, changeId, {
    revision: change.revision,
    message: `The inventory has changed what it affects (${describe(difference)}): it is assessed again, and approvals given so far are void.`,
    window: {
      request: { asked: request.window, resolved: window },
      opensAt: change.window_opens_at,
      closesAt: change.window_closes_at,
    },
  });
}

function describe({ services, customers, share }: ImpactDifference): string {
  const sum = (sets: ImpactDifference['services'], what: 'added' | 'gone'): number =>
    impactStates.reduce((total, state) => total + sets[state][what], 0);
  return (
    `services: ${sum(services, 'added')} more, ${sum(services, 'gone')} fewer; ` +
    `customers: ${sum(customers, 'added')} more, ${sum(customers, 'gone')} fewer; ${(share * 100).toFixed(1)} %`
  );
}
