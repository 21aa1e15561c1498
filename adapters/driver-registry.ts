import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { DriverFor } from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';
import type { ClusterHealthReader } from '../domain/verification/metric-ports.ts';
import type { createClusterDrivers } from './kubernetes/cluster-drivers.ts';
import { createLocalDriver } from './local/local-driver.ts';

export interface DriverRegistryOptions {
  readonly database: Knex;
  readonly logger: Logger;
  /** Absent: the local driver is off, for it runs commands on this machine. */
  readonly local?: { readonly stateDirectory: string; readonly releasesRoot?: string };
  /** The file that says how each Kubernetes cluster is reached; absent: there is none. */
  readonly clustersFile?: string;
}

/** Switches a kind of datacentre on. */
const switches: Readonly<Record<string, string>> = {
  local: 'Set CTC_LOCAL_DRIVER=on where running commands on the worker’s machine is wanted.',
  kubernetes: 'Name the file of clusters in CTC_KUBERNETES_CLUSTERS.',
};

/** The driver of each datacentre, by what the inventory says. A new kind is one folder and one line here. */
export function createDriverRegistry({
  database,
  logger,
  local,
  clustersFile,
}: DriverRegistryOptions): {
  readonly driverFor: DriverFor;
  readonly clusterHealth: ClusterHealthReader;
  readonly close: () => Promise<void>;
} {
  const localDriver = local === undefined ? undefined : createLocalDriver({ ...local, logger });
  // The client of Kubernetes takes tens of megabytes: loaded where there are clusters, when one is asked for.
  let loaded: Promise<ReturnType<typeof createClusterDrivers>> | undefined;
  const clusters =
    clustersFile === undefined
      ? undefined
      : () =>
          (loaded ??= import('./kubernetes/cluster-drivers.ts').then((module) =>
            module.createClusterDrivers(clustersFile),
          ));
  const drivers: Readonly<Record<string, DriverFor | undefined>> = {
    local: localDriver === undefined ? undefined : () => Promise.resolve(localDriver),
    kubernetes:
      clusters === undefined
        ? undefined
        : async (datacentre) => (await clusters()).driverFor(datacentre),
  };

  const kindOf = async (datacentre: string): Promise<string> => {
    const row = await database('datacentre')
      .where({ id: datacentre })
      .first<{ driver: string } | undefined>('driver');
    if (row === undefined) {
      throw new DomainError('not-found', `There is no datacentre "${datacentre}".`, {
        code: 'no-such-datacentre',
      });
    }
    return row.driver;
  };
  const unusable = (datacentre: string, kind: string): DomainError => {
    const howToSwitchOn = switches[kind];
    return new DomainError(
      'not-found',
      howToSwitchOn === undefined
        ? `Datacentre "${datacentre}" has the driver "${kind}", which CTC does not know.`
        : `Datacentre "${datacentre}" has the driver "${kind}", which is off.`,
      {
        code: 'no-driver',
        remedy: howToSwitchOn ?? `Known drivers: ${Object.keys(drivers).join(', ')}.`,
      },
    );
  };

  return {
    async driverFor(datacentre) {
      const kind = await kindOf(datacentre);
      const driver = drivers[kind];
      if (driver === undefined) throw unusable(datacentre, kind);
      return driver(datacentre);
    },
    clusterHealth: {
      async readHealth(request, options) {
        const { datacentre } = request;
        const kind = await kindOf(datacentre);
        if (kind !== 'kubernetes') {
          throw new DomainError(
            'invalid',
            `Datacentre "${datacentre}" has the driver "${kind}", which is no Kubernetes cluster.`,
            {
              code: 'no-cluster',
              remedy: 'Measure there in another way, or deploy to datacentres with a cluster only.',
            },
          );
        }
        if (clusters === undefined) throw unusable(datacentre, kind);
        return (await (await clusters()).driverFor(datacentre)).readHealth(request, options);
      },
    },
    async close() {
      localDriver?.close();
      await (await loaded)?.close();
    },
  };
}
