import { readFile } from 'node:fs/promises';

/** How to reach a Temporal server, ours or Temporal Cloud. */
export interface TemporalConnectionSettings {
  readonly address: string;
  readonly tls: boolean;
  readonly apiKey?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly tlsCaFile?: string;
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
  const { address, apiKey, tlsCertFile, tlsKeyFile, tlsCaFile } = settings;
  const files =
    tlsCertFile !== undefined && tlsKeyFile !== undefined
      ? { clientCertPair: { crt: await readFile(tlsCertFile), key: await readFile(tlsKeyFile) } }
      : {};
  const ca = tlsCaFile === undefined ? {} : { serverRootCACertificate: await readFile(tlsCaFile) };
  const custom = Object.keys(files).length > 0 || Object.keys(ca).length > 0;
  return {
    address,
    ...(custom ? { tls: { ...files, ...ca } } : { tls: settings.tls || apiKey !== undefined }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}
