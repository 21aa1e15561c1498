import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import type { DesiredComponent, DesiredState } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { markerVariable } from './processes.ts';

const longestLogBytes = 5 * 1024 * 1024;
const tailBytes = 4096;
const tailLines = 20;
/** All that a component gets of the worker's environment: the rest may hold secrets. */
const inherited = ['PATH', 'HOME', 'LANG', 'TZ'] as const;

export interface SpawnedComponent {
  /** 0 when it could not be started; `failure` then says why. */
  readonly pid: number;
  readonly failure?: string;
}

/** Where a component's output goes. */
export function logFile(
  stateDirectory: string,
  desired: { datacentre: string; application: string },
  component: string,
): string {
  return join(stateDirectory, desired.datacentre, desired.application, `${component}.log`);
}

/** The last lines of a log; empty when there is none. */
export function logTail(path: string): string {
  try {
    const content = readFileSync(path);
    const lines = content.subarray(-tailBytes).toString('utf8').split('\n');
    return lines
      .slice(-tailLines - 1)
      .join('\n')
      .trim();
  } catch {
    return '';
  }
}

/** @throws DomainError `invalid` when the directory is missing, or outside of where releases may lie. */
export function checkDirectory(directory: string, releasesRoot: string | undefined): void {
  let real: string;
  try {
    real = realpathSync(directory);
    if (!statSync(real).isDirectory()) throw new Error('it is not a directory');
  } catch (cause) {
    throw new DomainError(
      'invalid',
      `The directory ${directory} cannot be used: ${(cause as Error).message}.`,
      {
        code: 'release-directory-missing',
        remedy: 'Put the release’s files on the worker’s machine, where the release says they are.',
        cause,
      },
    );
  }
  if (releasesRoot === undefined) return;
  const root = realpathSync(releasesRoot);
  if (real !== root && !real.startsWith(root + sep)) {
    throw new DomainError('invalid', `The directory ${directory} is outside of ${releasesRoot}.`, {
      code: 'release-directory-outside',
      remedy: 'Only releases below CTC_LOCAL_RELEASES_ROOT are run.',
    });
  }
}

/** Starts one component as the leader of a process group that outlives us. Synchronous: under the lock. */
export function spawnComponent(options: {
  readonly desired: DesiredState;
  readonly component: DesiredComponent;
  readonly marker: string;
  readonly host: string;
  readonly port: number;
  readonly stateDirectory: string;
  readonly onExit: (pid: number, detail: string) => void;
}): SpawnedComponent {
  const { desired, component, marker, host, port, stateDirectory, onExit } = options;
  const { process: spec, bindings } = component;
  const path = logFile(stateDirectory, desired, component.name);
  const log = openLog(path);
  try {
    const [command = '', ...args] = spec.command;
    const child = spawn(command === 'node' ? process.execPath : command, args, {
      cwd: spec.directory,
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        ...Object.fromEntries(
          inherited.flatMap((name) =>
            process.env[name] === undefined ? [] : [[name, process.env[name]]],
          ),
        ),
        ...Object.fromEntries(
          Object.entries(bindings).map(([name, urls]) => [
            `CTC_BINDING_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
            urls.join(','),
          ]),
        ),
        ...spec.env,
        PORT: String(port),
        HOST: host,
        CTC_APPLICATION: desired.application,
        CTC_COMPONENT: component.name,
        CTC_DATACENTRE: desired.datacentre,
        CTC_RELEASE: desired.release,
        [markerVariable]: marker,
      },
    });
    const { pid } = child;
    // Without a listener a command that is not there would end the whole worker.
    child.on('error', () => {});
    if (pid === undefined) {
      return { pid: 0, failure: `"${command}" cannot be started: is it installed and executable?` };
    }
    child.once('exit', (code, signal) => {
      onExit(pid, signal === null ? `exited with code ${code ?? '?'}` : `was ended by ${signal}`);
    });
    child.unref();
    return { pid };
  } finally {
    closeSync(log);
  }
}

function openLog(path: string): number {
  mkdirSync(join(path, '..'), { recursive: true });
  try {
    if (statSync(path).size > longestLogBytes) renameSync(path, `${path}.1`);
  } catch {
    // The first start: there is no log yet.
  }
  return openSync(path, 'a');
}
