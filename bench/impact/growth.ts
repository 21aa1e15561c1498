import { createGraphBuilder } from '../../domain/impact/engine/build-graph.ts';
import { createIdTable } from '../../domain/impact/engine/id-table.ts';
import {
  findNode,
  graphByteLength,
  type DependencyGraph,
} from '../../domain/impact/engine/dependency-graph.ts';
import { createSpreader } from '../../domain/impact/engine/spread.ts';
import {
  generateInventory,
  randomItems,
  type GeneratorOptions,
} from '../../tools/inventory-generator.ts';
import { bestMs, heading, percentile } from './report.ts';
import { printLimit } from './spread.ts';

/** The engine at a tenth and at more than three times the size, without a database: how its times grow. */
export function benchGrowth({ services, seed }: GeneratorOptions): void {
  heading('Growth');
  const sizes = [services / 10, services, Math.round((services * 10) / 3)].map(Math.round);
  const points = sizes.map((size) => measure({ services: size, seed }));
  for (const name of ['build', 'everything', 'random p95', 'bytes'] as const) {
    const [first, , last] = points.map((point) => point[name]);
    const exponent =
      Math.log((last ?? 1) / (first ?? 1)) / Math.log((sizes[2] ?? 1) / (sizes[0] ?? 1));
    console.log(
      `${name.padEnd(12)} ${points.map((point) => point[name].toPrecision(4)).join(' → ')}: grows with the size to the power of ${exponent.toFixed(2)}`,
    );
  }
}

function measure(
  options: GeneratorOptions,
): Record<'build' | 'everything' | 'random p95' | 'bytes', number> {
  console.log(`${options.services.toLocaleString('en')} services`);
  let graph: DependencyGraph | undefined;
  const build = bestMs(1, () => {
    graph = graphOf(options);
  });
  if (graph === undefined) throw new Error('no graph');
  const { everythingMs } = printLimit(graph);
  const spreader = createSpreader(graph);
  const known = graph;
  const times = randomItems(options, 500, options.seed).map((item) => {
    const down = [findNode(known, item)];
    return bestMs(3, () => spreader.spread({ down, degraded: [] }));
  });
  return {
    build,
    everything: everythingMs,
    'random p95': percentile(times, 0.95),
    bytes: graphByteLength(graph),
  };
}

function graphOf(options: GeneratorOptions): DependencyGraph {
  const inventory = generateInventory(options);
  const builder = createGraphBuilder({
    nodes: Math.ceil(options.services * 1.05),
    rows: Math.ceil(options.services * 2.8),
  });
  const names = createIdTable();
  let nr = 0;
  const facts = { customer: -1, place: 0 };
  for (const [id] of inventory.items()) {
    builder.setNode(builder.ids.addText(String(id)), { ...facts, nr: (nr += 1), kind: 'item' });
  }
  for (const [id] of inventory.services()) {
    builder.setNode(builder.ids.addText(String(id)), { ...facts, nr: (nr += 1), kind: 'service' });
  }
  for (const [dependent, group, needs, member] of inventory.dependencies()) {
    builder.addRow(
      builder.ids.findText(String(dependent)),
      names.addText(String(group)),
      Number(needs),
      builder.ids.findText(String(member)),
    );
  }
  return builder.finish();
}
