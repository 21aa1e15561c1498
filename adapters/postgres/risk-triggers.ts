import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { raiseAlert } from './alerts.ts';
import { appendToLedger } from './ledger-append.ts';
import { findOpenRisk, riskLabel } from './risk-rows.ts';

/** Notes what asks for another assessment of a risk, and tells its owner, in the caller's transaction. */
export async function noteTrigger(
  trx: Knex,
  idOrLabel: string,
  { reason, from }: { readonly reason: string; readonly from: string | null },
  { by, at }: { readonly by: string; readonly at: string },
): Promise<void> {
  const { id, number, version, owner } = await findOpenRisk(trx, idOrLabel);
  const trigger = uuidv7();
  await trx('risk_trigger').insert({
    ...{ id: trigger, risk_id: id, version, reason, origin: from },
    noted_by: by,
    noted_at: at,
  });
  await appendToLedger(trx, {
    at,
    actor: by,
    action: 'risk.reassessment-asked',
    subject: { kind: 'risk', id },
    details: { version, reason, from },
  });
  await raiseAlert(
    trx,
    [owner].filter((one) => one !== by),
    {
      key: `risk-trigger/${trigger}`,
      changeId: null,
      topic: 'risk',
      subject: `${riskLabel(number)} is to be assessed again`,
      body: `${from === null ? '' : `${from}: `}${reason}`,
      at,
    },
  );
}
