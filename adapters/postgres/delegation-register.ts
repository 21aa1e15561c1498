import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { Delegation, DelegationRegister } from '../../domain/approvals/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { heldGrantsOf } from './grants.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';

export interface DelegationRegisterDeps {
  readonly database: Knex;
  /** ISO instant. */
  readonly now: () => string;
}

/** A holiday, not a second job. */
const longestDays = 92;

const columns = [
  'id',
  'delegator',
  'delegate',
  'valid_from as from',
  'valid_until as until',
  'reason',
  'ended_at as endedAt',
] as const;

export function createDelegationRegister({
  database,
  now,
}: DelegationRegisterDeps): DelegationRegister {
  return {
    async delegate({ delegator, delegate, from, until, reason }) {
      refuseBadTime(from, until, now());
      const badDelegate = (message: string) => (): DomainError =>
        new DomainError('invalid', message, {
          code: 'bad-delegate',
          complaints: [{ field: 'delegate', message }],
        });
      return explainingConstraints(
        {
          approval_delegation_to_another: badDelegate('You cannot stand in for yourself.'),
          approval_delegation_delegate_fkey: badDelegate(`There is nobody called "${delegate}".`),
        },
        () =>
          database.transaction(async (trx) => {
            // Whoever decides in somebody's place may decide at all.
            const held = await heldGrantsOf(trx, delegate);
            if (!held.some(({ permissions }) => permissions.includes('change.decide'))) {
              throw badDelegate(`"${delegate}" may not decide on changes.`)();
            }
            const id = uuidv7();
            await trx('approval_delegation').insert({
              id,
              delegator,
              delegate,
              valid_from: from,
              valid_until: until,
              reason,
              created_at: now(),
            });
            await appendToLedger(trx, {
              actor: delegator,
              action: 'approval.delegated',
              subject: { kind: 'principal', id: delegator },
              details: { delegation: id, delegate, from, until, reason },
            });
            return byId(trx, id);
          }),
      );
    },

    list: (of) =>
      database('approval_delegation')
        .modify((query) => {
          if (of !== undefined) void query.where({ delegator: of }).orWhere({ delegate: of });
        })
        .orderBy('id', 'desc')
        .limit(1000)
        .select<Delegation[]>(...columns),

    end: (id, by, anyones) =>
      database.transaction(async (trx) => {
        const found = await byId(trx, id);
        if (found.delegator !== by && !anyones) {
          throw new DomainError('forbidden', `This delegation was given by ${found.delegator}.`, {
            code: 'not-allowed',
            remedy: `Ask ${found.delegator}, or somebody who may manage policies, to end it.`,
          });
        }
        if (found.endedAt !== null) return found;
        await trx('approval_delegation').where({ id }).update({ ended_by: by, ended_at: now() });
        await appendToLedger(trx, {
          actor: by,
          action: 'approval.delegation-ended',
          subject: { kind: 'principal', id: found.delegator },
          details: { delegation: id, delegate: found.delegate },
        });
        return byId(trx, id);
      }),
  };
}

function refuseBadTime(from: string, until: string, at: string): void {
  const fromMs = Date.parse(from);
  const untilMs = Date.parse(until);
  const message =
    untilMs <= fromMs
      ? 'it ends before it begins'
      : untilMs <= Date.parse(at)
        ? 'it is over already'
        : untilMs - fromMs > longestDays * 86_400_000
          ? `a delegation lasts ${longestDays} days at most`
          : undefined;
  if (message === undefined) return;
  throw new DomainError('invalid', `A delegation from ${from} until ${until}: ${message}.`, {
    code: 'bad-delegation-time',
    complaints: [{ field: 'until', message }],
  });
}

async function byId(trx: Knex, id: string): Promise<Delegation> {
  const found = await trx('approval_delegation')
    .where({ id })
    .first<Delegation | undefined>(...columns);
  if (found !== undefined) return found;
  throw new DomainError('not-found', `There is no delegation ${id}.`, {
    code: 'no-such-delegation',
    remedy: 'See those there are: ctc delegation list.',
  });
}
