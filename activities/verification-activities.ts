import { heartbeatWhile } from './heartbeat.ts';
import { runAnalysis, type AnalysisPorts } from './run-analysis.ts';
import type { ApplicationDefinition } from '../domain/application/application-definition.ts';
import type { AttemptRef, VerificationSteps } from '../domain/change/change-steps.ts';
import type { ChangeRegister, RolloutRegister, StoredAttempt } from '../domain/change/ports.ts';
import type { VerificationOutcome } from '../domain/change/story.ts';
import type { DriverFor, ProbeSample } from '../domain/deployment/ports.ts';
import { DomainError } from '../domain/errors.ts';
import { distinctReplicas, rentedMachines } from '../domain/placement/rented-machines.ts';
import type {
  Assignment,
  CandidateDatacentre,
  Measurement,
  Offer,
} from '../domain/placement/simulation.ts';
import { withMetrics } from '../domain/verification/analysis-report.ts';
import { judgeVerification, p95 } from '../domain/verification/judge-verification.ts';
import type { VerificationReport } from '../domain/verification/judge-verification.ts';

export interface VerificationActivityPorts extends AnalysisPorts {
  readonly changes: Pick<ChangeRegister, 'plannedApplication'>;
  readonly rollouts: RolloutRegister;
  readonly driverFor: DriverFor;
  readonly offers: () => Promise<readonly Offer[]>;
  readonly datacentres: () => Promise<readonly CandidateDatacentre[]>;
}

/** Measures the requirements closed in the application's definition, and its metrics, on what really runs. */
export function createVerificationActivities(ports: VerificationActivityPorts): VerificationSteps {
  const { changes, rollouts, driverFor, now } = ports;

  /**
   * Metrics judge a release that meets its requirements, and only a new one: a rollback neither waits for
   * them nor hangs on their sources. What does not meet its requirements is not kept waiting either.
   */
  const withAnalysis = async (
    report: VerificationReport,
    attempt: StoredAttempt,
    application: ApplicationDefinition,
  ): Promise<VerificationReport> => {
    if (application.verification.metrics === undefined) return report;
    if (attempt.kind === 'rollback' || report.verdict !== 'passed') return report;
    return withMetrics(
      report,
      await heartbeatWhile((signal) => runAnalysis(ports, attempt, application, signal)),
    );
  };

  return {
    async verifyAttempt(ref) {
      const known = await rollouts.findVerification(ref);
      if (known !== undefined) return outcomeOf(known);
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
          distinctReplicas(attempt.placement.assignments).map(async ({ component, datacentre }) => {
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
      const whole = await withAnalysis(report, attempt, application);
      await rollouts.storeVerification(ref, whole, now());
      return outcomeOf(whole);
    },
  } satisfies VerificationSteps & { verifyAttempt(ref: AttemptRef): Promise<unknown> };
}

/** The report itself stays in PostgreSQL. */
function outcomeOf({ verdict, summary }: VerificationReport): VerificationOutcome {
  return { verdict, summary };
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
  assignments: readonly Assignment[],
): Promise<Parameters<typeof judgeVerification>[2]> {
  const byId = new Map((await offers()).map((offer) => [offer.id, offer]));
  const rented = rentedMachines(assignments).map(({ offer }) => {
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
