import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import type { Contract } from '../../domain/acsmi/contract.ts';
import type { LabelledContract } from '../../domain/acsmi/covering-contract.ts';
import {
  describeBreach,
  judgeSla,
  unanswered,
  type SlaBreach,
} from '../../domain/acsmi/judge-sla.ts';
import type { ContractWatch } from '../../domain/acsmi/ports.ts';
import {
  dayOf,
  firstDayOf,
  monthInstants,
  monthOf,
  startOfDayMs,
} from '../../domain/acsmi/utc-days.ts';
import type { Evaluation } from '../../domain/guardian/evaluate.ts';
import { contractsFrom } from './contract-rows.ts';
import { startAutomaticDuties } from './incident-duties.ts';
import { noteIncident, openedByItself } from './incidents.ts';
import { keepProposals } from './proposal-keeper.ts';
import { keepDays, samplesOf, type CoveredSamples } from './sla-samples.ts';

export interface ContractWatchDeps {
  readonly database: Knex;
  /** A contract that ends within its notice period and so many days more is warned of. */
  readonly warningDays: number;
}

/** Guardians write what they measured a little later. */
const lateSamplesMs = 3_600_000;
/** A watch that was away for longer judges no more what was before. */
const monthsBack = 12;

type Known = LabelledContract & { readonly id: string };

/** Watches contracts: what providers kept to, and what comes to an end. */
export function createContractWatch({ database, warningDays }: ContractWatchDeps): ContractWatch {
  return {
    async round(at) {
      await keepDays(database, at);
      const nowMs = Date.parse(at);
      const since = new Date(nowMs);
      since.setUTCMonth(since.getUTCMonth() - monthsBack, 1);
      const contracts = await contractsFrom(database, dayOf(since));
      await forgetMonthsAfterEnd(database);
      const judgedBefore = await finalMonths(database);
      let [judged, breaches] = [0, 0];
      for (const contract of contracts) {
        for (const month of monthsToJudge(contract, since.getTime(), nowMs)) {
          if (judgedBefore.has(`${contract.id}/${month}`)) continue;
          // A transaction each: what is judged stays so when a later one fails.
          const outcome = await database.transaction((trx) =>
            judgeMonth(trx, contract, contracts, { month, at }),
          );
          if (outcome !== 'judged-before') judged += 1;
          if (outcome === 'new-breach') breaches += 1;
        }
      }
      const proposals = await database.transaction((trx) =>
        keepProposals(trx, { at, warningDays }),
      );
      return { judged, breaches, proposals };
    },
  };
}

/** A contract that ends earlier than it was to has no month at hand any more. */
async function forgetMonthsAfterEnd(database: Knex): Promise<void> {
  await database.raw(
    `delete from sla_month m using contract c
     where c.id = m.contract_id and not m.final and m.month >= c.ends`,
  );
}

async function finalMonths(database: Knex): Promise<ReadonlySet<string>> {
  const rows = await database('sla_month')
    .where({ final: true })
    .select<{ key: string }[]>(
      database.raw(`contract_id || '/' || to_char(month, 'YYYY-MM') as key`),
    );
  return new Set(rows.map(({ key }) => key));
}

/** Months with a day on which the contract was in force, the one at hand included. */
function monthsToJudge({ starts, ends }: Contract, sinceMs: number, nowMs: number): string[] {
  const months: string[] = [];
  const lastMs = Math.min(nowMs, startOfDayMs(ends) - 1);
  for (let atMs = Math.max(startOfDayMs(starts), sinceMs); atMs <= lastMs;) {
    const month = monthOf(atMs);
    months.push(month);
    atMs = monthInstants(month).toMs;
  }
  return months;
}

async function judgeMonth(
  trx: Knex.Transaction,
  contract: Known,
  contracts: readonly Known[],
  { month, at }: { readonly month: string; readonly at: string },
): Promise<'judged' | 'new-breach' | 'judged-before'> {
  const { id, label } = contract;
  // One watch at a time: a month is judged for good, and its breach told, once.
  await trx('contract').where({ id }).forUpdate().first('id');
  const { fromMs, toMs } = monthInstants(month);
  const key = { contract_id: id, month: firstDayOf(month) };
  const before = await trx('sla_month').where(key).first<{ final: boolean } | undefined>('final');
  if (before?.final === true) return 'judged-before';

  const endMs = Math.min(toMs, startOfDayMs(contract.ends));
  const days = {
    from: dayOf(Math.max(fromMs, startOfDayMs(contract.starts))),
    to: dayOf(endMs),
  };
  const samples = await samplesOf(trx, contract, contracts, days);
  const verdict = judgeSla(
    await termsAt(trx, contract, endMs),
    samples.map(({ changeId: _change, attempt: _attempt, ...counts }) => counts),
  );
  const final = Date.parse(at) >= endMs + lateSamplesMs;
  const breach =
    final && verdict.verdict === 'breached' ? { contract: label, month, ...verdict } : undefined;
  const incident =
    breach === undefined ? null : await openBreach(trx, contract, breach, samples, at);
  await trx('sla_month')
    .insert({
      ...key,
      final,
      verdict: verdict.verdict,
      evidence: JSON.stringify(verdict),
      judged_at: at,
      incident_id: incident,
    })
    .onConflict(['contract_id', 'month'])
    .merge();
  return incident === null ? 'judged' : 'new-breach';
}

/** The terms as they stood when the month, or the contract, ended. */
async function termsAt(trx: Knex, { id, terms }: Known, endMs: number): Promise<Contract['terms']> {
  const row = await trx('contract_version')
    .where({ contract_id: id })
    .orderByRaw('changed_at < ? desc, case when changed_at < ? then -version else version end', [
      new Date(endMs).toISOString(),
      new Date(endMs).toISOString(),
    ])
    .first<{ definition: Contract } | undefined>('definition');
  return row?.definition.terms ?? terms;
}

/** In the name of the application that was answered least; its people, and who may answer guardians, are told. */
async function openBreach(
  trx: Knex,
  contract: Known,
  breach: SlaBreach,
  samples: readonly CoveredSamples[],
  at: string,
): Promise<string | null> {
  const [worst] = [...samples].sort((a, b) => unanswered(b) - unanswered(a));
  if (worst === undefined) return null;
  const summary = describeBreach(contract, breach.month, breach);
  const evidence: Evaluation & { readonly breach: SlaBreach } = {
    verdict: 'violated',
    summary,
    slos: [
      {
        sli: 'availability',
        target: `at least ${breach.promisedPercent} % answered in ${breach.month}, by ${contract.label}`,
        objectivePercent: breach.promisedPercent,
        verdict: 'violated',
        budgetLeftPercent: null,
        burnRates: [],
        measured: `${(breach.measuredPercent ?? 0).toFixed(4)} % of ${breach.asked} answered`,
        offenders: breach.samples
          .filter((one) => unanswered(one) > 0)
          .map(({ component, datacentre }) => `${component}@${datacentre}`),
      },
    ],
    breach,
  };
  const id = uuidv7();
  await trx('incident').insert({
    id,
    application: worst.application,
    change_id: worst.changeId,
    attempt: worst.attempt,
    contract_id: contract.id,
    violated: ['availability'],
    summary,
    evidence: JSON.stringify(evidence),
    ...(await openedByItself(trx, {
      source: 'contract',
      originKey: `contract/${contract.id}/${breach.month}`,
      at,
    })),
  });
  await startAutomaticDuties(trx, id);
  await noteIncident(trx, {
    incident: id,
    key: 'open',
    actor: 'contract-watch',
    message: summary,
    alert: true,
    at,
  });
  return id;
}
