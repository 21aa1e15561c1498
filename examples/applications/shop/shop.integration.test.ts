import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createLocalDriver } from '../../../adapters/local/local-driver.ts';
import { releaseDefinitionSchema } from '../../../domain/application/release-definition.ts';
import type { ObservedInstance } from '../../../domain/deployment/ports.ts';

const calls: Record<string, string> = { web: 'api', api: 'store' };

describe('the example shop, running', () => {
  let stateDirectory: string;
  let driver: ReturnType<typeof createLocalDriver>;
  let token = 0;
  const deployed = new Set<string>();

  beforeEach(async () => {
    stateDirectory = await mkdtemp(path.join(tmpdir(), 'ctc-shop-'));
    driver = createLocalDriver({ stateDirectory });
  });
  afterEach(async () => {
    for (const datacentre of deployed) {
      await driver.remove({ application: 'shop', datacentre }, nextFence());
    }
    driver.close();
    await rm(stateDirectory, { recursive: true, force: true });
  });

  const nextFence = () => {
    token += 1;
    return { token, change: 'CHG-1', attempt: token };
  };

  /** Deploys the named components of a release; `bound` is where their callees are, in order. */
  const deploy = async (
    version: string,
    datacentre: string,
    names: readonly string[],
    bound: Record<string, string[]>,
  ): Promise<Record<string, ObservedInstance>> => {
    const file = path.join(import.meta.dirname, `release-${version}.yaml`);
    const release = releaseDefinitionSchema.parse(parse(await readFile(file, 'utf8')));
    const site = { application: 'shop', datacentre };
    deployed.add(datacentre);
    const components = names.map((name) => {
      const spec = release.components[name]!;
      if (spec.runtime === 'kubernetes') throw new Error('the shop runs as processes');
      const callee = calls[name];
      return {
        name,
        process: { ...spec, directory: path.resolve(import.meta.dirname, spec.directory) },
        bindings: callee === undefined ? {} : { [callee]: bound[callee] ?? [] },
      };
    });
    const state = { ...site, release: version, releaseDigest: version, components };
    const { endpoints } = await driver.plan(state);
    const here = (name: string): string[] =>
      endpoints.filter(({ component }) => component === name).map(({ url }) => url);
    for (const { bindings } of components) {
      for (const callee of Object.keys(bindings)) {
        if (bound[callee] === undefined) bindings[callee] = here(callee);
      }
    }
    await driver.apply(state, nextFence());
    let instances: readonly ObservedInstance[] = [];
    await expect
      .poll(
        async () => {
          ({ instances } = await driver.observe(site));
          return instances.filter(({ state: is }) => is === 'starting').length;
        },
        { timeout: 60_000, interval: 50 },
      )
      .toBe(0);
    return Object.fromEntries(instances.map((instance) => [instance.component, instance]));
  };
  const probe = (datacentre: string, component: string) =>
    driver.probe({
      application: 'shop',
      datacentre,
      component,
      path: '/',
      samples: 5,
      intervalMs: 10,
      timeoutMs: 10_000,
    });

  it('shows its products with the release and the datacentre of each component', async () => {
    const { web } = await deploy('1.0.0', 'mad', ['web', 'api', 'store'], {});
    expect(web?.state).toBe('ready');
    const page = await (await fetch(web!.url)).text();
    expect(page).toContain('Mailbox 25 GB');
    expect(page).toContain('web 1.0.0 in mad, api 1.0.0 in mad, store 1.0.0 in mad');
    expect((await fetch(`${web!.url}/nothing`)).status).toBe(404);
    const [sample] = await probe('mad', 'web');
    expect(sample?.hops.map(({ component }) => component)).toEqual(['web', 'api', 'store']);
  });

  it('goes to the next replica when the nearest is away, and answers 502 when none is there', async () => {
    const { store } = await deploy('1.0.0', 'bcn', ['store'], {});
    const away = 'http://127.0.0.1:1';
    const { api } = await deploy('1.0.0', 'mad', ['api'], { store: [away, store!.url] });
    expect(await (await fetch(api!.url)).json()).toMatchObject({ store: { datacentre: 'bcn' } });
    const { web } = await deploy('1.0.0', 'par', ['web'], { api: [away] });
    const answer = await fetch(web!.url);
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain(`no api answers: ${away} ECONNREFUSED`);
  });

  it('answers slowly in Paris only with release 1.1.0, by the own time of its api', async () => {
    for (const datacentre of ['mad', 'par']) {
      await deploy('1.1.0', datacentre, ['web', 'api', 'store'], {});
    }
    const ownMs = async (datacentre: string, component: string): Promise<number[]> =>
      (await probe(datacentre, 'web')).map(
        ({ hops }) => hops.find((hop) => hop.component === component)?.durationMs ?? NaN,
      );
    for (const durationMs of await ownMs('par', 'api')) expect(durationMs).toBeGreaterThan(390);
    for (const durationMs of await ownMs('par', 'web')) expect(durationMs).toBeLessThan(390);
    for (const durationMs of await ownMs('mad', 'api')) expect(durationMs).toBeLessThan(390);
  });

  it('ends its api at once with release 1.2.0, and says why', async () => {
    const { api, store } = await deploy('1.2.0', 'mad', ['api', 'store'], {});
    expect(store?.state).toBe('ready');
    expect(api).toMatchObject({
      state: 'failed',
      detail: 'exited with code 1',
      logTail: expect.stringContaining('./tax-table.json'),
    });
  });
});
