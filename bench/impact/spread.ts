import type pg from 'pg';
import type { Company } from '../../domain/impact/engine/company.ts';
import { describeSpread } from '../../domain/impact/engine/assess.ts';
import {
  findNode,
  nodeId,
  nodeKinds,
  type DependencyGraph,
} from '../../domain/impact/engine/dependency-graph.ts';
import { createSpreader } from '../../domain/impact/engine/spread.ts';
import {
  largestDisturbances,
  randomItems,
  type GeneratorOptions,
} from '../../tools/inventory-generator.ts';
import { bestMs, expectSame, heading, percentile, spreadOf } from './report.ts';

/** How many of the thousand are asked of SQL too: it takes its time. */
const askedOfSql = 60;

/** The same graph with every member needed: what a recursive query can express. */
function withoutRedundancy(graph: DependencyGraph): DependencyGraph {
  return {
    ...graph,
    edges: graph.edges.map((edge) => (edge >= 0 ? edge : (graph.dependent[~edge] ?? 0))),
  };
}

const recursive = `
  with recursive lost (id) as (
    select unnest($1::text[])
    union
    select r.dependent from lost join requirement r on r.member = lost.id
  ) select id from lost`;

/** The least fixpoint with redundancy, frontier by frontier. */
const createFixpoint = `
  create function bench_down(items text[]) returns setof text language plpgsql as $$
  declare grown bigint;
  begin
    create temporary table lost (id text primary key, round integer) on commit drop;
    insert into lost select distinct unnest(items), 0;
    for i in 1 .. 1000 loop
      insert into lost
      select distinct g.dependent, i
      from (select distinct r.dependent, r.group_name from lost join requirement r on r.member = lost.id
            where lost.round = i - 1) as touched
      join lateral (
        select r.dependent, count(*) as size, count(lost.id) as gone, max(r.needs) as needs
        from requirement r left join lost on lost.id = r.member
        where r.dependent = touched.dependent and r.group_name = touched.group_name
        group by r.dependent
      ) as g on g.size - g.gone < g.needs
      on conflict do nothing;
      get diagnostics grown = row_count;
      exit when grown = 0;
    end loop;
    return query select lost.id from lost;
    drop table lost;
  end $$`;

/** Impact beside SQL and beside one bare pass over the same arrays. */
export async function benchSpread({
  client,
  company,
  options,
}: {
  readonly client: pg.Client;
  readonly company: Company;
  readonly options: GeneratorOptions;
}): Promise<void> {
  const { graph } = company;
  const spreader = createSpreader(graph);
  const plainSpreader = createSpreader(withoutRedundancy(graph));
  const numbers = (ids: readonly string[]): number[] => ids.map((id) => findNode(graph, id));
  await client.query(createFixpoint);
  await client.query('analyze requirement');
  const ask = async (sql: string, items: readonly string[]) => {
    const startedMs = performance.now();
    const { rows } = await client.query<Record<string, string>>(sql, [items]);
    return {
      ids: rows.map((row) => Object.values(row)[0] ?? ''),
      ms: performance.now() - startedMs,
    };
  };
  const idsOf = (found: Int32Array): string[] => [...found].map((node) => nodeId(graph, node));

  heading('Impact of a thousand random changes');
  const items = randomItems(options, 1000, options.seed);
  const ours: number[] = [];
  const whole: number[] = [];
  for (const item of items) {
    const down = numbers([item]);
    ours.push(bestMs(3, () => spreader.spread({ down, degraded: [] })));
    whole.push(
      bestMs(1, () => describeSpread(company, [], spreader.spread({ down, degraded: [] }), 100)),
    );
  }
  console.log(`engine, states of every node          ${spreadOf(ours)}`);
  console.log(`engine, with customers summed up      ${spreadOf(whole)}`);
  const [inSql, inFixpoint, ratios, fixpointRatios]: number[][] = [[], [], [], []];
  for (const [i, item] of items.slice(0, askedOfSql).entries()) {
    const down = numbers([item]);
    const plain = await ask(recursive, [item]);
    expectSame(`${item} without redundancy`, idsOf(plainSpreader.spreadDown(down)), plain.ids);
    const fixpoint = await ask('select bench_down($1)', [item]);
    expectSame(`${item} with redundancy`, idsOf(spreader.spreadDown(down)), fixpoint.ids);
    inSql?.push(plain.ms);
    inFixpoint?.push(fixpoint.ms);
    ratios?.push(plain.ms / bestMs(3, () => plainSpreader.spreadDown(down)));
    fixpointRatios?.push(fixpoint.ms / (ours[i] ?? Number.NaN));
  }
  console.log(`recursive SQL, no redundancy (${askedOfSql})     ${spreadOf(inSql ?? [])}`);
  console.log(`iterative fixpoint in SQL (${askedOfSql})        ${spreadOf(inFixpoint ?? [])}`);
  console.log(
    `ratio, median: ${percentile(ratios ?? [], 0.5).toFixed(0)} times faster than recursive SQL, ${percentile(fixpointRatios ?? [], 0.5).toFixed(0)} than the fixpoint; same answers`,
  );

  heading('Impact of the ten largest, and of everything');
  for (const { name, disturbances } of largestDisturbances(options)) {
    const ids = disturbances.map(({ item }) => item);
    const down = numbers(ids);
    const plainMs = bestMs(5, () => plainSpreader.spreadDown(down));
    const stateMs = bestMs(5, () => spreader.spread({ down, degraded: [] }));
    const wholeMs = bestMs(3, () =>
      describeSpread(company, [], spreader.spread({ down, degraded: [] }), 100),
    );
    const reached = spreader.spread({ down, degraded: [] }).found.length;
    const plain = await ask(recursive, ids);
    expectSame(`${name} without redundancy`, idsOf(plainSpreader.spreadDown(down)), plain.ids);
    const fixpoint = await ask('select bench_down($1)', ids);
    expectSame(`${name} with redundancy`, idsOf(spreader.spreadDown(down)), fixpoint.ids);
    console.log(
      `${name.padEnd(28)} ${String(reached).padStart(8)} reached  ${stateMs.toFixed(2).padStart(8)} ms, with sums ${wholeMs.toFixed(1).padStart(6)} ms; ` +
        `SQL ${plain.ms.toFixed(0).padStart(6)} ms (${(plain.ms / plainMs).toFixed(0)}×), fixpoint ${fixpoint.ms.toFixed(0).padStart(6)} ms (${(fixpoint.ms / stateMs).toFixed(0)}×)`,
    );
  }
  await client.query('drop function bench_down');
  printLimit(graph);
}

/** Everything at once, beside one pass that reads and writes what a spread reads and writes, and decides nothing. */
export function printLimit(graph: DependencyGraph): { everythingMs: number; bareMs: number } {
  const spreader = createSpreader(graph);
  const roots = rootsOf(graph);
  let [everythingMs, bareMs] = [Infinity, Infinity];
  // In turns: what else the machine does meanwhile is not to fall upon one of them alone.
  for (let round = 0; round < 12; round += 1) {
    everythingMs = Math.min(
      everythingMs,
      bestMs(1, () => spreader.spreadDown(roots)),
    );
    bareMs = Math.min(
      bareMs,
      bestMs(1, () => barePass(graph)),
    );
  }
  const reached = spreader.spreadDown(roots).length;
  console.log(
    `${'everything'.padEnd(28)} ${String(reached).padStart(8)} reached  ${everythingMs.toFixed(2).padStart(8)} ms; bare pass ${bareMs.toFixed(2)} ms: ratio ${(everythingMs / bareMs).toFixed(2)} (aim: 3 at most)`,
  );
  return { everythingMs, bareMs };
}

function rootsOf(graph: DependencyGraph): number[] {
  const roots: number[] = [];
  for (let node = 0; node < graph.nodeCount; node += 1) {
    if (graph.groupCount[node] === 0 && graph.kind[node] === nodeKinds.item) roots.push(node);
  }
  return roots;
}

const scratch = { state: new Uint8Array(0), queue: new Int32Array(0), left: new Int32Array(0) };

/** Each node's edges, what they lead to, and the two arrays that a spread writes for each node. */
function barePass({
  nodeCount,
  firstEdge,
  edgeCount,
  edges,
  countedGroups,
  spare,
}: DependencyGraph) {
  if (scratch.state.length < nodeCount) {
    scratch.state = new Uint8Array(nodeCount);
    scratch.queue = new Int32Array(nodeCount);
  }
  if (scratch.left.length < countedGroups) scratch.left = new Int32Array(countedGroups);
  const { state, queue, left } = scratch;
  for (let node = 0; node < nodeCount; node += 1) {
    let at = firstEdge[node] as number;
    const end = at + (edgeCount[node] as number);
    for (; at < end; at += 1) {
      const edge = edges[at] as number;
      if (edge >= 0) state[edge] = 1;
      else left[~edge] = spare[~edge] as number;
    }
    queue[node] = node;
  }
}
