import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { DatacentreDriver, DriverFor } from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';
import { createLocalDriver } from './local/local-driver.ts';

export interface DriverRegistryOptions {
  readonly database: Knex;
  readonly logger: Logger;
  /** Absent: the local driver is off, for it runs commands on this machine. */
  readonly local?: { readonly stateDirectory: string; readonly releasesRoot?: string };
}

/** The driver of each datacentre, by what the inventory says. A new kind is one folder and one line here. */
export function createDriverRegistry({ database, logger, local }: DriverRegistryOptions): {
  readonly driverFor: DriverFor;
  close(): void;
} {
  const localDriver = local === undefined ? undefined : createLocalDriver({ ...local, logger });
  const drivers: Readonly<Record<string, DatacentreDriver | undefined>> = { local: localDriver };

  const driverFor: DriverFor = async (datacentre) => {
    const row = await database('datacentre')
      .where({ id: datacentre })
      .first<{ driver: string } | undefined>('driver');
    if (row === undefined) {
      throw new DomainError('not-found', `There is no datacentre "${datacentre}".`, {
        code: 'no-such-datacentre',
      });
    }
    const driver = drivers[row.driver];
    if (driver !== undefined) return driver;
    throw new DomainError(
      'not-found',
      row.driver === 'local'
        ? `Datacentre "${datacentre}" is local, and the local driver is off.`
        : `Datacentre "${datacentre}" has the driver "${row.driver}", which CTC does not know.`,
      {
        code: 'no-driver',
        remedy:
          row.driver === 'local'
            ? 'Set CTC_LOCAL_DRIVER=on where running commands on the worker’s machine is wanted.'
            : `Known drivers: ${Object.keys(drivers).join(', ')}.`,
      },
    );
  };
  return { driverFor, close: () => localDriver?.close() };
}
