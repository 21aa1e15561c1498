import type { DeploymentSite, Fence } from '../../domain/deployment/ports.ts';
import { recordEffect } from './effects.ts';
import { insertInstance, listInstances } from './instances.ts';
import type { Instance } from './instances.ts';
import type { LocalState } from './local-state.ts';
import { parseMarker, siteMarkerPrefix } from './marker.ts';
import { findMarked, isAlive } from './proc.ts';
import type { MarkedProcess } from './proc.ts';

/**
 * Finds processes of this site that no record knows: a worker died between starting them and recording it,
 * or a replica died and left its own children. Those that are just what `adopt` wants become instances; the
 * rest is returned, to be ended. Call it under the lock: then no other worker is between the two.
 */
export function takeInOrphans(
  state: LocalState,
  site: DeploymentSite,
  fence: Fence,
  adopt: (component: string, specHash: string, orphan: MarkedProcess) => Instance | undefined,
): MarkedProcess[] {
  const owned = new Set(
    listInstances(state, site)
      .filter((instance) => isAlive(instance, instance.marker))
      .map(({ marker }) => marker),
  );
  const orphans: MarkedProcess[] = [];
  const marked = findMarked(siteMarkerPrefix(state.directory, site)).filter(
    ({ marker }) => !owned.has(marker),
  );
  // Leaders first: their own children carry the same marker and then belong to what was adopted.
  marked.sort((a, b) => Number(isLeader(b)) - Number(isLeader(a)));
  for (const process of marked) {
    const parsed = parseMarker(process.marker);
    if (parsed === undefined || owned.has(process.marker)) continue;
    const instance =
      isLeader(process) && parsed.token === fence.token
        ? adopt(parsed.component, parsed.specHash, process)
        : undefined;
    if (instance !== undefined) {
      insertInstance(state, site, instance);
      owned.add(process.marker);
    } else {
      orphans.push(process);
    }
    if (isLeader(process)) recordFinding(state, site, fence, process, instance !== undefined);
  }
  return orphans;
}

/** Puts the start that was never recorded, and the stop that follows, into the journal. */
function recordFinding(
  state: LocalState,
  site: DeploymentSite,
  fence: Fence,
  { pid, marker }: MarkedProcess,
  adopted: boolean,
): void {
  const component = parseMarker(marker)?.component ?? '';
  const effects = state.all('select action from effect where marker = ? and pid = ?', marker, pid);
  const known = new Set(effects.map(({ action }) => action));
  if (!known.has('start')) {
    const detail = adopted
      ? 'adopted: it was started without being recorded'
      : 'found: it was started without being recorded';
    recordEffect(state, site, fence, { component, action: 'start', pid, marker, detail });
  }
  if (!adopted && !known.has('stop')) {
    const detail = 'nothing on record wants this process';
    recordEffect(state, site, fence, { component, action: 'stop', pid, marker, detail });
  }
}

function isLeader({ pid, processGroup }: MarkedProcess): boolean {
  return pid === processGroup;
}
