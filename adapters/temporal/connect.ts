import { readFile } from 'node:fs/promises';

/** How to reach a Temporal server, ours or Temporal Cloud. */
export interface TemporalConnectionSettings {
  readonly address: string;
  readonly tls: boolean;
  readonly apiKey?: string;
  readonly tlsCertPath?: string;
  readonly tlsKeyPath?: string;
  readonly tlsCaPath?: string;
}

export interface TemporalConnectionOptions {
  readonly address: string;
  readonly tls?:
    | boolean
    | {
        readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
        readonly serverRootCACertificate?: Buffer;
      };
  readonly apiKey?: string;
}

/** The options that both the client's and the worker's connection take. Reads the certificate files. */
export async function temporalConnectionOptions(
  settings: TemporalConnectionSettings,
): Promise<TemporalConnectionOptions> {
  const { address, apiKey, tlsCertPath, tlsKeyPath, tlsCaPath } = settings;
  const files =
    tlsCertPath !== undefined && tlsKeyPath !== undefined
      ? { clientCertPair: { crt: await readFile(tlsCertPath), key: await readFile(tlsKeyPath) } }
      : {};
  const ca = tlsCaPath === undefined ? {} : { serverRootCACertificate: await readFile(tlsCaPath) };
  const custom = Object.keys(files).length > 0 || Object.keys(ca).length > 0;
  return {
    address,
    ...(custom ? { tls: { ...files, ...ca } } : { tls: settings.tls || apiKey !== undefined }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}
