import { createHash } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';
import type { DeploymentSite } from '../../domain/deployment/ports.ts';
import type { LocalState } from './local-state.ts';
import { portsInUse } from './proc.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Below the ports that Linux hands out to outgoing connections (32768 and up). */
export const defaultPortRange: PortRange = { first: 20_000, last: 29_999 };

/**
 * The port of each component, the same until the application is removed from the datacentre. Call it under
 * the lock. @throws DomainError `unavailable` when the range is used up.
 */
export function reservePorts(
  state: LocalState,
  range: PortRange,
  site: DeploymentSite,
  components: readonly string[],
): Map<string, number> {
  const ports = new Map(
    state
      .all(
        'select component, port from reserved_port where application = ? and datacentre = ?',
        site.application,
        site.datacentre,
      )
      .map(({ component, port }) => [String(component), Number(port)]),
  );
  const missing = components.filter((component) => !ports.has(component));
  if (missing.length === 0) return ports;
  const taken = portsInUse();
  for (const { port } of state.all('select port from reserved_port')) {
    taken.add(Number(port));
  }
  for (const component of missing) {
    const port = firstFree(range, taken, [
      state.directory,
      site.datacentre,
      site.application,
      component,
    ]);
    taken.add(port);
    ports.set(component, port);
    state.run(
      'insert into reserved_port (application, datacentre, component, port) values (?, ?, ?, ?)',
      site.application,
      site.datacentre,
      component,
      port,
    );
  }
  return ports;
}

/**
 * Searches from a place that depends on whose port it is: two state directories on one machine do not see
 * each other's reservations, and so hardly ever ask for the same port.
 */
function firstFree(range: PortRange, taken: ReadonlySet<number>, owner: readonly string[]): number {
  const size = range.last - range.first + 1;
  const start = createHash('sha256').update(owner.join('\n')).digest().readUInt32BE() % size;
  for (let step = 0; step < size; step += 1) {
    const port = range.first + ((start + step) % size);
    if (!taken.has(port)) return port;
  }
  throw new DomainError(
    'unavailable',
    `No port from ${range.first} to ${range.last} is free for the local driver.`,
    {
      code: 'no-free-port',
      remedy: 'Widen the port range, or remove applications that are no longer needed.',
    },
  );
}
