import type { Knex } from 'knex';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import type {
  ApplicationRegister,
  RegisteredApplication,
  RegisteredRelease,
} from '../../domain/application/ports.ts';
import { releaseDefinitionSchema } from '../../domain/application/release-definition.ts';
import { DomainError } from '../../domain/errors.ts';
import { canonicalHash } from '../canonical-hash.ts';
import { appendToLedger } from './ledger-append.ts';
import { enqueueGuard } from './outbox.ts';
import { explainingConstraints } from './postgres-errors.ts';

export interface ApplicationRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

interface ApplicationRow {
  readonly definition: unknown;
  readonly version: number;
  readonly updated_at: string;
  readonly updated_by: string;
  readonly running: RegisteredApplication['running'];
}

interface ReleaseRow {
  readonly application: string;
  readonly version: string;
  readonly digest: string;
  readonly definition: unknown;
  readonly registered_at: string;
  readonly registered_by: string;
}

const select = `
  select a.definition, a.version, a.updated_at, a.updated_by,
    (
      select jsonb_build_object('release', v.release_version, 'change', 'CHG-' || c.number,
        'verifiedAt', to_char(v.verified_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'placement', v.placement)
      from verified_deployment v join change c on c.id = v.change_id
      where v.application = a.name order by v.verified_at desc limit 1
    ) as running
  from application a
`;

/** Applications and their releases. */
export function createApplicationRegister({
  database,
  now,
}: ApplicationRegisterDeps): ApplicationRegister {
  const register: ApplicationRegister = {
    async list() {
      const { rows } = await database.raw<{ rows: ApplicationRow[] }>(`${select} order by a.name`);
      return rows.map(toApplication);
    },

    async get(name) {
      const { rows } = await database.raw<{ rows: ApplicationRow[] }>(
        `${select} where a.name = ?`,
        [name],
      );
      const row = rows[0];
      if (row === undefined) throw missingApplication(name);
      return toApplication(row);
    },

    async put(definition, by, seenVersion) {
      await refuseUnknownItem(database, definition.item);
      const columns = {
        department: definition.department,
        definition: JSON.stringify(definition),
        updated_at: now(),
        updated_by: by,
      };
      // With the wish to wake its guardian: a policy that was accepted is not forgotten.
      const write = async (trx: Knex): Promise<number> => {
        const rows =
          seenVersion === undefined
            ? (
                await trx('application')
                  .insert({ name: definition.name, version: 1, ...columns })
                  .onConflict('name')
                  .ignore()
                  .returning<{ name: string }[]>('name')
              ).length
            : await trx('application')
                .where({ name: definition.name, version: seenVersion })
                .update({ ...columns, version: trx.raw('version + 1') });
        if (rows === 0) return 0;
        const version = (seenVersion ?? 0) + 1;
        await wakeGuardian(trx, definition.name, version);
        await appendToLedger(trx, {
          at: columns.updated_at,
          actor: by,
          action: seenVersion === undefined ? 'application.registered' : 'application.changed',
          subject: { kind: 'application', id: definition.name },
          // What it says may be confidential: the register keeps it, the log which one it was.
          details: { version, definitionHash: canonicalHash(definition) },
        });
        return rows;
      };
      const written = await explainingConstraints(
        {
          application_department_fkey: () =>
            new DomainError('invalid', 'The application names an unknown department.', {
              code: 'unknown-reference',
              complaints: [
                {
                  field: 'department',
                  message: `there is no department "${definition.department}"`,
                },
              ],
            }),
        },
        () => database.transaction(write),
      );
      if (written === 0) {
        throw new DomainError(
          'conflict',
          seenVersion === undefined
            ? `Application "${definition.name}" exists already.`
            : `Application "${definition.name}" is no longer at version ${seenVersion}.`,
          {
            code: 'version-superseded',
            remedy: 'Read it again and send the change with If-Match and its ETag.',
          },
        );
      }
      return register.get(definition.name);
    },

    async releases(application) {
      await register.get(application);
      const rows = await database('release')
        .where({ application })
        .orderBy('registered_at', 'desc')
        .select<ReleaseRow[]>('*');
      return rows.map(toRelease);
    },

    async addRelease(definition, digest, by) {
      const { application, version } = definition;
      await explainingConstraints(
        { release_application_fkey: () => missingApplication(application) },
        () =>
          database.transaction(async (trx) => {
            const registered = await trx('release')
              .insert({
                application,
                version,
                digest,
                definition: JSON.stringify(definition),
                registered_at: now(),
                registered_by: by,
              })
              .onConflict(['application', 'version'])
              .ignore()
              .returning<{ version: string }[]>('version');
            if (registered.length === 0) return;
            await appendToLedger(trx, {
              actor: by,
              action: 'release.registered',
              subject: { kind: 'release', id: `${application}/${version}` },
              details: { digest },
            });
          }),
      );
      const row = await database('release').where({ application, version }).first<ReleaseRow>('*');
      if (row.digest !== digest) {
        throw new DomainError(
          'conflict',
          `Release ${version} of ${application} is registered already, with other content.`,
          { code: 'release-immutable', remedy: 'Register the new content as a new version.' },
        );
      }
      return toRelease(row);
    },
  };
  return register;
}

/** A policy counts from now on, also one that guards what was not guarded before. */
async function wakeGuardian(trx: Knex, application: string, version: number): Promise<void> {
  const running = await trx('verified_deployment')
    .where({ application })
    .orderBy('verified_at', 'desc')
    .first<{ change_id: string; attempt: number } | undefined>('change_id', 'attempt');
  if (running === undefined) return;
  const verified = { change: running.change_id, attempt: running.attempt };
  await enqueueGuard(trx, application, verified, `${application}/definition/${version}`);
}

async function refuseUnknownItem(database: Knex, item: string | undefined): Promise<void> {
  if (item === undefined) return;
  const known = await database('item').where({ id: item }).first<{ id: string } | undefined>('id');
  if (known !== undefined) return;
  throw new DomainError('invalid', 'The application names an unknown item.', {
    code: 'unknown-reference',
    complaints: [{ field: 'item', message: `there is no item "${item}"; import it first` }],
  });
}

function missingApplication(name: string): DomainError {
  return new DomainError('not-found', `There is no application "${name}".`, {
    code: 'no-such-application',
    remedy: 'Register it: ctc application apply -f application.yaml',
  });
}

function toApplication(row: ApplicationRow): RegisteredApplication {
  return {
    definition: applicationDefinitionSchema.parse(row.definition),
    version: row.version,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
    running: row.running,
  };
}

function toRelease(row: ReleaseRow): RegisteredRelease {
  return {
    application: row.application,
    version: row.version,
    digest: row.digest,
    definition: releaseDefinitionSchema.parse(row.definition),
    registeredAt: row.registered_at,
    registeredBy: row.registered_by,
  };
}
