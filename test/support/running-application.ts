import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Placement } from '../../domain/placement/simulation.ts';

const hourMs = 3_600_000;

/**
 * An application of one component with a verified release, as a completed change of ana (a principal) for the
 * department web leaves it; both must be there.
 */
export async function storeRunningApplication(
  database: Knex,
  {
    nowMs,
    placement,
    guardian,
  }: { readonly nowMs: number; readonly placement: Placement; readonly guardian: object },
): Promise<{ name: string; changeId: string }> {
  const at = (ms = nowMs): string => new Date(ms).toISOString();
  const name = `app-${randomUUID().slice(0, 8)}`;
  const changeId = randomUUID();
  const definition = {
    name,
    title: 'An application',
    department: 'web',
    components: [
      {
        name: 'web',
        entry: true,
        needs: { cores: 1, memoryMb: 1, storageGb: 1 },
        serviceTimeP95Ms: 1,
      },
    ],
    nfrs: {
      availability: { minPercent: 99 },
      monthlyCost: { max: 100, currency: 'EUR' },
      responseTime: { p95MaxMs: 100 },
      location: { countries: ['ES'] },
    },
    guardian,
  };
  await database('application').insert({
    name,
    department: 'web',
    definition: JSON.stringify(definition),
    version: 3,
    updated_at: at(),
    updated_by: 'ana',
  });
  const request = { kind: 'release', datacentres: ['mad', 'bcn', 'par'] };
  await database('change').insert({
    id: changeId,
    request_key: changeId,
    request_hash: '',
    kind: 'release',
    class: 'standard',
    title: 'Release 1',
    department: 'web',
    requester: 'ana',
    application: name,
    state: 'closed',
    outcome: 'completed',
    revision: 1,
    version: 1,
    definition: JSON.stringify({ request }),
    window_opens_at: at(nowMs - hourMs),
    window_closes_at: at(),
    created_at: at(),
    updated_at: at(),
    ended_at: at(),
  });
  const deployed = {
    change_id: changeId,
    application: name,
    release_version: '1',
    release_digest: 'd',
    placement: JSON.stringify(placement),
  };
  await database('attempt').insert({
    ...deployed,
    number: 1,
    kind: 'deploy',
    waves: '[]',
    desired: '{}',
    tokens: '{}',
    endpoints: '[]',
    started_at: at(),
  });
  await database('verified_deployment').insert({ ...deployed, attempt: 1, verified_at: at() });
  return { name, changeId };
}
