import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { DeploymentSite, DesiredState } from '../../domain/deployment/ports.ts';
import type { WantedInstance } from './desired-instances.ts';
import type { Instance } from './instances.ts';
import type { LocalState } from './local-state.ts';
import { formatMarker } from './marker.ts';
import { bootId, markerVariable, readStat } from './proc.ts';

/** All that a child sees of the worker's environment: the rest may be secret. */
const inheritedVariables = ['PATH', 'HOME', 'LANG', 'TZ'];

/** Past this size a log becomes `<component>.log.1` at the next start. */
const longestLogBytes = 10 * 1024 * 1024;

export interface StartedProcess {
  readonly instance: Instance;
  /** Undefined when the command was refused at once. */
  readonly child: ChildProcess | undefined;
}

/**
 * Starts one replica in a process group of its own that outlives this worker. Synchronous, so that it
 * happens inside the transaction that records it.
 */
export function startProcess(
  state: LocalState,
  desired: DesiredState,
  wanted: WantedInstance,
  host: string,
  token: number,
): StartedProcess {
  const { name: component, process: spec, specHash, url } = wanted;
  const marker = formatMarker(state.directory, { ...desired, component, token, specHash });
  const logFile = logFileOf(state, desired, component);
  const log = openLog(logFile);
  const [command = '', ...args] = spec.command;
  const startedAt = new Date();
  const base = {
    component,
    release: desired.release,
    releaseDigest: desired.releaseDigest,
    specHash,
    marker,
    token,
    bootId: bootId(),
    url,
    healthPath: spec.healthPath,
    startedAt: startedAt.toISOString(),
    readyDeadline: new Date(startedAt.getTime() + spec.readyTimeoutMs).toISOString(),
    logFile,
    logOffset: fstatSync(log).size,
    stopping: 0,
  };
  const failed = { ...base, pid: 0, startTicks: '' };
  try {
    const child = spawn(command === 'node' ? process.execPath : command, args, {
      cwd: spec.directory,
      env: environmentOf(desired, wanted, host, marker),
      stdio: ['ignore', log, log],
      detached: true,
    });
    child.unref();
    const { pid } = child;
    if (pid === undefined) {
      // Why comes by an event, after the transaction.
      return { child, instance: { ...failed, exitDetail: `could not start "${command}"` } };
    }
    const startTicks = readStat(pid)?.startTicks ?? '';
    return { child, instance: { ...base, pid, startTicks, exitDetail: null } };
  } catch (error) {
    // Arguments that no process can have: too long, or with a zero byte.
    const exitDetail = `could not start "${command}": ${(error as Error).message}`;
    return { child: undefined, instance: { ...failed, exitDetail } };
  } finally {
    closeSync(log);
  }
}

function environmentOf(
  desired: DesiredState,
  { name, process: spec, bindings, port }: WantedInstance,
  host: string,
  marker: string,
): Record<string, string> {
  const inherited = inheritedVariables.flatMap((key) => {
    const value = process.env[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  const bound = Object.entries(bindings).map(
    ([callee, urls]) => [bindingVariable(callee), urls.join(',')] as const,
  );
  return {
    ...Object.fromEntries(inherited),
    ...spec.env,
    // Last: a release must not be able to take these over.
    ...Object.fromEntries(bound),
    PORT: String(port),
    HOST: host,
    CTC_APPLICATION: desired.application,
    CTC_COMPONENT: name,
    CTC_DATACENTRE: desired.datacentre,
    CTC_RELEASE: desired.release,
    [markerVariable]: marker,
  };
}

function bindingVariable(callee: string): string {
  return `CTC_BINDING_${callee.toUpperCase().replaceAll(/[-.]/g, '_')}`;
}

/** Where a component's output goes, of all its releases. */
export function logFileOf(state: LocalState, site: DeploymentSite, component: string): string {
  return path.join(state.directory, site.datacentre, site.application, `${component}.log`);
}

function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > longestLogBytes) {
    renameSync(file, `${file}.1`);
  }
  return openSync(file, 'a', 0o600);
}
