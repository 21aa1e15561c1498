import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what systems give to clients that connect (from 32768 on Linux, from 49152 elsewhere): a port that a
 * killed server leaves is then still free when it comes back.
 */
const lowest = 20_000;
const highest = 32_000;
const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on, and that this process has not given before. */
export async function unusedPort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port found between ${lowest} and ${highest} on 127.0.0.1.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
