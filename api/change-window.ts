import type { ChangeRequest } from '../domain/change/change-request.ts';
import type { ChangeDetail } from '../domain/change/readers.ts';
import { complaintsAboutSiteWaves } from '../domain/change/site-waves.ts';
import { DomainError } from '../domain/errors.ts';
import { nextChangeWindow, resolveChangeWindow } from '../domain/windows/change-window.ts';
import type { Site } from '../domain/windows/site-windows.ts';
import type { ResolvedWindow, WindowRequest } from '../domain/windows/window.ts';
import type { AppDeps } from './app-deps.ts';

type Deps = Pick<AppDeps, 'inventory' | 'now'>;

/**
 * The window in which a change would be carried out that is asked for now, or whose window is moved now.
 * @throws DomainError `invalid` where it is over, or its waves cannot be carried out in it.
 */
export async function windowFor(deps: Deps, request: ChangeRequest): Promise<ResolvedWindow> {
  const nowMs = deps.now().getTime();
  const resolved = resolveChangeWindow(request.window, {
    afterMs: nowMs,
    datacentres: await sitesOf(deps, request.window, request.datacentres),
  });
  if (Date.parse(resolved.latestStartAt) <= nowMs) {
    throw new DomainError('invalid', 'The window is over.', {
      code: 'invalid-window',
      complaints: [
        {
          field: request.window.latestStart === undefined ? 'window.end' : 'window.latestStart',
          message: `${resolved.latestStartAt} has passed; ask for a later window`,
        },
      ],
    });
  }
  checkWaves(request, resolved);
  return resolved;
}

/** @throws DomainError `refused` where the change's window does not come again. */
export async function nextOccurrenceOf(
  deps: Deps,
  { label, request, window }: ChangeDetail,
): Promise<ResolvedWindow> {
  const next = nextChangeWindow(request.window, {
    afterMs: Math.max(deps.now().getTime(), Date.parse(window.opensAt) + 1),
    datacentres: await sitesOf(deps, request.window, request.datacentres),
  });
  if (next === undefined) {
    throw new DomainError('refused', `The window of ${label} does not come again.`, {
      code: 'no-next-occurrence',
      remedy: 'Give the new window, or move it to the next free one.',
    });
  }
  checkWaves(request, next);
  return next;
}

/** The datacentres of a window per datacentre, with their zones; none for another window. */
export async function sitesOf(
  { inventory }: Pick<Deps, 'inventory'>,
  { perDatacentre }: WindowRequest,
  datacentres: readonly string[],
): Promise<readonly Site[]> {
  return perDatacentre === true ? inventory.datacentres(datacentres) : [];
}

function checkWaves(request: ChangeRequest, { sites }: ResolvedWindow): void {
  if (request.kind !== 'release' || sites === undefined) return;
  const complaints = complaintsAboutSiteWaves(request, sites);
  if (complaints.length === 0) return;
  throw new DomainError('invalid', 'The waves do not fit the windows of their datacentres.', {
    code: 'invalid-waves',
    complaints,
  });
}
