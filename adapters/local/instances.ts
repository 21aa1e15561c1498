import type { DeploymentSite } from '../../domain/deployment/ports.ts';
import type { LocalState } from './local-state.ts';

/** One replica that this driver started, or tried to. */
export interface Instance {
  readonly component: string;
  readonly release: string;
  readonly releaseDigest: string;
  readonly specHash: string;
  readonly marker: string;
  /** The newest attempt that wanted it as it is. */
  readonly token: number;
  /** 0 when the command could not be started. */
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
  readonly url: string;
  readonly healthPath: string;
  /** ISO instants. */
  readonly startedAt: string;
  readonly readyDeadline: string;
  readonly logFile: string;
  /** Where its own output begins in the log, which all releases share. */
  readonly logOffset: number;
  /** 1 once its stop is on record. */
  readonly stopping: number;
  /** How it ended, if the worker that started it saw that. */
  readonly exitDetail: string | null;
}

const columns = `component, release, release_digest as releaseDigest, spec_hash as specHash, marker, token,
  pid, start_ticks as startTicks, boot_id as bootId, url, health_path as healthPath,
  started_at as startedAt, ready_deadline as readyDeadline, log_file as logFile, log_offset as logOffset,
  stopping, exit_detail as exitDetail`;

export function listInstances(state: LocalState, site: DeploymentSite): Instance[] {
  return state
    .all(
      `select ${columns} from instance where application = ? and datacentre = ? order by component`,
      site.application,
      site.datacentre,
    )
    .map((row) => ({ ...row }) as unknown as Instance);
}

export function findInstance(
  state: LocalState,
  site: DeploymentSite,
  component: string,
): Instance | undefined {
  return listInstances(state, site).find((instance) => instance.component === component);
}

export function insertInstance(state: LocalState, site: DeploymentSite, instance: Instance): void {
  state.run(
    `insert into instance (application, datacentre, component, release, release_digest, spec_hash, marker,
       token, pid, start_ticks, boot_id, url, health_path, started_at, ready_deadline, log_file, log_offset,
       stopping, exit_detail)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    site.application,
    site.datacentre,
    instance.component,
    instance.release,
    instance.releaseDigest,
    instance.specHash,
    instance.marker,
    instance.token,
    instance.pid,
    instance.startTicks,
    instance.bootId,
    instance.url,
    instance.healthPath,
    instance.startedAt,
    instance.readyDeadline,
    instance.logFile,
    instance.logOffset,
    instance.stopping,
    instance.exitDetail,
  );
}

/** Takes over an instance that is kept as it is by a newer attempt. */
export function keepInstance(
  state: LocalState,
  site: DeploymentSite,
  component: string,
  token: number,
): void {
  state.run(
    'update instance set token = ? where application = ? and datacentre = ? and component = ?',
    token,
    site.application,
    site.datacentre,
    component,
  );
}

export function markStopping(state: LocalState, site: DeploymentSite, component: string): void {
  state.run(
    'update instance set stopping = 1 where application = ? and datacentre = ? and component = ?',
    site.application,
    site.datacentre,
    component,
  );
}

export function deleteInstance(state: LocalState, site: DeploymentSite, component: string): void {
  state.run(
    'delete from instance where application = ? and datacentre = ? and component = ?',
    site.application,
    site.datacentre,
    component,
  );
}

/** Says how exactly this process ended; a successor under the same name is left alone. */
export function noteExit(state: LocalState, marker: string, pid: number, detail: string): void {
  state.run(
    'update instance set exit_detail = ? where marker = ? and pid = ?',
    detail,
    marker,
    pid,
  );
}
