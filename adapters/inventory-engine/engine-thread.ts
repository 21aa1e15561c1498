import pg from 'pg';
import { parentPort, workerData } from 'node:worker_threads';
import type { ConflictSettings } from '../../domain/conflicts/conflict.ts';
import { isDomainError } from '../../domain/errors.ts';
import { createEngineMethods } from './engine-methods.ts';
import type { Answer, Call } from './engine-messages.ts';

const { databaseUrl, settings } = workerData as {
  databaseUrl: string;
  settings: ConflictSettings;
};

let client: pg.Client | undefined;
/** One connection, opened anew when it was lost. */
async function connected(): Promise<pg.Client> {
  if (client !== undefined) return client;
  const opened = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'ctc-inventory-engine',
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
  });
  const lose = (): void => {
    if (client === opened) client = undefined;
  };
  opened.on('error', lose).on('end', lose);
  await opened.connect();
  client = opened;
  return opened;
}

const methods = createEngineMethods(connected, settings);
let turn: Promise<unknown> = Promise.resolve();
let waiting = 0;

async function answer({ id, method, args }: Call): Promise<Answer> {
  try {
    const run = methods[method].bind(methods) as (...given: unknown[]) => unknown;
    return { id, result: await run(...args) };
  } catch (error) {
    if (isDomainError(error)) {
      const { kind, code, message, complaints, remedy } = error;
      return {
        id,
        refusal: { kind, code, message, complaints, ...(remedy === undefined ? {} : { remedy }) },
      };
    }
    // A statement of ours may have been cut off in the middle of its transaction.
    const lost = client;
    client = undefined;
    lost?.end().catch(() => undefined);
    return { id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** One call at a time: all share the connection and the scratch memory of spreads. */
parentPort?.on('message', (call: Call) => {
  waiting += 1;
  turn = turn.then(async () => {
    const reply = await answer(call);
    waiting -= 1;
    parentPort?.postMessage(reply);
    warmUp();
  });
});

/** While nobody waits, footprints are computed ahead: the first question about a time is as fast as the next. */
function warmUp(): void {
  setImmediate(() => {
    if (waiting === 0 && methods.warmUp()) warmUp();
  });
}
