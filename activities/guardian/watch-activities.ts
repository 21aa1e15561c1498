import { setTimeout as delay } from 'node:timers/promises';
import { evaluate, type Evaluation } from '../../domain/guardian/evaluate.ts';
import type { GuardianMeasureSteps, Watched } from '../../domain/guardian/guardian-steps.ts';
import { guardianPolicyOf, type GuardianPolicy } from '../../domain/guardian/policy.ts';
import type {
  GuardedApplication,
  GuardianRegister,
  SampleStore,
} from '../../domain/guardian/ports.ts';
import { seriesOf, slosOf } from '../../domain/guardian/slo.ts';
import { heartbeatWhile } from '../heartbeat.ts';
import { measureFigures } from './measure-figures.ts';
import { measureRound, type MeasurePorts } from './measure-round.ts';

export interface WatchActivityPorts extends MeasurePorts {
  readonly guardians: GuardianRegister;
  readonly samples: SampleStore;
  /** ISO instant. */
  readonly now: () => string;
}

/** A period ends after this in any case, so that what it found is looked at. */
const longestPeriodMs = 30 * 60_000;
/** While a change is at work, it is worth looking again soon. */
const longestWhileChangingMs = 15_000;

/** Measures what runs, for as long as it runs. */
export function createWatchActivities(ports: WatchActivityPorts): GuardianMeasureSteps {
  const { guardians, samples, driverFor, now } = ports;

  /** One measurement and what all of them together say; undefined when a change has interfered. */
  const measureOnce = async (
    guarded: GuardedApplication,
    policy: GuardianPolicy,
    signal: AbortSignal,
  ): Promise<Evaluation | undefined> => {
    const application = guarded.definition.name;
    const measured = await measureRound(ports, guarded, policy, signal);
    const after = await guardians.guarded(application);
    if (after?.isChanging !== false || after.changeId !== guarded.changeId) return undefined;
    const at = now();
    const deployment = { application, changeId: guarded.changeId, attempt: guarded.attempt };
    await samples.add(deployment, measured, at);
    const nowMs = Date.parse(at);
    const slos = slosOf(guarded.planned.nfrs, policy).map((slo) => ({
      ...slo,
      series: seriesOf(slo, guarded.planned, guarded.placement.assignments),
    }));
    const evaluation = evaluate(slos, await samples.buckets(deployment, nowMs), nowMs);
    await guardians.storeEvaluation(guarded, evaluation, at);
    return evaluation;
  };

  return {
    watchApplication: ({ application }) =>
      heartbeatWhile(async (signal): Promise<Watched> => {
        const begun = performance.now();
        for (let round = 1; ; round += 1) {
          const guarded = await guardians.guarded(application);
          const policy = guardianPolicyOf(guarded?.definition ?? {});
          const measureAgainInMs = policy.measureEverySeconds * 1000;
          if (guarded === undefined || policy.mode === 'off') {
            const summary =
              guarded === undefined ? 'Nothing of it runs.' : 'Its policy says not to measure it.';
            return { kind: 'unguarded', summary, measureAgainInMs };
          }
          const evaluation = guarded.isChanging
            ? undefined
            : await measureOnce(guarded, policy, signal);
          if (evaluation === undefined) {
            const summary = `${guarded.otherChange ?? 'A change'} is at work on it.`;
            const soonMs = Math.min(measureAgainInMs, longestWhileChangingMs);
            return { kind: 'changing', summary, measureAgainInMs: soonMs };
          }
          const isOver =
            round >= policy.measurementsPerPeriod ||
            performance.now() - begun + measureAgainInMs > longestPeriodMs;
          if (evaluation.verdict === 'violated' || isOver) {
            await samples.compact(application, Date.parse(now()));
            const { verdict: kind, summary } = evaluation;
            return { kind, summary, measureAgainInMs };
          }
          await delay(measureAgainInMs, undefined, { signal });
        }
      }),

    async measureForCorrection(ref) {
      const known = await guardians.findFigures(ref);
      if (known !== undefined) return { summary: `Measured at ${known.measuredAt}.` };
      const guarded = await guardians.guarded(await guardians.applicationOf(ref.incident));
      if (guarded === undefined) return { summary: 'Nothing of it runs.' };
      const figures = await heartbeatWhile((signal) =>
        measureFigures(driverFor, guarded, now, signal),
      );
      await guardians.storeFigures(ref, figures, now());
      const failing = figures.filter(({ availabilityPercent = 100 }) => availabilityPercent < 100);
      const names = failing.map(
        ({ component, datacentre, availabilityPercent = 0 }) =>
          `${component}@${datacentre} ${availabilityPercent.toFixed(1)} % answered`,
      );
      return {
        summary: `${figures.length} replicas measured afresh${names.length === 0 ? '' : `: ${names.join(', ')}`}.`,
      };
    },
  };
}
