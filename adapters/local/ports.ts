import { createServer } from 'node:net';
import type { DeploymentSite } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { DriverStore } from './driver-store.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The port of a component in a site: reserved at the first call and the same ever after. */
export async function portFor(
  store: DriverStore,
  site: DeploymentSite,
  component: string,
  host: string,
  range: PortRange,
): Promise<number> {
  const known = store.port(site, component);
  if (known !== undefined) return known;
  const taken = store.takenPorts();
  for (let port = range.first; port <= range.last; port += 1) {
    if (taken.has(port) || !(await isFree(host, port))) continue;
    if (store.exclusively(() => store.reservePort(site, component, port))) return port;
    // Another process took it, or reserved one for this very component meanwhile.
    const theirs = store.port(site, component);
    if (theirs !== undefined) return theirs;
  }
  throw new DomainError(
    'unavailable',
    `No port between ${range.first} and ${range.last} is free for ${component} in ${site.datacentre}.`,
    { code: 'no-free-port' },
  );
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
