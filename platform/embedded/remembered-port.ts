import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * A free port on 127.0.0.1: the one used last time when it is still free, so that addresses people noted
 * (and processes that reconnect) stay right over a restart; another one otherwise.
 */
export async function rememberedPort(file: string): Promise<number> {
  const before = Number(await readFile(file, 'utf8').catch(() => ''));
  const remembered = Number.isInteger(before) && before > 0 && before < 65_536;
  if (remembered && (await tryPort(before)) !== undefined) return before;
  const port = await freePort();
  await writeFile(file, `${port.toString()}\n`);
  return port;
}

export async function freePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === undefined) throw new Error('No free port on 127.0.0.1.');
  return port;
}

async function tryPort(wanted: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
