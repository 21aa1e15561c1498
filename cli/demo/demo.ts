import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { colours } from '../colours.ts';
import {
  clearData,
  componentOwner,
  endLocalComponents,
} from '../../platform/embedded/clear-data.ts';
import { createApiClient } from '../client.ts';
import { getChange } from '../commands/get-change.ts';
import { importInventory } from '../commands/inventory-commands.ts';
import { applyApplication, registerRelease } from '../commands/application-commands.ts';
import { startLocalStack } from '../commands/stack-commands.ts';
import type { CliContext } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { showState, write } from '../output.ts';
import { readYamlFile } from '../read-file.ts';
import { readTokens } from '../tokens.ts';
import { totalMemoryMb } from './memory.ts';
import { createPeople, type People } from './people.ts';
import { createProgress } from './progress.ts';
import { createScenario, type Scenario } from './scenario.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
const shop = join(examples, 'applications', 'shop');
const limits = { readyMs: 5_000, firstChangeMs: 20_000, memoryMb: 1_000 } as const;

export interface Demo {
  /** Plays the scenario; returns the promises that were not kept. */
  run(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts the whole system on fresh data; throws when it cannot start. */
export async function startDemo(dataDirectory: string): Promise<Demo> {
  await clearData(dataDirectory);
  mkdirSync(dataDirectory, { recursive: true });
  const progress = createProgress();
  const startedMs = performance.now();
  const stack = await progress.step('Starting PostgreSQL, Temporal, API and worker', () =>
    startLocalStack(dataDirectory, { CTC_HTTP_PORT: '0' }),
  );
  const readyMs = performance.now() - startedMs;

  const contextFor = (token: string): CliContext => ({
    apiUrl: stack.apiUrl,
    token,
    dataDirectory,
    output: 'table',
    api: createApiClient({ apiUrl: stack.apiUrl, token }),
  });

  const prepare = async (): Promise<People> => {
    const administrator = contextFor(readTokens(dataDirectory)['administrator'] ?? '');
    const people = await progress.step(
      'Ana (deployment engineer), Óscar (operator) and Marta (network) get their profiles',
      () => createPeople(administrator, contextFor),
    );
    await progress.step('Importing the inventory of examples/inventory', async () => {
      const report = await importInventory(administrator, [join(examples, 'inventory')]);
      if (!report.imported) throw new CliError('The inventory has bad lines.', exitCodes.error);
    });
    await progress.step(
      'Registering the application "shop" with its requirements, and three releases',
      async () => {
        await applyApplication(people.ana, readYamlFile(join(shop, 'application.yaml')));
        for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
          await registerRelease(people.ana, join(shop, `release-${version}.yaml`));
        }
      },
    );
    return people;
  };

  return {
    async run() {
      write(`Ready after ${seconds(readyMs)}: ${stack.apiUrl}`);
      const people = await prepare();
      const scenario = createScenario(people, progress);
      const promises = await scenario.play();
      const firstMs = scenario.firstCompletedAtMs - startedMs;
      const memoryMb = totalMemoryMb(Object.values(stack.pids()), (marker) =>
        marker.startsWith(`${componentOwner(dataDirectory) ?? '?'}/`),
      );
      promises.push(
        { promise: 'ready within 5 s', kept: readyMs <= limits.readyMs, found: seconds(readyMs) },
        {
          promise: 'first change finished within 20 s',
          kept: firstMs <= limits.firstChangeMs,
          found: seconds(firstMs),
        },
        {
          promise: 'less than 1 GB of memory in all',
          kept: memoryMb < limits.memoryMb,
          found: `${memoryMb.toFixed(0)} MB`,
        },
      );
      await printEnd(people, scenario, stack.apiUrl, dataDirectory);
      write('');
      for (const { promise, kept, found } of promises) {
        write(`${kept ? colours.green('✔') : colours.red('✖')} ${promise}: ${found}`);
      }
      return promises
        .filter(({ kept }) => !kept)
        .map(({ promise, found }) => `${promise}, but: ${found}`);
    },

    async stop() {
      await stack.stop();
      await endLocalComponents(dataDirectory);
    },
  };
}

async function printEnd(
  people: People,
  scenario: Scenario,
  apiUrl: string,
  dataDirectory: string,
): Promise<void> {
  write(colours.bold('\nWhat became of each change'));
  for (const label of scenario.labels) {
    const change = await getChange(people.ana, label);
    const releases = change.attempts.map(({ kind, release }) => `${kind} ${release}`).join(' → ');
    write(
      `${label}  ${showState(change.state)}  ${change.title}${releases === '' ? '' : `  (${releases})`}`,
    );
  }
  const redeployed = scenario.labels[2] ?? '';
  write(colours.bold(`\nThe log of ${redeployed}`));
  const { data } = await people.ana.api.GET('/changes/{change}/log', {
    params: { path: { change: redeployed } },
  });
  for (const { at, actor, to, message } of data?.rows ?? []) {
    write(
      `${colours.dim(at.slice(11, 19))}  ${actor.padEnd(8)}  ${to === null ? '' : `${showState(to)}  `}${message}`,
    );
  }
  write(
    `\nAPI documentation: ${apiUrl}/docs (sign in at ${apiUrl}/login with a token of ${dataDirectory}/tokens.json)`,
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
