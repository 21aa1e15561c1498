import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import { annexA, controlOf } from '../../domain/risks/annex-a.ts';
import type { DecidedControl } from '../../domain/risks/ports.ts';
import type { ControlDecision } from '../../domain/risks/risk.ts';
import { appendToLedger } from './ledger-append.ts';
import { explainingConstraints } from './postgres-errors.ts';

interface DecisionRow {
  readonly control: string;
  readonly version: number;
  readonly definition: ControlDecision;
  readonly decided_by: string;
  readonly decided_at: string;
}

/** All 93 in their order, each with its newest decision and the open risks that it treats. */
export async function decidedControls(trx: Knex): Promise<DecidedControl[]> {
  const { rows: decisions } = await trx.raw<{ rows: DecisionRow[] }>(
    'select distinct on (control) * from control_decision order by control, version desc',
  );
  const { rows: uses } = await trx.raw<{ rows: { control: string; number: number }[] }>(
    `select used.control, r.number from risk r
       join risk_assessment s on s.risk_id = r.id and s.version = r.version
       cross join jsonb_array_elements_text(
         coalesce(nullif(s.definition -> 'treatment', 'null') -> 'controls', '[]')) as used (control)
     where r.state = 'open' order by r.number`,
  );
  return annexA.map((control) => {
    const row = decisions.find((one) => one.control === control.number);
    return {
      ...control,
      decision:
        row === undefined
          ? null
          : {
              ...row.definition,
              version: row.version,
              decidedBy: row.decided_by,
              decidedAt: row.decided_at,
            },
      risks: uses
        .filter((one) => one.control === control.number)
        .map(({ number }) => `RSK-${number}`),
    };
  });
}

/** The next decision about a control; what was decided before is kept. */
export async function decideControl(
  database: Knex,
  number: string,
  decision: ControlDecision,
  { by, at }: { readonly by: string; readonly at: string },
): Promise<void> {
  if (controlOf(number) === undefined) {
    throw new DomainError('not-found', `Annex A has no control "${number}".`, {
      code: 'no-such-control',
      remedy: 'Use a number from 5.1 to 8.34; ctc control list shows them.',
    });
  }
  const raced = () =>
    new DomainError('conflict', `Somebody else has just decided about ${number}.`, {
      code: 'decided-meanwhile',
      remedy: 'Look at what was decided, and decide again.',
    });
  await explainingConstraints({ control_decision_pkey: raced }, () =>
    database.transaction(async (trx) => {
      const last = await trx('control_decision')
        .where({ control: number })
        .max<{ version: number | null }[]>({ version: 'version' })
        .first();
      const version = (last?.version ?? 0) + 1;
      await trx('control_decision').insert({
        ...{ control: number, version, definition: JSON.stringify(decision) },
        decided_by: by,
        decided_at: at,
      });
      await appendToLedger(trx, {
        at,
        actor: by,
        action: 'control.decided',
        subject: { kind: 'control', id: number },
        details: { version, ...decision },
      });
    }),
  );
}
