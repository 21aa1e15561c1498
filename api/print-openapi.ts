import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { format } from 'prettier';
import { definitionJsonSchema } from '../domain/application/definition-schema.ts';
import type { Optimus } from '../domain/placement/ports.ts';
import { buildApp } from './app.ts';
import type { AppDeps } from './app-deps.ts';
import { buildOptimusApp } from './optimus/optimus-app.ts';
import type { TypedApp } from './typed-app.ts';

/**
 * Writes what others write against: api/openapi.json and docs/optimus-openapi.json from the routes, and
 * docs/application.schema.json from the definition; with --check it only says whether the files are current.
 * Nothing is called: describing the routes needs none of the parts behind them.
 */
const silent = { logger: pino({ level: 'silent' }), bodyLimitBytes: 1024, trustedProxies: [] };
const documents: Readonly<Record<string, unknown>> = {
  'api/openapi.json': await describe(await buildApp({} as AppDeps, silent)),
  'docs/optimus-openapi.json': await describe(await buildOptimusApp({} as Optimus)),
  'docs/application.schema.json': definitionJsonSchema(),
};
for (const [path, content] of Object.entries(documents)) {
  const file = join(import.meta.dirname, '..', path);
  const document = await format(JSON.stringify(content), { parser: 'json', printWidth: 100 });
  if (!process.argv.includes('--check')) {
    await writeFile(file, document);
    continue;
  }
  const current = await readFile(file, 'utf8').catch(() => '');
  if (current === document) continue;
  process.stderr.write(`${path} is not current: run "npm run openapi".\n`);
  process.exitCode = 1;
}

async function describe(app: TypedApp): Promise<unknown> {
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
