import type { ChangeRequest, ReleaseChange } from '../domain/change/change-request.ts';
import { DomainError } from '../domain/errors.ts';
import type { ResolvedWindow } from '../domain/windows/window.ts';
import type { AppDeps } from './app-deps.ts';
import { windowFor } from './change-window.ts';

/** Checks a request as a whole before anything is stored. @throws DomainError `invalid` by field. */
export async function checkRequest(
  deps: Pick<AppDeps, 'requests' | 'inventory' | 'applications' | 'optimus' | 'now'>,
  request: ChangeRequest,
): Promise<ResolvedWindow> {
  const complaints = await deps.requests.complaintsAbout(request);
  if (complaints.length > 0) {
    throw new DomainError('invalid', 'The request names what is not known.', {
      code: 'unknown-reference',
      complaints,
    });
  }
  // After the names: a window per datacentre needs the zones of those.
  const window = await windowFor(deps, request);
  if (request.kind === 'release') await refuseHopeless(deps, request);
  return window;
}

/**
 * Refuses requirements that no placement can meet, before anybody spends a night on them. Optimus is asked
 * again with fresh figures when the window opens; if it is away now, the request is taken all the same.
 */
async function refuseHopeless(
  { inventory, applications, optimus }: Pick<AppDeps, 'inventory' | 'applications' | 'optimus'>,
  { application, datacentres }: ReleaseChange,
): Promise<void> {
  const [{ definition }, candidates, failureDomains, offers, latencies] = await Promise.all([
    applications.get(application),
    inventory.candidateDatacentres(datacentres),
    inventory.failureDomains(datacentres),
    inventory.offers(datacentres),
    inventory.latencies(datacentres),
  ]);
  const result = await optimus
    .simulate(
      {
        application: definition,
        datacentres: candidates,
        offers,
        latencies,
        measurements: [],
        ...(failureDomains.length === 0 ? {} : { failureDomains }),
      },
      // Whether there is any is all that is wanted.
      { placements: 1, trials: 0 },
    )
    .catch((error: unknown) => {
      if (error instanceof DomainError && error.kind === 'unavailable') return undefined;
      throw error;
    });
  if (result?.status !== 'infeasible') return;
  throw new DomainError('invalid', `No placement meets the requirements of ${application}.`, {
    code: 'requirements-contradict',
    complaints: result.contradictions.map((message) => ({ field: 'application.nfrs', message })),
    remedy: 'Allow more datacentres, or change the requirements in the application’s definition.',
  });
}
