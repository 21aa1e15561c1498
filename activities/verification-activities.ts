import { heartbeatWhile } from './heartbeat.ts';
import type { AttemptRef, VerificationSteps } from '../domain/change/change-steps.ts';
import type { ChangeRegister, RolloutRegister, StoredAttempt } from '../domain/change/ports.ts';
import type { DriverFor, ProbeSample } from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';
import type { CandidateDatacentre, Measurement, Offer } from '../domain/placement/simulation.ts';
import {
  judgeVerification,
  p95,
  type VerificationReport,
} from '../domain/verification/judge-verification.ts';

export interface VerificationActivityPorts {
  readonly changes: ChangeRegister;
  readonly rollouts: RolloutRegister;
  readonly driverFor: DriverFor;
  readonly offers: () => Promise<readonly Offer[]>;
  readonly datacentres: () => Promise<readonly CandidateDatacentre[]>;
  /** ISO instant. */
  readonly now: () => string;
}

/** Measures the requirements closed in the application's definition on what really runs. */
export function createVerificationActivities(ports: VerificationActivityPorts): VerificationSteps {
  const { changes, rollouts, driverFor, now } = ports;
  return {
    async verifyAttempt(ref) {
      const known = await rollouts.findVerification(ref);
      if (known !== undefined) return known;
      const attempt = await rollouts.findAttempt(ref);
      if (attempt === undefined) {
        throw new DomainError('not-found', `There is no attempt ${ref.attempt} to verify.`, {
          code: 'no-such-attempt',
        });
      }
      const application = await changes.plannedApplication(ref.changeId);
      const { path, samples, intervalMs, timeoutMs } = application.verification;
      const entryNames = new Set(
        application.components.filter(({ entry }) => entry).map(({ name }) => name),
      );
      const probed = await heartbeatWhile((signal) =>
        Promise.all(
          attempt.placement.assignments.map(async ({ component, datacentre }) => {
            const driver = await driverFor(datacentre);
            const request = {
              application: attempt.application,
              datacentre,
              component,
              path,
              samples,
              intervalMs,
              timeoutMs,
            };
            return { ...request, results: await driver.probe(request, { signal }) };
          }),
        ),
      );
      await rollouts.storeMeasurements(ref, measurementsOf(probed, now()));
      const judged = judgeVerification(
        application.nfrs,
        probed
          .filter(({ component }) => entryNames.has(component))
          .map(({ component, datacentre, results }) => ({
            component,
            datacentre,
            samplesWanted: samples,
            samples: results,
          })),
        await placementFigures(ports, attempt.placement.assignments),
      );
      const report = standsSomewhere(attempt, entryNames) ? judged : nothingStands(judged);
      await rollouts.storeVerification(ref, report, now());
      return { verdict: report.verdict, summary: report.summary };
    },
  } satisfies VerificationSteps & { verifyAttempt(ref: AttemptRef): Promise<unknown> };
}

/**
 * Whether an entry of the attempt's own release is left. Where all of them were given back, what was measured is
 * the release before it, which says nothing of the new one.
 */
function standsSomewhere(
  { kind, releaseDigest, desired }: StoredAttempt,
  entries: ReadonlySet<string>,
): boolean {
  return (
    kind === 'rollback' ||
    Object.values(desired).some(
      (site) =>
        site.releaseDigest === releaseDigest &&
        site.components.some(({ name }) => entries.has(name)),
    )
  );
}

function nothingStands(report: VerificationReport): VerificationReport {
  return {
    ...report,
    verdict: 'inconclusive',
    summary: `No entry of the new release is left to be measured. ${report.summary}`,
  };
}

/** Own time and availability of each replica, as the simulator takes them. */
export function measurementsOf(
  probed: readonly { component: string; datacentre: string; results: readonly ProbeSample[] }[],
  measuredAt: string,
): Measurement[] {
  return probed.flatMap(({ component, datacentre, results }) => {
    if (results.length === 0) return [];
    const answered = results.filter(({ ok }) => ok).length;
    const serviceTimeP95Ms = p95(
      results.flatMap(({ hops }) =>
        hops
          .filter((hop) => hop.component === component && hop.datacentre === datacentre)
          .map(({ durationMs }) => durationMs),
      ),
    );
    return [
      {
        component,
        datacentre,
        samples: results.length,
        measuredAt,
        availabilityPercent: (100 * answered) / results.length,
        ...(serviceTimeP95Ms === undefined ? {} : { serviceTimeP95Ms }),
      },
    ];
  });
}

async function placementFigures(
  { offers, datacentres }: VerificationActivityPorts,
  assignments: readonly { datacentre: string; offer: string }[],
): Promise<Parameters<typeof judgeVerification>[2]> {
  const byId = new Map((await offers()).map((offer) => [offer.id, offer]));
  const rented = assignments.map(({ offer }) => {
    const found = byId.get(offer);
    if (found === undefined) {
      throw new DomainError('not-found', `Offer "${offer}" is no longer in the inventory.`, {
        code: 'no-such-offer',
        remedy: 'Import the offers again; what it costs cannot be verified without it.',
      });
    }
    return found;
  });
  const used = new Set(assignments.map(({ datacentre }) => datacentre));
  return {
    monthlyCost: rented.reduce((sum, { monthlyPrice }) => sum + monthlyPrice, 0),
    currency: rented[0]?.currency ?? '',
    sites: (await datacentres())
      .filter(({ id }) => used.has(id))
      .map(({ id, country }) => ({ datacentre: id, country })),
  };
}
