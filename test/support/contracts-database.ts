import { goodContract } from './contract-definition.ts';
import { randomUUID } from 'node:crypto';
import { createContractRegister } from '../../adapters/postgres/contract-register.ts';
import { keepTermsInForce } from '../../adapters/postgres/contract-terms.ts';
import { createDatabase } from '../../adapters/postgres/database.ts';
import { contractSchema } from '../../domain/acsmi/contract.ts';
import type { StoredContract } from '../../domain/acsmi/ports.ts';
import type { Assignment } from '../../domain/placement/simulation.ts';
import { addPeople, importCsv, smallestCompany } from './company-database.ts';
import { createTestDatabase } from './postgres.ts';

const offerColumns =
  'id,datacentre,provider,cores,memory_mb,storage_gb,monthly_price,currency,available,sla_percent';

/** Two providers in three datacentres, of which one has offers of both. */
const company = {
  ...smallestCompany,
  datacentres:
    'id,name,country,time_zone,driver,availability_percent,user_latency_ms\n' +
    'mad,Madrid,ES,Europe/Madrid,local,99.9,10\nbcn,Barcelona,ES,Europe/Madrid,local,99.9,10\n' +
    'par,Paris,FR,Europe/Paris,local,99.9,12\n',
  providers:
    'id,name,jurisdiction,financial_risk,technological_risk\n' +
    'iberia,Iberia Cloud,ES,1,2\nlutetia,Lutetia,FR,2,1\n',
  offers: `${offerColumns}
mad-iberia,mad,iberia,1,1024,10,10,EUR,9,99.5
mad-lutetia,mad,lutetia,1,1024,10,12,EUR,9,
bcn-iberia,bcn,iberia,1,1024,10,10,EUR,9,
par-lutetia,par,lutetia,1,1024,10,10,EUR,9,99
`,
};

export interface RunningGiven {
  readonly application: string;
  readonly assignments: readonly Assignment[];
  readonly verifiedAt: string;
  readonly minPercent?: number;
  readonly countries?: readonly string[];
}

/** A company with contracts, and applications that run without anything having deployed them. */
export async function createContractsDatabase() {
  const test = await createTestDatabase();
  const database = createDatabase({ url: test.url, poolMax: 6 });
  await importCsv(database, company);
  await addPeople(database, {
    ana: ['requester'],
    marta: ['change-manager'],
    olga: ['operator'],
  });
  let now = '2026-06-15T12:00:00.000Z';

  return {
    database,
    contracts: createContractRegister({ database, now: () => now }),
    now: () => now,
    setNow: (at: string) => void (now = at),
    /** Good until something else is given. */
    contract: (more: object = {}, terms: object = {}) =>
      contractSchema.parse({
        ...goodContract,
        terms: {
          ...goodContract.terms,
          monthlyFee: { amount: 4200, currency: 'EUR' },
          ...terms,
        },
        ...more,
      }),

    async run(given: RunningGiven): Promise<string> {
      const {
        application,
        assignments,
        verifiedAt,
        minPercent = 99,
        countries = ['ES', 'FR'],
      } = given;
      const definition = JSON.stringify({
        ...{ name: application, title: application, department: 'hosting' },
        nfrs: { availability: { minPercent }, location: { countries } },
      });
      await database('application')
        .insert({
          name: application,
          ...{ department: 'hosting', definition, version: 1 },
          updated_at: verifiedAt,
          updated_by: 'ana',
        })
        .onConflict('name')
        .ignore();
      const changeId = randomUUID();
      const request = { kind: 'release', datacentres: ['mad', 'bcn'] };
      await database('change').insert({
        ...{ id: changeId, request_key: changeId, request_hash: '', application },
        ...{ kind: 'release', class: 'normal', title: 'Release 1', department: 'hosting' },
        ...{ requester: 'ana', state: 'closed', outcome: 'completed', revision: 1, version: 1 },
        definition: JSON.stringify({ request }),
        window_opens_at: '2026-01-01T00:00:00.000Z',
        window_closes_at: verifiedAt,
        ...{ created_at: verifiedAt, updated_at: verifiedAt, ended_at: verifiedAt },
      });
      const deployed = {
        ...{ application, change_id: changeId, release_version: '1.0.0', release_digest: '' },
        placement: JSON.stringify({ assignments }),
      };
      await database('attempt').insert({
        ...{ ...deployed, number: 1, kind: 'deploy', started_at: verifiedAt },
        ...{ waves: '[]', desired: '{}', tokens: '{}', endpoints: '[]' },
      });
      await database('verified_deployment').insert({
        ...deployed,
        attempt: 1,
        verified_at: verifiedAt,
      });
      await keepTermsInForce(database, { application, changeId, attempt: 1 }, verifiedAt);
      return changeId;
    },

    /** What a guardian measured of an entry component, in an hour. */
    async measured(
      given: {
        readonly application: string;
        readonly changeId: string;
        readonly datacentre: string;
      },
      startsAt: string,
      counts: { readonly total: number; readonly good: number },
    ): Promise<void> {
      const { application, changeId, datacentre } = given;
      await database('guardian_bucket').insert({
        ...{ application, change_id: changeId, attempt: 1, sli: 'availability' },
        ...{ datacentre, component: 'web', starts_at: startsAt, width_seconds: 3600, ...counts },
      });
    },

    labels: (rows: readonly Pick<StoredContract, 'label'>[]) => rows.map(({ label }) => label),
    async empty(): Promise<void> {
      await database.raw(
        'truncate contract, change, application, alert, guardian_bucket, availability_day, incident, acsmi_proposal restart identity cascade',
      );
      now = '2026-06-15T12:00:00.000Z';
    },
    async drop(): Promise<void> {
      await database.destroy();
      await test.drop();
    },
  };
}

export type ContractsDatabase = Awaited<ReturnType<typeof createContractsDatabase>>;

/** A component on an offer; the datacentre is how its name begins. */
export const on = (component: string, offer: string): Assignment => ({
  component,
  offer,
  datacentre: offer.split('-')[0] ?? '',
});
