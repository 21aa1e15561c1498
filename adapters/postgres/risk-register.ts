import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { rolesWith } from '../../domain/access/roles.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkAcceptance } from '../../domain/risks/acceptance.ts';
import { rate } from '../../domain/risks/criteria.ts';
import { riskFindings } from '../../domain/risks/findings.ts';
import type { RiskRegister, StoredRisk } from '../../domain/risks/ports.ts';
import { reviewDay, riskComplaints, type Risk } from '../../domain/risks/risk.ts';
import { actionsOf } from './action-rows.ts';
import { raiseAlert } from './alerts.ts';
import { decideControl, decidedControls } from './control-decisions.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { holdersOf } from './grants.ts';
import type { RegisterDeps } from './incident-plan-store.ts';
import { appendToLedger } from './ledger-append.ts';
import {
  adoptCriteria,
  criteriaInForce,
  criteriaOfVersion,
  criteriaVersions,
} from './risk-criteria.ts';
import {
  acceptancesOf,
  findOpenRisk,
  findRisk,
  historyOf,
  openRisks,
  riskLabel,
  riskRows,
  storedRisks,
} from './risk-rows.ts';
import { noteTrigger } from './risk-triggers.ts';

/** Risks, the criteria they are assessed by, and what is decided about controls. */
export function createRiskRegister({ database, now }: RegisterDeps): RiskRegister {
  const shown = async (idOrLabel: string): Promise<StoredRisk> => {
    const row = await findRisk(database, idOrLabel);
    const [stored] = await storedRisks(database, [row], now());
    if (stored === undefined) throw new Error('the risk was not stored');
    return stored;
  };
  const log = (
    trx: Knex,
    risk: string,
    action: string,
    actor: string,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> =>
    appendToLedger(trx, {
      ...{ at: now(), actor, action: `risk.${action}`, details },
      subject: { kind: 'risk', id: risk },
    });

  /** Checks an assessment and computes what it comes to, by the criteria in force. */
  const assessed = async (trx: Knex, risk: Risk) => {
    const { version, criteria } = await criteriaInForce(trx);
    if (criteria === null) {
      throw new DomainError('refused', 'There are no criteria yet by which to assess a risk.', {
        code: 'no-criteria',
        remedy: 'Adopt them first: ctc risk criteria adopt -f criteria.yaml -r …',
      });
    }
    const complaints = [
      ...riskComplaints(criteria, risk),
      ...(await ownerComplaints(trx, risk.owner)),
    ];
    if (complaints.length > 0) {
      throw new DomainError('invalid', 'The risk is not valid.', {
        code: 'invalid-risk',
        complaints,
      });
    }
    const inherent = rate(criteria, risk.inherent);
    const residual = risk.treatment === null ? null : rate(criteria, risk.treatment.residual);
    const { band } = residual ?? inherent;
    const reviewOn = reviewDay(criteria, band, now(), risk.reviewOn);
    return {
      columns: { owner: risk.owner, band, review_on: reviewOn },
      assessment: {
        criteria_version: version,
        definition: JSON.stringify(risk),
        inherent: JSON.stringify(inherent),
        residual: residual === null ? null : JSON.stringify(residual),
        assessed_at: now(),
      },
      details: { criteriaVersion: version, risk, inherent, residual },
    };
  };
  const askOwner = (
    trx: Knex,
    id: string,
    number: number,
    risk: Risk,
    version: number,
    by: string,
  ) =>
    risk.treatment === null
      ? Promise.resolve()
      : raiseAlert(
          trx,
          [risk.owner].filter((owner) => owner !== by),
          {
            key: `risk/${id}/${version}`,
            changeId: null,
            topic: 'risk',
            subject: `${riskLabel(number)} ${risk.title}: yours to accept`,
            body: `Look at it, and accept what is left or have it treated: ctc risk accept ${riskLabel(number)} -r …`,
            at: now(),
          },
        );

  return {
    criteria: () => criteriaInForce(database),
    async criteriaOf(version) {
      const found = await criteriaOfVersion(database, version);
      if (found !== undefined) return found;
      throw new DomainError('not-found', `There is no version ${version} of the risk criteria.`, {
        code: 'no-such-criteria',
        remedy: 'ctc risk criteria history lists the versions.',
      });
    },
    criteriaVersions: () => criteriaVersions(database),
    async adoptCriteria(criteria, given, by) {
      await adoptCriteria(database, criteria, { ...given, by, at: now() });
      return criteriaInForce(database);
    },

    async register(risk, by) {
      const id = uuidv7();
      await database.transaction(async (trx) => {
        const { columns, assessment, details } = await assessed(trx, risk);
        const [row] = await trx('risk')
          .insert({ id, state: 'open', version: 1, ...columns })
          .returning<{ number: number }[]>('number');
        const reason = 'registered';
        await trx('risk_assessment').insert({
          ...{ risk_id: id, version: 1, reason, assessed_by: by },
          ...assessment,
        });
        await log(trx, id, 'registered', by, details);
        await askOwner(trx, id, row?.number ?? 0, risk, 1, by);
      });
      return shown(id);
    },

    async assess(idOrLabel, { risk, reason }, by) {
      await database.transaction(async (trx) => {
        const row = await findOpenRisk(trx, idOrLabel);
        const { columns, assessment, details } = await assessed(trx, risk);
        const version = row.version + 1;
        await trx('risk_assessment').insert({
          ...{ risk_id: row.id, version, reason, assessed_by: by },
          ...assessment,
        });
        await trx('risk')
          .where({ id: row.id })
          .update({ version, ...columns });
        await log(trx, row.id, 'assessed', by, { version, reason, ...details });
        await askOwner(trx, row.id, row.number, risk, version, by);
      });
      return shown(idOrLabel);
    },

    async accept(idOrLabel, { reason, exception, seenVersion }, by) {
      await database.transaction(async (trx) => {
        const row = await findOpenRisk(trx, idOrLabel);
        const [risk] = await storedRisks(trx, [row], now());
        if (risk === undefined) return;
        const { criteria } = await criteriaInForce(trx);
        checkAcceptance(risk, { by, exception, seenVersion, criteria });
        await trx('risk_acceptance').insert({
          ...{ risk_id: row.id, version: row.version, reason, exception },
          accepted_by: by,
          accepted_at: now(),
        });
        const { version, residual } = risk;
        await log(trx, row.id, 'accepted', by, { version, residual, reason, exception });
      });
      return shown(idOrLabel);
    },

    async trigger(idOrLabel, given, by) {
      await database.transaction((trx) => noteTrigger(trx, idOrLabel, given, { by, at: now() }));
      return shown(idOrLabel);
    },

    async close(idOrLabel, reason, by) {
      await database.transaction(async (trx) => {
        const row = await findOpenRisk(trx, idOrLabel);
        const actions = await actionsOf(trx, { risk_id: row.id }, now());
        const open = actions.filter(({ state }) => state === 'open');
        if (open.length > 0) {
          throw new DomainError('refused', `${riskLabel(row.number)} has open actions.`, {
            code: 'risk-not-done',
            complaints: open.map(({ label, title }) => ({ field: label, message: title })),
            remedy: 'Settle them: ctc action done, or drop.',
          });
        }
        await trx('risk').where({ id: row.id }).update({ state: 'closed' });
        await log(trx, row.id, 'closed', by, { reason });
      });
      return shown(idOrLabel);
    },

    async get(idOrLabel) {
      const risk = await shown(idOrLabel);
      const [history, acceptances, actions] = await Promise.all([
        historyOf(database, risk.id),
        acceptancesOf(database, risk.id),
        actionsOf(database, { risk_id: risk.id }, now()),
      ]);
      return { ...risk, history, acceptances, actions };
    },

    async list({ state, owner, band }, { limit, cursor }) {
      const query = riskRows(database)
        .orderBy('number', 'desc')
        .limit(limit + 1);
      for (const [column, value] of Object.entries({ state, owner, band })) {
        if (value !== undefined) void query.where(column, value);
      }
      if (cursor !== undefined) {
        void query.where('number', '<', decodeCursor(cursor, /^\d{1,15}$/));
      }
      const page = pageOf(
        await query,
        limit,
        (row) => row,
        ({ number }) => number,
      );
      return { ...page, rows: await storedRisks(database, page.rows, now()) };
    },

    openRisks: () => openRisks(database, now()),
    controls: () => decidedControls(database),
    async decideControl(number, decision, by) {
      await decideControl(database, number, decision, { by, at: now() });
      const decided = (await decidedControls(database)).find((one) => one.number === number);
      if (decided === undefined) throw new Error('the control was not decided');
      return decided;
    },

    async findings() {
      const risks = await openRisks(database, now());
      return riskFindings({
        criteria: await criteriaInForce(database),
        risks,
        controls: await decidedControls(database),
        ableOwners: new Set(await holdersOf(database, 'risk.accept')),
      });
    },
  };
}

async function ownerComplaints(trx: Knex, owner: string) {
  if ((await holdersOf(trx, 'risk.accept')).includes(owner)) return [];
  return [
    {
      field: 'owner',
      message: `there is no "${owner}" who may accept risks; roles that may: ${rolesWith('risk.accept').join(', ')}`,
    },
  ];
}
