import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { BakeRef, BakeSteps } from '../domain/change/change-steps.ts';
import type { ChangeRegister, RolloutRegister } from '../domain/change/ports.ts';
import type { DatacentreDriver, DriverFor, ProbeRequest } from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';
import {
  addSamples,
  availabilityOf,
  bakeVerdict,
  type BakeTallies,
} from '../domain/verification/bake.ts';
import { heartbeatWhile } from './heartbeat.ts';
import { describeFailure, failedOf, isReady, refuseOutdated } from './site-activities.ts';

export interface BakeActivityPorts {
  readonly changes: Pick<ChangeRegister, 'plannedApplication'>;
  readonly rollouts: Pick<RolloutRegister, 'findAttempt' | 'siteTarget' | 'storeMeasurements'>;
  readonly driverFor: DriverFor;
  /** ISO instant. */
  readonly now: () => string;
}

/** Probes of a round: few, so that what fails is noticed soon. */
const samplesOfRound = 5;
const pauseMs = 500;

/** Watches what has been deployed until it has run long enough and has been seen often enough. */
export function createBakeActivities(ports: BakeActivityPorts): BakeSteps {
  const { changes, rollouts, driverFor, now } = ports;

  /** What was seen counts when Optimus is asked again. */
  const noteMeasured = (bake: BakeRef, tallies: BakeTallies): Promise<void> => {
    const { datacentre } = bake;
    const measuredAt = now();
    return rollouts.storeMeasurements(
      bake,
      Object.entries(tallies.entries).map(([component, tally]) => ({
        datacentre,
        component,
        availabilityPercent: availabilityOf(tally),
        samples: tally.total,
        measuredAt,
      })),
    );
  };

  return {
    async bakeSite(bake) {
      const { datacentre, stage, samples, untilMs } = bake;
      const attempt = await rollouts.findAttempt(bake);
      if (attempt === undefined) {
        throw new DomainError('not-found', `There is no attempt ${bake.attempt} to bake.`, {
          code: 'no-such-attempt',
        });
      }
      const { desired, fence } = await rollouts.siteTarget(bake);
      const { nfrs, verification, components } = await changes.plannedApplication(bake.changeId);
      const here = new Set(desired.components.map(({ name }) => name));
      const entries = components.filter(({ entry, name }) => entry && here.has(name));
      const driver = await driverFor(datacentre);
      const wanted = { samples, otherwise: verification.samples };

      // The heartbeat carries what was counted over a crash of the worker.
      let tallies = (Context.current().info.heartbeatDetails as BakeTallies | undefined) ?? {
        looks: { total: 0, answered: 0, durationsMs: [] },
        entries: {},
      };
      const notBefore = performance.now() + untilMs - Date.parse(now());
      const look = async (signal: AbortSignal) => {
        const observation = await driver.observe(desired, { signal });
        refuseOutdated(observation, fence);
        const failed = failedOf(desired, observation);
        const ready = isReady(desired, observation, stage);
        tallies = { ...tallies, looks: addSamples(tallies.looks, [{ ok: ready, durationMs: 0 }]) };
        return failed;
      };
      return heartbeatWhile(
        async (signal) => {
          for (;;) {
            const failed = await look(signal);
            if (failed.length > 0) {
              return { ok: false, detail: failed.map(describeFailure).join('; ') };
            }
            for (const { name } of entries) {
              const request = {
                ...verification,
                application: desired.application,
                datacentre,
                component: name,
                samples: Math.min(samplesOfRound, verification.samples),
              };
              tallies = await withProbes(driver, request, tallies, signal);
            }
            const { verdict, detail } = bakeVerdict(nfrs, tallies, wanted);
            if (verdict === 'violated') {
              await noteMeasured(bake, tallies);
              return { ok: false, detail };
            }
            if (verdict === 'enough' && performance.now() >= notBefore) return { ok: true, detail };
            await delay(pauseMs, undefined, { signal });
          }
        },
        // Who asks why the change waits is shown it, too.
        () => ({ ...tallies, wanted: samples }),
      );
    },
  };
}

async function withProbes(
  driver: DatacentreDriver,
  request: ProbeRequest,
  tallies: BakeTallies,
  signal: AbortSignal,
): Promise<BakeTallies> {
  const samples = await driver.probe(request, { signal });
  // An entry without an address can only be watched.
  if (samples.length === 0) return tallies;
  const before = tallies.entries[request.component];
  const entries = { ...tallies.entries, [request.component]: addSamples(before, samples) };
  return { ...tallies, entries };
}
