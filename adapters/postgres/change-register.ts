import type { Knex } from 'knex';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { releaseDefinitionSchema } from '../../domain/application/release-definition.ts';
import type {
  ChangePlan,
  ChangeRegister,
  RequestedChange,
  VerifiedRelease,
} from '../../domain/change/ports.ts';
import type { ChangeRequest } from '../../domain/change/change-request.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ResolvedWindow } from '../../domain/windows/window.ts';
import { storeAssessment } from './assessment-store.ts';
import type { ConflictFinder } from './conflict-store.ts';
import { riskHistory } from './risk-history.ts';

/** What a change's `definition` column holds. */
export interface StoredDefinition {
  readonly request: ChangeRequest;
  readonly window: ResolvedWindow;
}

/** The record of changes in PostgreSQL. */
export function createChangeRegister(database: Knex, engine: ConflictFinder): ChangeRegister {
  return {
    async requestedChange(changeId): Promise<RequestedChange> {
      const row = await database('change').where({ id: changeId }).first<
        | {
            number: number;
            requester: string;
            revision: number;
            definition: StoredDefinition;
          }
        | undefined
      >('number', 'requester', 'revision', 'definition');
      if (row === undefined) throw missing('change', changeId);
      return {
        id: changeId,
        label: `CHG-${row.number}`,
        requester: row.requester,
        revision: row.revision,
        request: row.definition.request,
        window: row.definition.window,
      };
    },

    async application(name) {
      const row = await database('application')
        .where({ name })
        .first<{ definition: unknown } | undefined>('definition');
      if (row === undefined) {
        throw missing(
          'application',
          name,
          'Register it: ctc application apply -f application.yaml',
        );
      }
      return applicationDefinitionSchema.parse(row.definition);
    },

    async plannedApplication(changeId) {
      const row = await database('change')
        .where({ id: changeId })
        .first<{ plan: ChangePlan | null } | undefined>('plan');
      const planned = row?.plan?.application;
      if (planned === undefined || planned === null) {
        throw missing('planned application of change', changeId);
      }
      return applicationDefinitionSchema.parse(planned);
    },

    async release(application, version) {
      const row = await database('release')
        .where({ application, version })
        .first<{ definition: unknown; digest: string } | undefined>('definition', 'digest');
      if (row === undefined) {
        throw missing(
          'release',
          `${version} of ${application}`,
          'Register it: ctc release register -f release.yaml',
        );
      }
      return { definition: releaseDefinitionSchema.parse(row.definition), digest: row.digest };
    },

    async lastVerified(application, notBy): Promise<VerifiedRelease | undefined> {
      const row = await database('verified_deployment as v')
        .join('attempt as a', function () {
          this.on('a.change_id', 'v.change_id').andOn('a.number', 'v.attempt');
        })
        .join('change as c', 'c.id', 'v.change_id')
        .where('v.application', application)
        .modify((query) => {
          if (notBy === undefined) return;
          void query
            .whereNot('v.change_id', notBy)
            // A rollback by the guardian is not undone by going back to what it left.
            .whereRaw(
              `v.release_version is distinct from
                (select origin #>> '{corrects,release}' from change where id = ? and origin ->> 'way' = 'roll-back')`,
              [notBy],
            );
        })
        .orderBy('v.verified_at', 'desc')
        .first<
          | {
              change_id: string;
              change_number: number;
              verified_at: string;
              attempt: number;
              release_version: string;
              release_digest: string;
              placement: VerifiedRelease['placement'];
              desired: VerifiedRelease['desired'];
              endpoints: VerifiedRelease['endpoints'];
            }
          | undefined
        >(
          'v.change_id',
          'c.number as change_number',
          'v.verified_at',
          'v.attempt',
          'v.release_version',
          'v.release_digest',
          'v.placement',
          'a.desired',
          'a.endpoints',
        );
      return row === undefined
        ? undefined
        : {
            changeId: row.change_id,
            label: `CHG-${row.change_number}`,
            verifiedAt: row.verified_at,
            attempt: row.attempt,
            version: row.release_version,
            digest: row.release_digest,
            placement: row.placement,
            desired: row.desired,
            endpoints: row.endpoints,
          };
    },

    riskHistory: (changeId, releaseDigest, at) =>
      riskHistory(database, engine, changeId, releaseDigest, at),

    storeAssessment: (assessment) =>
      database.transaction((trx) => storeAssessment(trx, engine, assessment)),
  };
}

function missing(kind: string, name: string, remedy?: string): DomainError {
  return new DomainError('not-found', `There is no ${kind} ${name}.`, {
    code: `no-such-${kind}`,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
