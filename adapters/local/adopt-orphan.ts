import type { DesiredState } from '../../domain/deployment/ports.ts';
import type { WantedInstance } from './desired-instances.ts';
import { deleteInstance, findInstance } from './instances.ts';
import type { Instance } from './instances.ts';
import type { LocalState } from './local-state.ts';
import { isAlive } from './proc.ts';
import type { MarkedProcess } from './proc.ts';
import { logFileOf } from './start-process.ts';

/** The unrecorded process as an instance, if it is just what this attempt wants and does not have. */
export function adoptOrphan(
  state: LocalState,
  desired: DesiredState,
  token: number,
  wanted: WantedInstance | undefined,
  specHash: string,
  orphan: MarkedProcess,
): Instance | undefined {
  if (wanted?.specHash !== specHash) return undefined;
  const recorded = findInstance(state, desired, wanted.name);
  if (recorded !== undefined) {
    if (isAlive(recorded, recorded.marker)) return undefined;
    deleteInstance(state, desired, wanted.name);
  }
  const foundAt = new Date();
  const { pid, startTicks, bootId, marker } = orphan;
  return {
    component: wanted.name,
    release: desired.release,
    releaseDigest: desired.releaseDigest,
    specHash,
    marker,
    token,
    pid,
    startTicks,
    bootId,
    url: wanted.url,
    healthPath: wanted.process.healthPath,
    startedAt: foundAt.toISOString(),
    readyDeadline: new Date(foundAt.getTime() + wanted.process.readyTimeoutMs).toISOString(),
    logFile: logFileOf(state, desired, wanted.name),
    logOffset: 0,
    stopping: 0,
    exitDetail: null,
  };
}
