import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEffects } from '../../adapters/local/local-driver.ts';
import { createEmbeddedOptimus } from '../../adapters/optimus/embedded-optimus.ts';
import { buildOptimusApp } from '../../api/optimus/optimus-app.ts';
import type { TypedApp } from '../../api/typed-app.ts';
import {
  approve,
  crash,
  logOf,
  registerShop,
  releaseRequest,
  request,
  startE2eSystem,
  untilChange,
  untilLogged,
  type E2eSystem,
} from '../support/e2e-system.ts';

/** Every stage takes long enough to be killed in the middle of it. */
const startDelayMs = 700;
const simulationMs = 1_500;

describe('a worker that is killed in the middle of each stage', () => {
  const optimus = createEmbeddedOptimus();
  let server: TypedApp;
  let system: E2eSystem;

  beforeAll(async () => {
    server = await buildOptimusApp(optimus);
    server.addHook('preHandler', () => delay(simulationMs));
    system = await startE2eSystem({
      CTC_OPTIMUS: 'http',
      CTC_OPTIMUS_URL: await server.listen({ host: '127.0.0.1', port: 0 }),
    });
    await registerShop(system.people, [
      { version: '1.0.0', like: '1.0.0', startDelayMs },
      { version: '1.2.0', like: '1.2.0', startDelayMs },
    ]);
  });

  afterAll(async () => {
    await system.stop();
    await server.close();
    await optimus.close();
  });

  const effects = (change: string) =>
    readEffects(join(system.dataDirectory, 'datacentres')).filter((one) => one.change === change);
  /** Of one attempt in one datacentre, each component is started or stopped at most once. */
  const repeated = (change: string): string[] => {
    const keys = effects(change).map(
      ({ token, datacentre, component, action }) => `${token} ${datacentre} ${component} ${action}`,
    );
    return keys.filter((key, index) => keys.indexOf(key) !== index);
  };
  const states = async (label: string): Promise<(string | null)[]> =>
    (await logOf(system.people.ana, label)).map(({ to }) => to).filter((to) => to !== null);

  it('is followed by another that completes the deployment, with each external effect exactly once', async () => {
    const { ana, oscar } = system.people;
    const { id, label } = await request(ana, releaseRequest('1.0.0'));

    await crash(system, 'worker'); // approval wait
    const simulated = once(server.server, 'request');
    await approve(oscar, label);
    await simulated;
    await crash(system, 'worker'); // simulation
    for (const wave of [1, 2, 3]) {
      await untilLogged(ana, label, `Wave ${wave} of 3`);
      await crash(system, 'worker');
    }
    await untilChange(ana, label, ({ state }) => state === 'verifying' || state === 'completed');
    await crash(system, 'worker'); // verification

    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('completed');
    expect(await states(label)).toEqual([
      'requested',
      'assessed',
      'awaiting-approval',
      'scheduled',
      'simulating',
      'deploying',
      'verifying',
      'completed',
    ]);
    expect(done.attempts).toHaveLength(1);
    expect(done.attempts[0]?.sites.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => 'verified'),
    );
    const started = effects(id).map(
      ({ datacentre, component, action }) => `${action} ${component}@${datacentre}`,
    );
    const wanted = done.attempts[0]?.endpoints.map(
      ({ datacentre, component }) => `start ${component}@${datacentre}`,
    );
    expect(started.toSorted()).toEqual(wanted?.toSorted());
  });

  it('is followed by another that restores the last verified release, each datacentre exactly once', async () => {
    const { ana, oscar } = system.people;
    const { id, label } = await request(
      ana,
      releaseRequest('1.2.0', { strategy: { maxRedeployments: 0 } }),
    );
    await approve(oscar, label);
    await untilLogged(ana, label, 'Wave 1 of 3');
    await crash(system, 'worker'); // the wave that fails
    await untilChange(
      ana,
      label,
      ({ state }) => state === 'rolling-back' || state === 'rolled-back',
    );
    await crash(system, 'worker'); // rollback

    const done = await untilChange(ana, label, ({ outcome }) => outcome !== null);
    expect(done.outcome).toBe('rolled-back');
    expect(await states(label)).toEqual([
      'requested',
      'assessed',
      'awaiting-approval',
      'scheduled',
      'simulating',
      'deploying',
      'deciding',
      'rolling-back',
      'rolled-back',
    ]);
    expect(repeated(id)).toEqual([]);
    const rollback = done.attempts.at(-1);
    expect(rollback?.kind).toBe('rollback');
    expect(rollback?.sites.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 3 }, () => 'restored'),
    );
    const pages = await Promise.all(
      (rollback?.endpoints ?? [])
        .filter(({ component }) => component === 'web')
        .map(async ({ url }) => (await fetch(url)).text()),
    );
    expect(pages).toHaveLength(2);
    for (const page of pages) expect(page).toContain('web 1.0.0');
  });
});
