import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { createConflictEngine } from '../../domain/conflicts/conflict-engine.ts';
import type { Intervention } from '../../domain/conflicts/conflict.ts';
import { freeWindowsFor } from '../../domain/conflicts/free-windows.ts';
import type { Company } from '../../domain/impact/engine/company.ts';
import { nodeKinds } from '../../domain/impact/engine/dependency-graph.ts';
import { createSpreader } from '../../domain/impact/engine/spread.ts';
import {
  generateInterventions,
  type GeneratedIntervention,
} from '../../tools/intervention-generator.ts';
import type { GeneratorOptions } from '../../tools/inventory-generator.ts';
import { expectSame, heading, percentile, seconds, spreadOf } from './report.ts';

const fromMs = Date.UTC(2027, 0, 1);
const dayMs = 86_400_000;
const asked = 500;
const askedOfSql = 100;

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
  await createAffected(client, company, engine, planned);

  const fresh = generate(asked, options.seed + 1).map((each) => ({
    ...each,
    change: `new-${each.change}`,
    label: `new-${each.label}`,
  }));
  const times: number[] = [];
  const afterwards: number[] = [];
  const ratios: number[] = [];
  const inSql: number[] = [];
  let found = 0;
  let most = 0;
  for (const [i, each] of fresh.entries()) {
    engine.put(each);
    const startedMs = performance.now();
    const footprint = engine.footprint(each.change);
    const computedMs = performance.now();
    const conflicts = [...engine.conflictsOf(each.change), ...engine.crowdsIn(each.window)];
    const endedMs = performance.now();
    times.push(endedMs - startedMs);
    afterwards.push(endedMs - computedMs);
    found += conflicts.length;
    most = Math.max(most, conflicts.length);
    if (i < askedOfSql && footprint !== undefined) {
      const nodes = servicesIn(company, footprint.reach);
      const sqlStartedMs = performance.now();
      const { rows } = await client.query<{ change: string; shared: string }>(
        `select w.change, count(*) as shared from bench_window w join bench_affected a on a.change = w.nr
         where w.during && tstzrange(to_timestamp($1), to_timestamp($2)) and a.node = any ($3::integer[])
         group by w.change`,
        [each.window.opensAtMs / 1000, each.window.closesAtMs / 1000, nodes],
      );
      inSql.push(performance.now() - sqlStartedMs);
      ratios.push((inSql.at(-1) ?? 0) / (times.at(-1) ?? 1));
      expectSame(
        `services shared with ${each.change}`,
        conflicts
          .filter(({ kind }) => kind === 'shared-services')
          .map(
            ({ changes, evidence }) =>
              `${changes.find((id) => id !== each.change)}: ${evidence.count}`,
          ),
        rows.map(({ change, shared }) => `${change}: ${shared}`),
      );
    }
    engine.remove(each.change);
  }
  console.log(`engine, reach and all kinds of conflict   ${spreadOf(times)} (aim: p99 of 10 ms)`);
  console.log(`engine, conflicts alone                   ${spreadOf(afterwards)}`);
  console.log(`SQL, shared services alone (${askedOfSql})          ${spreadOf(inSql)}`);
  console.log(
    `ratio: ${percentile(ratios, 0.5).toFixed(0)} times faster than SQL (aim: 50), ${(sum(inSql) / sum(times.slice(0, askedOfSql))).toFixed(0)} times in all; same answers; ${found} conflicts, ${most} of one`,
  );

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
  const all = await seconds(async () => {
    found = engine.all().length;
    await Promise.resolve();
  });
  console.log(
    `all ${found.toLocaleString('en')} conflicts there are, computed anew in ${all.toFixed(1)} s`,
  );
  await client.query('drop table bench_window, bench_affected');
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

function servicesIn({ graph }: Company, runs: Int32Array): number[] {
  const services: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    for (let node = runs[i] as number; node < (runs[i + 1] as number); node += 1) {
      if (graph.kind[node] === nodeKinds.service) services.push(graph.nr[node] as number);
    }
  }
  return services;
}

/** What a planner with SQL would keep: windows under a GiST index, affected services under a B-tree. */
async function createAffected(
  client: pg.Client,
  company: Company,
  engine: ReturnType<typeof createConflictEngine>,
  planned: readonly Intervention[],
): Promise<void> {
  await client.query(`
    create table bench_window (nr integer, change text, during tstzrange);
    create unlogged table bench_affected (change integer, node integer)`);
  function* windows() {
    for (const [nr, { change, window }] of planned.entries()) {
      const [from, to] = [window.opensAtMs, window.closesAtMs].map((ms) =>
        new Date(ms).toISOString(),
      );
      yield `${nr}\t${change}\t["${from}","${to}")\n`;
    }
  }
  function* affected() {
    for (const [nr, { change }] of planned.entries()) {
      const reach = engine.footprint(change)?.reach ?? new Int32Array(0);
      const services = servicesIn(company, reach);
      for (let i = 0; i < services.length; i += 5000) {
        yield services
          .slice(i, i + 5000)
          .map((service) => `${nr}\t${service}\n`)
          .join('');
      }
    }
  }
  await pipeline(windows, client.query(copyFrom('copy bench_window from stdin')));
  await pipeline(affected, client.query(copyFrom('copy bench_affected from stdin')));
  await client.query(`
    create index on bench_window using gist (during);
    create index on bench_affected (change, node);
    analyze bench_window, bench_affected`);
  const { rows } = await client.query<{ count: string }>('select count(*) from bench_affected');
  console.log(
    `${Number(rows[0]?.count).toLocaleString('en')} pairs of intervention and service in SQL`,
  );
}
