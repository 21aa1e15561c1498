import type { Knex } from 'knex';
import type { ChangePlan } from '../../domain/change/ports.ts';
import type { AttemptView } from '../../domain/change/readers.ts';
import type { Placement } from '../../domain/placement/simulation.ts';
import type { VerificationReport } from '../../domain/verification/judge-verification.ts';
import type { PlacedRelease } from '../../domain/verification/series.ts';
import { metricsSoFar } from './metrics-reader.ts';

interface AttemptRow {
  readonly number: number;
  readonly kind: string;
  readonly release_version: string;
  readonly releaseDigest: string;
  readonly placement: Placement;
  readonly desired: PlacedRelease['desired'];
  readonly waves: string[][];
  readonly endpoints: AttemptView['endpoints'];
  readonly started_at: string;
}

/** The attempts of a change, oldest first, with what became of each datacentre and how they were verified. */
export async function attemptsOf(
  database: Knex,
  { id, plan }: { readonly id: string; readonly plan: ChangePlan | null },
): Promise<AttemptView[]> {
  const [attempts, sites, verifications] = await Promise.all([
    database('attempt')
      .where({ change_id: id })
      .orderBy('number')
      .select<AttemptRow[]>(
        'number',
        'kind',
        'release_version',
        'release_digest as releaseDigest',
        'placement',
        'desired',
        'waves',
        'endpoints',
        'started_at',
      ),
    database('site_outcome')
      .where({ change_id: id })
      .orderBy(['attempt', 'datacentre'])
      .select<(AttemptView['sites'][number] & { attempt: number })[]>(
        'attempt',
        'datacentre',
        'outcome',
        'detail',
        'decided_at as at',
      ),
    database('verification')
      .where({ change_id: id })
      .select<{ attempt: number; report: VerificationReport }[]>('attempt', 'report'),
  ]);
  const metrics = plan?.application?.verification.metrics;
  const view = async (attempt: AttemptRow): Promise<AttemptView> => {
    const report = verifications.find((row) => row.attempt === attempt.number)?.report;
    return {
      number: attempt.number,
      kind: attempt.kind,
      release: attempt.release_version,
      waves: attempt.waves,
      startedAt: attempt.started_at,
      sites: sites
        .filter((site) => site.attempt === attempt.number)
        .map(({ attempt: _, ...site }) => site),
      verification: report ?? null,
      metrics:
        report === undefined
          ? await metricsSoFar(database, id, attempt, metrics)
          : (report.metrics ?? []),
      endpoints: attempt.endpoints,
    };
  };
  return Promise.all(attempts.map(view));
}
