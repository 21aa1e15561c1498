import { DomainError } from '../../domain/errors.ts';
import type { DeploymentSite, Fence } from '../../domain/deployment/ports.ts';
import type { LocalState } from './local-state.ts';

/** The highest fence seen at the site. */
export function readFence(state: LocalState, site: DeploymentSite): Fence | undefined {
  const row = state.first(
    'select token, change, attempt from fence where application = ? and datacentre = ?',
    site.application,
    site.datacentre,
  );
  // Copied: rows of node:sqlite have no prototype.
  return row === undefined ? undefined : ({ ...row } as unknown as Fence);
}

/** Takes the site for this fence. Call it under the lock. @throws DomainError `stale`. */
export function claimFence(state: LocalState, site: DeploymentSite, fence: Fence): void {
  const seen = readFence(state, site);
  if (seen !== undefined) refuseIfStale(seen, site, fence);
  state.run(
    `insert into fence (application, datacentre, token, change, attempt) values (?, ?, ?, ?, ?)
     on conflict do update set token = excluded.token, change = excluded.change, attempt = excluded.attempt`,
    site.application,
    site.datacentre,
    fence.token,
    fence.change,
    fence.attempt,
  );
}

/** Checks right before an effect that nobody newer took the site. Call it under the lock. @throws DomainError `stale`. */
export function checkFence(state: LocalState, site: DeploymentSite, fence: Fence): void {
  const seen = readFence(state, site);
  if (seen !== undefined) refuseIfStale(seen, site, fence);
}

function refuseIfStale(seen: Fence, site: DeploymentSite, fence: Fence): void {
  const sameAttempt = seen.change === fence.change && seen.attempt === fence.attempt;
  if (fence.token > seen.token || (fence.token === seen.token && sameAttempt)) return;
  throw new DomainError(
    'stale',
    `Attempt ${fence.attempt} of change ${fence.change} (token ${fence.token}) may no longer act on ` +
      `${site.application} in ${site.datacentre}: attempt ${seen.attempt} of change ${seen.change} ` +
      `holds it with token ${seen.token}.`,
    { code: 'fenced-off', remedy: 'Stop; the newer attempt decides what runs there.' },
  );
}
