import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ConflictEngine } from '../../domain/conflicts/conflict-engine.ts';
import type { Conflict, ConflictKind, Intervention } from '../../domain/conflicts/conflict.ts';
import type { Footprint } from '../../domain/conflicts/footprint.ts';
import type { Company } from '../../domain/impact/engine/company.ts';
import { findNode, nodeKinds } from '../../domain/impact/engine/dependency-graph.ts';

/** What SQL finds with joins. The others need the graph, or rules that no join has. */
export const kindsInSql = [
  'same-item',
  'shared-services',
  'shared-customers',
  'team',
] as const satisfies ConflictKind[];

/** What a planner with SQL would keep of each intervention, and gives of a new one. */
interface Sets {
  readonly items: number[];
  readonly services: number[];
  readonly customers: number[];
}
const setTables = {
  items: 'bench_item',
  services: 'bench_service',
  customers: 'bench_customer',
} as const satisfies Record<keyof Sets, string>;

/** Windows under a GiST index; sets under B-trees in both directions, so that the planner has the choice. */
const query = `
  select w.change, 'same-item' as kind, i.number::text as what
  from bench_window w join bench_item i on i.change = w.nr
  where w.during && tstzrange($1, $2) and i.number = any ($4::integer[])
  union all
  select w.change, 'shared-services', count(*)::text
  from bench_window w join bench_service s on s.change = w.nr
  where w.during && tstzrange($1, $2) and s.number = any ($5::integer[])
  group by w.change
  union all
  select w.change, 'shared-customers', count(*)::text
  from bench_window w join bench_customer c on c.change = w.nr
  where w.during && tstzrange($1::timestamptz - $3::interval, $2::timestamptz + $3::interval)
    and c.number = any ($6::integer[])
  group by w.change
  union all
  select w.change, 'team', w.team from bench_window w
  where w.during && tstzrange($1, $2) and w.team = $7`;

export interface ConflictsInSql {
  /** Each conflict of an intervention with those that were planned, in words to compare. */
  find(intervention: Intervention, footprint: Footprint): Promise<{ found: string[]; ms: number }>;
  /** Those of the engine's that SQL finds too, in the same words. */
  words(intervention: Intervention, conflicts: readonly Conflict[]): string[];
  drop(): Promise<void>;
}

export async function createConflictsInSql(
  client: pg.Client,
  company: Company,
  engine: ConflictEngine,
  planned: readonly Intervention[],
  distanceMs: number,
): Promise<ConflictsInSql> {
  await client.query(`
    create table bench_window (nr integer, change text, team text, during tstzrange);
    ${Object.values(setTables)
      .map((table) => `create unlogged table ${table} (change integer, number integer);`)
      .join('\n')}`);
  await pipeline(rowsOfWindows(planned), client.query(copyFrom('copy bench_window from stdin')));
  for (const [set, table] of Object.entries(setTables) as [keyof Sets, string][]) {
    const rows = rowsOf(planned, ({ change }) => {
      const footprint = engine.footprint(change);
      return footprint === undefined ? [] : setsOf(company, footprint)[set];
    });
    await pipeline(rows, client.query(copyFrom(`copy ${table} from stdin`)));
    await client.query(`create index on ${table} (change, number);
      create index on ${table} (number, change); analyze ${table}`);
  }
  await client.query('create index on bench_window using gist (during); analyze bench_window');
  const { rows: sizes } = await client.query<{ pairs: string }>(
    'select (select count(*) from bench_service) + (select count(*) from bench_customer) as pairs',
  );
  console.log(
    `${Number(sizes[0]?.pairs).toLocaleString('en')} pairs of intervention and service or customer in SQL`,
  );

  return {
    async find({ window, team }, footprint) {
      const { items, services, customers } = setsOf(company, footprint);
      const range = [window.opensAtMs, window.closesAtMs].map((ms) => new Date(ms).toISOString());
      const startedMs = performance.now();
      const { rows } = await client.query<{ change: string; kind: string; what: string }>({
        name: 'bench-conflicts',
        text: query,
        values: [...range, `${distanceMs} milliseconds`, items, services, customers, team ?? null],
      });
      const ms = performance.now() - startedMs;
      return { found: rows.map(({ change, kind, what }) => `${kind} ${change} ${what}`), ms };
    },
    words: ({ change: self }, conflicts) =>
      conflicts.flatMap(({ kind, changes, subject, evidence }) => {
        const other = changes.find((change) => change !== self);
        const [, subjectId = ''] = subject.split(/:(.*)/);
        if (kind === 'team') return `${kind} ${other} ${subjectId}`;
        if (kind === 'same-item') return `${kind} ${other} ${numberOfItem(company, subjectId)}`;
        if (kind !== 'shared-services' && kind !== 'shared-customers') return [];
        return `${kind} ${other} ${evidence.count}`;
      }),
    async drop() {
      await client.query(`drop table bench_window, ${Object.values(setTables).join()}`);
    },
  };
}

function setsOf({ graph, customers }: Company, footprint: Footprint): Sets {
  const services: number[] = [];
  eachNumber(footprint.reach, (node) => {
    if (graph.kind[node] === nodeKinds.service) services.push(graph.nr[node] as number);
  });
  const disturbed: number[] = [];
  eachNumber(footprint.customers, (customer) => disturbed.push(customers.nr[customer] as number));
  const items = [...footprint.items].map((item) => graph.nr[item] as number);
  return { items, services, customers: disturbed };
}

function eachNumber(runs: Int32Array, visit: (number: number) => void): void {
  for (let i = 0; i < runs.length; i += 2) {
    for (let at = runs[i] as number; at < (runs[i + 1] as number); at += 1) visit(at);
  }
}

const numberOfItem = ({ graph }: Company, id: string): number =>
  graph.nr[findNode(graph, id)] as number;

function* rowsOfWindows(planned: readonly Intervention[]): Generator<string> {
  for (const [nr, { change, window, team }] of planned.entries()) {
    const [from, to] = [window.opensAtMs, window.closesAtMs].map((ms) =>
      new Date(ms).toISOString(),
    );
    yield `${nr}\t${change}\t${team ?? '\\N'}\t["${from}","${to}")\n`;
  }
}

function* rowsOf(
  planned: readonly Intervention[],
  numbersOf: (intervention: Intervention) => number[],
): Generator<string> {
  const perChunk = 5000;
  for (const [nr, intervention] of planned.entries()) {
    const numbers = numbersOf(intervention);
    for (let i = 0; i < numbers.length; i += perChunk) {
      yield numbers
        .slice(i, i + perChunk)
        .map((number) => `${nr}\t${number}\n`)
        .join('');
    }
  }
}
