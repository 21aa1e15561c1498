import path from 'node:path';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { DeploymentSite, Fence } from '../../domain/deployment/ports.ts';
import type { LocalState } from './local-state.ts';

/** Something that the driver did to the outside world. */
export interface Effect extends DeploymentSite {
  /** ISO instant. */
  readonly at: string;
  readonly component: string;
  readonly token: number;
  readonly change: string;
  readonly attempt: number;
  readonly action: 'start' | 'stop';
  readonly pid: number;
  readonly detail: string;
}

/** Call it in the transaction of the effect itself. */
export function recordEffect(
  state: LocalState,
  site: DeploymentSite,
  fence: Fence,
  effect: Pick<Effect, 'component' | 'action' | 'pid' | 'detail'> & { readonly marker: string },
): void {
  state.run(
    `insert into effect (at, application, datacentre, component, token, change, attempt, action, pid, marker, detail)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    new Date().toISOString(),
    site.application,
    site.datacentre,
    effect.component,
    fence.token,
    fence.change,
    fence.attempt,
    effect.action,
    effect.pid,
    effect.marker,
    effect.detail,
  );
}

/** Every effect of all workers on this state directory, in order; none when nothing was ever done. */
export function readEffects(stateDirectory: string): Effect[] {
  const file = path.join(stateDirectory, 'local-driver.sqlite');
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    const rows = database
      .prepare(
        `select at, application, datacentre, component, token, change, attempt, action, pid, detail
         from effect order by id`,
      )
      .all();
    return rows.map((row) => ({ ...row })) as unknown as Effect[];
  } finally {
    database.close();
  }
}
