import { createEmbeddedOptimus } from '../../adapters/optimus/embedded-optimus.ts';
import { readConfig } from '../../platform/config.ts';
import { exitWithParent, tellReady } from '../../platform/embedded/exit-with-parent.ts';
import { createLogger } from '../../platform/logging.ts';
import { buildOptimusApp } from './optimus-app.ts';

/** The embedded engine as a service of its own, for other installations: `npm run optimus`. */
const { http, log, optimus } = readConfig();
const logger = createLogger({ ...log, name: 'optimus' });
const engine = createEmbeddedOptimus({ timeLimitMs: optimus.timeoutMs });
const app = await buildOptimusApp(
  engine,
  optimus.token === undefined ? {} : { token: optimus.token },
);
const address = await app.listen({ host: http.host, port: http.port });
logger.info({ address, guarded: optimus.token !== undefined }, 'OPTIMUS listens');

const stop = async (): Promise<void> => {
  await app.close();
  await engine.close();
};
exitWithParent(stop);
tellReady();
