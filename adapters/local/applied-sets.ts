import type { DeploymentSite, DesiredState, Fence } from '../../domain/deployment/ports.ts';
import type { LocalState } from './local-state.ts';

/** What a set was applied for. */
export type ApplyMode = 'apply' | 'rollback' | 'remove';

/** Keeps each full set that was ordered, with the fence that ordered it. Call it under the lock. */
export function storeAppliedSet(
  state: LocalState,
  desired: DesiredState,
  { token, change, attempt }: Fence,
  mode: ApplyMode,
): void {
  state.run(
    `insert into applied_set (application, datacentre, token, change, attempt, mode, desired, applied_at)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict do update set mode = excluded.mode, desired = excluded.desired`,
    desired.application,
    desired.datacentre,
    token,
    change,
    attempt,
    mode,
    JSON.stringify(desired),
    new Date().toISOString(),
  );
}

/** Forgets all but the fence, which must go on refusing late workers. Call it under the lock. */
export function forgetSite(state: LocalState, site: DeploymentSite): void {
  for (const table of ['instance', 'reserved_port', 'applied_set']) {
    state.run(
      `delete from ${table} where application = ? and datacentre = ?`,
      site.application,
      site.datacentre,
    );
  }
}
