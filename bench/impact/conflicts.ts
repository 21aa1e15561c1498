import type pg from 'pg';
import { createConflictEngine } from '../../domain/conflicts/conflict-engine.ts';
import type { Intervention } from '../../domain/conflicts/conflict.ts';
import { freeWindowsFor } from '../../domain/conflicts/free-windows.ts';
import type { Company } from '../../domain/impact/engine/company.ts';
import { createSpreader } from '../../domain/impact/engine/spread.ts';
import {
  generateInterventions,
  type GeneratedIntervention,
} from '../../tools/intervention-generator.ts';
import type { GeneratorOptions } from '../../tools/inventory-generator.ts';
import { createConflictsInSql, kindsInSql } from './conflicts-in-sql.ts';
import { usedMs } from './standstill.ts';
import { expectSame, heading, percentile, seconds, spreadOf } from './report.ts';

const fromMs = Date.UTC(2027, 0, 1);
const dayMs = 86_400_000;
const asked = 500;

const toIntervention = (given: GeneratedIntervention): Intervention => ({
  change: given.key,
  label: given.key,
  window: { opensAtMs: given.opensAtMs, closesAtMs: given.closesAtMs },
  deploys: false,
  datacentres: given.datacentres,
  department: given.department,
  ...(given.team === undefined ? {} : { team: given.team }),
  items: given.items,
  after: [],
  brokenAfter: [],
});

/** One new intervention against all, every kind of conflict, beside SQL over ranges and affected sets. */
export async function benchConflicts({
  client,
  company,
  options,
  interventions,
}: {
  readonly client: pg.Client;
  readonly company: Company;
  readonly options: GeneratorOptions;
  readonly interventions: number;
}): Promise<void> {
  heading(`Conflicts of one new intervention against ${interventions.toLocaleString('en')}`);
  const spreader = createSpreader(company.graph);
  const engine = createConflictEngine(company, spreader, { customerDistanceMs: dayMs });
  const generate = (count: number, seed: number) =>
    generateInterventions({ inventory: options, count, seed, fromMs, days: 90 }).map(
      toIntervention,
    );
  const planned = generate(interventions, options.seed);
  for (const each of planned) engine.put(each);
  const warm = await seconds(async () => {
    for (const { change } of planned) engine.footprint(change);
    await Promise.resolve();
  });
  console.log(
    `reach of all computed in ${warm.toFixed(1)} s, ${(engine.byteLength / 1e6).toFixed(0)} MB`,
  );
  const sql = await createConflictsInSql(client, company, engine, planned, dayMs);

  const fresh = generate(asked, options.seed + 1).map((each) => ({
    ...each,
    change: `new-${each.change}`,
    label: `new-${each.label}`,
  }));
  // As in a process that has run for a while; PostgreSQL is not asked cold either.
  for (let i = 0; i < planned.length; i += 20) engine.conflictsOf(planned[i]?.change ?? '');

  const whole: number[] = [];
  const alone: number[] = [];
  const computing: number[] = [];
  const answers = fresh.map((each) => {
    engine.put(each);
    const beforeMs = usedMs();
    const startedMs = performance.now();
    const footprint = engine.footprint(each.change);
    const computedMs = performance.now();
    const conflicts = [...engine.conflictsOf(each.change), ...engine.crowdsIn(each.window)];
    const endedMs = performance.now();
    computing.push(usedMs() - beforeMs);
    whole.push(endedMs - startedMs);
    alone.push(endedMs - computedMs);
    engine.remove(each.change);
    return { each, footprint, conflicts };
  });
  const inSql: number[] = [];
  for (const { each, footprint, conflicts } of answers) {
    if (footprint === undefined) throw new Error(`${each.change} reaches nothing`);
    const { found, ms } = await sql.find(each, footprint);
    inSql.push(ms);
    expectSame(`conflicts of ${each.change}`, sql.words(each, conflicts), found);
  }
  console.log(`engine, reach and all kinds of conflict   ${spreadOf(whole)} (aim: p99 of 10 ms)`);
  console.log(`the same in processor time                ${spreadOf(computing)}`);
  console.log(`engine, all kinds, reach known            ${spreadOf(alone)}`);
  console.log(`SQL, ${kindsInSql.length} kinds, reach known               ${spreadOf(inSql)}`);
  const counts = answers.map(({ conflicts }) => conflicts.length);
  console.log(
    `same ${kindsInSql.join(', ')}; ${sum(counts)} conflicts, ${Math.max(...counts)} of one`,
  );
  printRatio('reach known', inSql, alone);
  printRatio('reach computed by the engine and given to SQL', inSql, whole);

  const free: number[] = [];
  for (const each of fresh.slice(0, 100)) {
    engine.put(each);
    const startedMs = performance.now();
    freeWindowsFor(engine, each.change, {
      notBeforeMs: each.window.opensAtMs,
      horizonMs: 90 * dayMs,
      count: 5,
    });
    free.push(performance.now() - startedMs);
    engine.remove(each.change);
  }
  console.log(`five next free windows in 90 days         ${spreadOf(free)} (aim: 200 ms)`);
  let found = 0;
  const all = await seconds(async () => {
    found = engine.all().length;
    await Promise.resolve();
  });
  console.log(
    `all ${found.toLocaleString('en')} conflicts there are, computed anew in ${all.toFixed(1)} s`,
  );
  await sql.drop();
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** One by one, in all, and of the slowest. */
function printRatio(what: string, slow: readonly number[], fast: readonly number[]): void {
  const each = slow.map((ms, i) => ms / (fast[i] ?? Number.NaN));
  const times = (ratio: number): string => `${ratio.toFixed(0)} times`;
  console.log(
    `faster than SQL, ${what}: median ${times(percentile(each, 0.5))}, in all ${times(sum(slow) / sum(fast))}, p99 ${times(percentile(slow, 0.99) / percentile(fast, 0.99))} (aim: 50)`,
  );
}
