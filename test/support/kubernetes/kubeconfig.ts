import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'yaml';

/** How to reach a cluster: what the current context of a kubeconfig file says. */
export interface ClusterAccess {
  /** Of the cluster. */
  readonly name: string;
  readonly url: string;
  /** PEM; absent when the system's own authorities do. */
  readonly ca?: string;
  readonly token?: string;
  /** PEM, both or neither. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

/**
 * Writes a kubeconfig file that needs no other file. The names of user and context hold the cluster's:
 * clients that merge files take the first user of a name, with its credentials, for all clusters.
 */
export async function writeKubeconfig(
  file: string,
  access: ClusterAccess & { readonly ca: string; readonly token: string },
): Promise<void> {
  const { name, url, ca, token } = access;
  const user = `admin@${name}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
}

interface Named {
  readonly name: string;
}
type Fields = Readonly<Record<string, string | undefined>>;
interface KubeconfigFile {
  readonly 'current-context'?: string;
  readonly clusters?: readonly (Named & { readonly cluster: Fields })[];
  readonly users?: readonly (Named & { readonly user: Fields })[];
  readonly contexts?: readonly (Named & { readonly context: Fields })[];
}

/** Reads the current context. Throws when it is incomplete or its user signs in by a program. */
export async function readKubeconfig(file: string): Promise<ClusterAccess> {
  const config = parse(await readFile(file, 'utf8')) as KubeconfigFile;
  const named = <T extends Named>(entries: readonly T[] | undefined, name: string | undefined) =>
    entries?.find((entry) => entry.name === name);
  const context = named(config.contexts, config['current-context'])?.context;
  const cluster = named(config.clusters, context?.['cluster']);
  const user = named(config.users, context?.['user'])?.user ?? {};
  const url = cluster?.cluster['server'];
  if (cluster === undefined || url === undefined) {
    throw new Error(`${file}: its current context names no cluster with a server.`);
  }
  const pem = async (fields: Fields, name: string): Promise<string | undefined> => {
    const data = fields[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    const other = fields[name];
    return other === undefined
      ? undefined
      : readFile(path.resolve(path.dirname(file), other), 'utf8');
  };
  const access = {
    name: cluster.name,
    url,
    ca: await pem(cluster.cluster, 'certificate-authority'),
    token: user['token'],
    clientCertificate: await pem(user, 'client-certificate'),
    clientKey: await pem(user, 'client-key'),
  };
  if (access.token === undefined && access.clientCertificate === undefined) {
    throw new Error(
      `${file}: tests sign in with a token or a client certificate, and its user has neither.`,
    );
  }
  return withoutUndefined(access);
}

function withoutUndefined(values: {
  [K in keyof ClusterAccess]-?: ClusterAccess[K] | undefined;
}): ClusterAccess {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as unknown as ClusterAccess;
}
