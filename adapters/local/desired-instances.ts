import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ProcessSpec } from '../../domain/application/release-definition.ts';
import { DomainError } from '../../domain/errors.ts';
import type { DesiredComponent, DesiredState } from '../../domain/deployment/ports.ts';
import { slugSchema } from '../../domain/names.ts';
import { canonicalHash } from '../canonical-hash.ts';

type ProcessComponent = Extract<DesiredComponent, { readonly process: ProcessSpec }>;

/** One replica as it is to run, with its address. */
export interface WantedInstance extends ProcessComponent {
  readonly port: number;
  readonly url: string;
  /** Two equal hashes mean that a running process is already as wanted. */
  readonly specHash: string;
}

/** Adds what only this driver knows: where each component answers, and what identifies its specification. */
export function wantedInstances(
  desired: DesiredState,
  ports: ReadonlyMap<string, number>,
  host: string,
): Map<string, WantedInstance> {
  return new Map(
    desired.components.filter(isProcess).map((component) => {
      const port = ports.get(component.name);
      if (port === undefined) throw new Error(`No port was reserved for ${component.name}.`);
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
      const { process, bindings } = component;
      const { releaseDigest } = desired;
      const specHash = canonicalHash({ process, bindings, releaseDigest, url });
      return [component.name, { ...component, port, url, specHash }];
    }),
  );
}

const isProcess = (component: DesiredComponent): component is ProcessComponent =>
  component.process !== undefined;

/**
 * Refuses what cannot run here, before anything is touched.
 * @throws DomainError `invalid` naming each component and its directory.
 */
export function checkDesired(desired: DesiredState, releasesRoot: string | undefined): void {
  for (const name of [desired.application, desired.datacentre]) checkName(name);
  const complaints: { field: string; message: string }[] = [];
  const seen = new Set<string>();
  for (const component of desired.components) {
    const { name } = component;
    checkName(name);
    const field = `components.${name}`;
    if (seen.has(name)) complaints.push({ field, message: 'it is wanted twice in one datacentre' });
    seen.add(name);
    if (!isProcess(component)) {
      complaints.push({ field, message: 'it is given as manifests, and processes run here' });
      continue;
    }
    const message = directoryComplaint(component.process.directory, releasesRoot);
    if (message !== undefined) complaints.push({ field: `${field}.directory`, message });
  }
  if (complaints.length === 0) return;
  throw new DomainError(
    'invalid',
    `Release ${desired.release} of ${desired.application} cannot run in ${desired.datacentre}: ` +
      complaints.map(({ field, message }) => `${field}: ${message}`).join('; '),
    {
      code: 'cannot-run-here',
      complaints,
      remedy: 'Register a release whose directories exist on the machine of the worker.',
    },
  );
}

function checkName(name: string): void {
  // Names become parts of paths and of the marker.
  if (slugSchema.safeParse(name).success) return;
  throw new DomainError('invalid', `"${name}" cannot be the name of something that is deployed.`, {
    code: 'bad-name',
    remedy: 'Use lower-case letters, digits, "-", "_" and "."',
  });
}

function directoryComplaint(
  directory: string,
  releasesRoot: string | undefined,
): string | undefined {
  if (!path.isAbsolute(directory)) return `"${directory}" is not an absolute path`;
  let real: string;
  try {
    if (!statSync(directory).isDirectory()) return `"${directory}" is not a directory`;
    real = realpathSync(directory);
  } catch (error) {
    return `"${directory}" cannot be entered (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
  if (releasesRoot === undefined) return undefined;
  const root = realpathOrUndefined(releasesRoot);
  if (root === undefined) return `the releases’ root "${releasesRoot}" does not exist`;
  const inside = path.relative(root, real);
  return inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)
    ? `"${directory}" lies outside the releases’ root "${releasesRoot}"`
    : undefined;
}

function realpathOrUndefined(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
