import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  DatacentreDriver,
  DeploymentSite,
  DesiredComponent,
  DesiredState,
  Fence,
  Observation,
} from '../../domain/deployment/ports.ts';

/** What the deployed replicas of the suite are to do. */
export interface Behaviour {
  /** Takes this long to answer a request at `/`. */
  readonly delayMs?: number;
  /** Writes this to standard error and ends at once. */
  readonly crash?: string;
  /** Fails its health check (503) from the start. */
  readonly sick?: boolean;
  /** Default: long enough. */
  readonly readyTimeoutMs?: number;
}

/**
 * One kind of datacentre under test. Its replicas answer `/` with JSON that has their release and with
 * `Server-Timing`, `/healthz` with 2xx, and `/sicken` by failing their health check from then on.
 */
export interface DriverUnderTest {
  readonly driver: DatacentreDriver;
  readonly datacentre: string;
  component(name: string, behaviour: Behaviour): DesiredComponent;
  /** In what is said of a component that never got healthy. */
  readonly sickDetail: string;
  /** How often something outside was started or stopped so far. */
  countEffects(): number | Promise<number>;
  /** Removes all that the test left behind. */
  close(): Promise<void>;
}

const application = 'contract-shop';

/** What every datacentre driver keeps to; each implementation runs it in its own integration test. */
export function describeDatacentreDriverContract(
  name: string,
  setup: () => Promise<DriverUnderTest>,
): void {
  describe(`${name} as a datacentre driver`, () => {
    let under: DriverUnderTest;
    let site: DeploymentSite;

    beforeEach(async () => {
      under = await setup();
      site = { application, datacentre: under.datacentre };
    });
    afterEach(async () => {
      await under.close();
    });

    const component = (componentName: string, behaviour: Behaviour = {}): DesiredComponent =>
      under.component(componentName, behaviour);
    const desired = (release: string, ...components: DesiredComponent[]): DesiredState => ({
      ...site,
      release,
      releaseDigest: release.padEnd(64, '0'),
      components,
    });
    const settled = async (
      isSettled: (observation: Observation) => boolean,
    ): Promise<Observation> => {
      let observation = await under.driver.observe(site);
      await expect
        .poll(
          async () => {
            observation = await under.driver.observe(site);
            return isSettled(observation) ? 'settled' : observation.instances;
          },
          { timeout: 60_000, interval: 50 },
        )
        .toBe('settled');
      return observation;
    };
    const ready = (...names: string[]): Promise<Observation> =>
      settled(
        ({ instances }) =>
          instances.length === names.length &&
          instances.every((one) => one.state === 'ready' && names.includes(one.component)),
      );
    const answerOf = async (componentName: string): Promise<{ release: string; pid: number }> => {
      const { instances } = await under.driver.observe(site);
      const url = instances.find((one) => one.component === componentName)?.url ?? '';
      return (await (await fetch(url)).json()) as { release: string; pid: number };
    };
    const releases = ({ instances }: Observation): Record<string, string> =>
      Object.fromEntries(instances.map((one) => [one.component, one.release]));

    it('plans without running anything, and names where each component will answer', async () => {
      const plan = await under.driver.plan(desired('1.0.0', component('web'), component('api')));
      expect(plan).toMatchObject({ ...site });
      expect(plan.actions.map(({ component: one, action }) => [one, action]).sort()).toEqual([
        ['api', 'start'],
        ['web', 'start'],
      ]);
      expect(plan.endpoints.map((endpoint) => endpoint.component).sort()).toEqual(['api', 'web']);
      expect(new Set(plan.endpoints.map(({ url }) => url)).size).toBe(2);
      expect(await under.countEffects()).toBe(0);
      expect((await under.driver.observe(site)).instances).toEqual([]);
    });

    it('runs the desired state until each component is ready at its planned address', async () => {
      const state = desired('1.0.0', component('web'), component('api'));
      const planned = await under.driver.plan(state);
      const applied = await under.driver.apply(state, fence(1));
      expect(applied.endpoints).toEqual(planned.endpoints);
      const observation = await ready('web', 'api');
      expect(observation.fence).toEqual(fence(1));
      for (const instance of observation.instances) {
        expect(instance.releaseDigest).toBe(state.releaseDigest);
        expect(planned.endpoints).toContainEqual({
          component: instance.component,
          url: instance.url,
        });
      }
      expect((await answerOf('web')).release).toBe('1.0.0');
    });

    it('does nothing more when the same attempt applies the same state again', async () => {
      const state = desired('1.0.0', component('web'));
      await under.driver.apply(state, fence(1));
      await ready('web');
      const { pid } = await answerOf('web');
      const effects = await under.countEffects();
      const plan = await under.driver.apply(state, fence(1));
      expect(plan.actions.map(({ action }) => action)).toEqual(['keep']);
      expect(await under.countEffects()).toBe(effects);
      expect((await answerOf('web')).pid).toBe(pid);
    });

    it('replaces by a newer attempt what differs, starts what is new and stops what is gone', async () => {
      await under.driver.apply(desired('1.0.0', component('web'), component('old')), fence(1));
      const before = await ready('web', 'old');
      const next = desired('2.0.0', component('web'), component('new'));
      const plan = await under.driver.plan(next);
      expect(
        Object.fromEntries(plan.actions.map(({ component: one, action }) => [one, action])),
      ).toEqual({ web: 'replace', new: 'start', old: 'stop' });
      await under.driver.apply(next, fence(2));
      const after = await ready('web', 'new');
      expect(releases(after)).toEqual({ web: '2.0.0', new: '2.0.0' });
      expect((await answerOf('web')).release).toBe('2.0.0');
      const urlOf = ({ instances }: Observation): string | undefined =>
        instances.find((one) => one.component === 'web')?.url;
      expect(urlOf(after)).toBe(urlOf(before));
    });

    it('keeps what a newer attempt wants as it is', async () => {
      await under.driver.apply(desired('1.0.0', component('web')), fence(1));
      await ready('web');
      const { pid } = await answerOf('web');
      await under.driver.apply(desired('1.0.0', component('web')), fence(2));
      expect((await answerOf('web')).pid).toBe(pid);
      expect((await under.driver.observe(site)).fence).toEqual(fence(2));
    });

    it('refuses every action of an older attempt and leaves what runs alone', async () => {
      const state = desired('2.0.0', component('web'));
      await under.driver.apply(state, fence(2));
      await ready('web');
      const effects = await under.countEffects();
      const late = desired('1.0.0', component('web'));
      const stale = { kind: 'stale' };
      await expect(under.driver.apply(late, fence(1))).rejects.toMatchObject(stale);
      await expect(under.driver.rollback(late, fence(1))).rejects.toMatchObject(stale);
      await expect(under.driver.remove(site, fence(1))).rejects.toMatchObject(stale);
      expect(await under.countEffects()).toBe(effects);
      expect(releases(await ready('web'))).toEqual({ web: '2.0.0' });
    });

    it('goes on refusing older attempts after everything was removed', async () => {
      await under.driver.apply(desired('1.0.0', component('web')), fence(1));
      await under.driver.remove(site, fence(2));
      await expect(
        under.driver.apply(desired('1.0.0', component('web')), fence(1)),
      ).rejects.toMatchObject({ kind: 'stale' });
      expect((await under.driver.observe(site)).instances).toEqual([]);
    });

    it('ends in the newer state only when two attempts apply at once', async () => {
      const older = desired('1.0.0', component('web'), component('api'), component('old'));
      const newer = desired('2.0.0', component('web'), component('api'));
      const results = await Promise.allSettled([
        under.driver.apply(older, fence(1)),
        under.driver.apply(newer, fence(2)),
      ]);
      expect(results[1].status).toBe('fulfilled');
      if (results[0].status === 'rejected') {
        expect(results[0].reason).toMatchObject({ kind: 'stale' });
      }
      const observation = await ready('web', 'api');
      expect(releases(observation)).toEqual({ web: '2.0.0', api: '2.0.0' });
      expect(observation.fence).toEqual(fence(2));
    });

    it('starts each component once when the same attempt runs twice at once', async () => {
      const state = desired('1.0.0', component('web'), component('api'));
      await Promise.all([under.driver.apply(state, fence(1)), under.driver.apply(state, fence(1))]);
      await ready('web', 'api');
      expect(await under.countEffects()).toBe(2);
    });

    it('restores the full earlier set by a rollback', async () => {
      const good = desired('1.0.0', component('web'), component('api'));
      await under.driver.apply(good, fence(1));
      await ready('web', 'api');
      await under.driver.apply(
        desired('2.0.0', component('web', { crash: 'no such table: prices' }), component('new')),
        fence(2),
      );
      await under.driver.rollback(good, fence(3));
      expect(releases(await ready('web', 'api'))).toEqual({ web: '1.0.0', api: '1.0.0' });
      expect((await answerOf('web')).release).toBe('1.0.0');
    });

    it('replaces by a rollback what looks as wanted but is not healthy, once', async () => {
      const good = desired('1.0.0', component('web'), component('api'));
      await under.driver.apply(good, fence(1));
      const { instances } = await ready('web', 'api');
      const [web, api] = [await answerOf('web'), await answerOf('api')];
      await fetch(`${instances.find((one) => one.component === 'web')?.url ?? ''}/sicken`);

      await under.driver.apply(good, fence(2));
      expect((await answerOf('web')).pid).toBe(web.pid);
      await under.driver.rollback(good, fence(3));
      await ready('web', 'api');
      expect((await answerOf('web')).pid).not.toBe(web.pid);
      expect((await answerOf('api')).pid).toBe(api.pid);

      const effects = await under.countEffects();
      await under.driver.rollback(good, fence(3));
      expect(await under.countEffects()).toBe(effects);
    });

    it('stops and forgets everything when the application is removed, also when asked twice', async () => {
      await under.driver.apply(desired('1.0.0', component('web'), component('api')), fence(1));
      const { instances } = await ready('web', 'api');
      await under.driver.remove(site, fence(2));
      const effects = await under.countEffects();
      await under.driver.remove(site, fence(2));
      expect(await under.countEffects()).toBe(effects);
      expect((await under.driver.observe(site)).instances).toEqual([]);
      for (const { url } of instances) await expect(fetch(url)).rejects.toThrow();
    });

    it('takes an empty desired state as nothing to run', async () => {
      await under.driver.apply(desired('1.0.0', component('web')), fence(1));
      await under.driver.apply(desired('1.0.0'), fence(2));
      expect((await under.driver.observe(site)).instances).toEqual([]);
    });

    it('reports a crashing component as failed, with the end of its log', async () => {
      const crash = 'cannot open the tax table';
      const state = desired('1.0.0', component('web'), component('api', { crash }));
      await under.driver.apply(state, fence(1));
      const { instances } = await settled((seen) =>
        ['ready', 'failed'].every((wanted) =>
          seen.instances.some(({ state: is }) => is === wanted),
        ),
      );
      const failed = instances.find(({ state: is }) => is === 'failed');
      expect(failed).toMatchObject({ component: 'api', release: '1.0.0' });
      expect(failed?.detail).not.toBe('');
      expect(failed?.logTail).toContain(crash);
      expect(instances.find(({ component: one }) => one === 'web')?.state).toBe('ready');
    });

    it('reports a component that never gets healthy as failed after its ready time-out', async () => {
      const sick = component('web', { sick: true, readyTimeoutMs: 300 });
      await under.driver.apply(desired('1.0.0', sick), fence(1));
      const { instances } = await settled((seen) => seen.instances[0]?.state === 'failed');
      expect(instances[0]?.detail).toContain(under.sickDetail);
    });

    it('measures a slow component by real requests', async () => {
      await under.driver.apply(
        desired('1.0.0', component('web'), component('api', { delayMs: 150 })),
        fence(1),
      );
      await ready('web', 'api');
      const progress: number[] = [];
      const samples = await under.driver.probe(
        { ...site, component: 'api', path: '/', samples: 5, intervalMs: 10, timeoutMs: 10_000 },
        { onProgress: ({ done, total }) => progress.push(done / total) },
      );
      expect(samples).toHaveLength(5);
      for (const sample of samples) {
        expect(sample).toMatchObject({ component: 'api', ok: true });
        expect(sample.durationMs).toBeGreaterThanOrEqual(145);
        expect(sample.hops).toEqual([
          { component: 'api', datacentre: site.datacentre, durationMs: expect.any(Number) },
        ]);
        expect(sample.hops[0]?.durationMs).toBeGreaterThanOrEqual(145);
      }
      expect(progress.at(-1)).toBe(1);
    });

    it('counts a request that is not answered in time as failed', async () => {
      await under.driver.apply(desired('1.0.0', component('api', { delayMs: 5_000 })), fence(1));
      await ready('api');
      const samples = await under.driver.probe({
        ...site,
        component: 'api',
        path: '/',
        samples: 5,
        intervalMs: 10,
        timeoutMs: 100,
      });
      expect(samples.map(({ ok }) => ok)).toEqual(Array(5).fill(false));
      expect(samples[0]?.detail).toContain('100 ms');
    });

    it('gives failed samples, not an error, for a component that does not run', async () => {
      const request = { path: '/', samples: 5, intervalMs: 10, timeoutMs: 500 };
      const unknown = await under.driver.probe({ ...site, ...request, component: 'nobody' });
      expect(unknown.map(({ ok }) => ok)).toEqual(Array(5).fill(false));
      expect(unknown[0]?.detail).toContain('nobody');

      await under.driver.apply(desired('1.0.0', component('web', { crash: 'gone' })), fence(1));
      await settled(({ instances }) => instances[0]?.state === 'failed');
      const dead = await under.driver.probe({ ...site, ...request, component: 'web' });
      expect(dead.map(({ ok }) => ok)).toEqual(Array(5).fill(false));
    });

    it('stops probing when it is told to', async () => {
      await under.driver.apply(desired('1.0.0', component('web')), fence(1));
      await ready('web');
      const controller = new AbortController();
      const probing = under.driver.probe(
        { ...site, component: 'web', path: '/', samples: 10_000, intervalMs: 10, timeoutMs: 1_000 },
        { signal: controller.signal, onProgress: () => controller.abort() },
      );
      await expect(probing).rejects.toThrow();
    });

    it('observes nothing where nothing was ever deployed', async () => {
      const unknown = { application: 'never-seen', datacentre: under.datacentre };
      expect(await under.driver.observe(unknown)).toMatchObject({
        ...unknown,
        fence: undefined,
        instances: [],
      });
    });
  });
}

function fence(token: number): Fence {
  return { token, change: `CHG-${token}`, attempt: 1 };
}
