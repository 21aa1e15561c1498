import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { slugSchema } from '../../domain/names.ts';
import { createClusterClient } from './cluster-client.ts';

const secretSchema = z.strictObject({
  namespace: z.string().min(1),
  name: z.string().min(1),
  key: z.string().min(1).default('kubeconfig'),
});

const clusterSchema = z
  .strictObject({
    /** A kubeconfig: a file (relative to this one), or a Secret of the cluster that CTC itself runs in. */
    kubeconfig: z
      .union([
        z.strictObject({ file: z.string().min(1) }),
        z.strictObject({ secret: secretSchema }),
      ])
      .optional(),
    /** Of the kubeconfig; default: its current one. */
    context: z.string().min(1).optional(),
    /** The account of CTC's own pod, instead of a kubeconfig. */
    inCluster: z.boolean().default(false),
    /** Where CTC keeps its records of releases. */
    recordNamespace: z.string().min(1).default('ctc-system'),
  })
  .refine(({ kubeconfig, inCluster }) => (kubeconfig !== undefined) !== inCluster, {
    message: 'give either kubeconfig or inCluster: true',
  });

/** The file that CTC_KUBERNETES_CLUSTERS names: how each datacentre's cluster is reached. */
export const clustersFileSchema = z.strictObject({ clusters: z.record(slugSchema, clusterSchema) });

export type ClusterAccount = z.output<typeof clusterSchema>;

/** @throws DomainError `invalid` naming each field that is wrong. */
export async function readClustersFile(file: string): Promise<ReadonlyMap<string, ClusterAccount>> {
  const refuse = (message: string, complaints: { field: string; message: string }[] = []) =>
    new DomainError('invalid', `The file of clusters ${file} ${message}.`, {
      code: 'clusters-file-invalid',
      complaints,
      remedy: 'Correct the file that CTC_KUBERNETES_CLUSTERS names, and start again.',
    });
  let content: unknown;
  try {
    content = parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw refuse(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = clustersFileSchema.safeParse(content);
  if (!parsed.success) {
    throw refuse(
      'cannot be used',
      parsed.error.issues.map(({ path, message }) => ({ field: z.core.toDotPath(path), message })),
    );
  }
  return new Map(Object.entries(parsed.data.clusters));
}

/**
 * The credentials of a cluster, read anew at each call. Users get a name of their own: client-node keeps what it
 * has of a user by his name, and most kubeconfigs call him "admin".
 */
export async function loadKubeConfig(
  datacentre: string,
  account: ClusterAccount,
  clustersFile: string,
): Promise<KubeConfig> {
  const config = new KubeConfig();
  const { kubeconfig, context } = account;
  if (kubeconfig === undefined) config.loadFromCluster();
  else if ('file' in kubeconfig) {
    const file = resolve(dirname(clustersFile), kubeconfig.file);
    try {
      config.loadFromString(await readFile(file, 'utf8'));
    } catch (error) {
      throw new DomainError(
        'invalid',
        `The kubeconfig of datacentre ${datacentre} cannot be read.`,
        {
          code: 'kubeconfig-unreadable',
          cause: error,
          remedy: `Look at ${file}.`,
        },
      );
    }
    config.makePathsAbsolute(dirname(file));
  } else config.loadFromString(await readSecret(datacentre, kubeconfig.secret));
  if (context !== undefined) config.setCurrentContext(context);
  return withOwnUser(config, datacentre);
}

export function withOwnUser(config: KubeConfig, datacentre: string): KubeConfig {
  const current = config.getContextObject(config.getCurrentContext());
  const user = config.getCurrentUser();
  if (current === null || user === null) return config;
  const name = `${datacentre}/${user.name}`;
  const own = new KubeConfig();
  own.loadFromOptions({
    clusters: config.clusters,
    users: [{ ...user, name }],
    contexts: [{ ...current, user: name }],
    currentContext: current.name,
  });
  return own;
}

async function readSecret(
  datacentre: string,
  { namespace, name, key }: z.output<typeof secretSchema>,
): Promise<string> {
  const client = await createClusterClient({
    name: 'of CTC itself',
    load: () => {
      const own = new KubeConfig();
      own.loadFromCluster();
      return Promise.resolve(own);
    },
  });
  try {
    const secret = (await client.find(`/api/v1/namespaces/${namespace}/secrets/${name}`)) as
      { data?: Record<string, string> } | undefined;
    const value = secret?.data?.[key];
    if (value !== undefined) return Buffer.from(value, 'base64').toString();
    throw new DomainError(
      'invalid',
      `The kubeconfig of datacentre ${datacentre} is not in Secret ${namespace}/${name}, key "${key}".`,
      {
        code: 'kubeconfig-unreadable',
        remedy: 'Create the Secret, or correct the file of clusters.',
      },
    );
  } finally {
    await client.close();
  }
}
