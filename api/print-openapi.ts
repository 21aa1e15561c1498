import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { format } from 'prettier';
import { buildApp } from './app.ts';
import type { AppDeps } from './app-deps.ts';

/** Writes api/openapi.json from the routes; with --check it only says whether the file is current. */
const path = join(import.meta.dirname, 'openapi.json');
// Nothing is called: describing the routes needs none of the parts behind them.
const app = await buildApp({} as AppDeps, {
  logger: pino({ level: 'silent' }),
  bodyLimitBytes: 1024,
});
await app.ready();
const document = await format(JSON.stringify(app.swagger()), { parser: 'json', printWidth: 100 });
await app.close();

if (process.argv.includes('--check')) {
  const current = await readFile(path, 'utf8').catch(() => '');
  if (current !== document) {
    process.stderr.write('api/openapi.json is not current: run "npm run openapi".\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(path, document);
}
