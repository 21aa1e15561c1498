import { finished } from 'node:stream/promises';
import { to as copyTo } from 'pg-copy-streams';
import { createInventoryEngine } from '../../adapters/inventory-engine/create-inventory-engine.ts';
import { inventoryCopies, loadCompany } from '../../adapters/inventory-engine/load-company.ts';
import { graphByteLength } from '../../domain/impact/engine/dependency-graph.ts';
import { median } from '../measure.ts';
import { connect, heading, seconds } from './report.ts';

/** Loading the engine beside a bare binary COPY of the same rows to the same process. */
export async function benchLoad({
  url,
}: {
  readonly url: string;
}): Promise<{ oursSeconds: number; bareSeconds: number }> {
  heading('Load of the engine from PostgreSQL');
  const client = await connect(url);
  const bare: number[] = [];
  const ours: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 7; round += 1) {
    bare.push(
      await seconds(async () => {
        for (const { sql } of Object.values(inventoryCopies)) {
          const stream = client.query(copyTo(`copy (${sql}) to stdout (format binary)`));
          // Read and thrown away.
          await finished(stream.resume());
        }
      }),
    );
    ours.push(
      await seconds(async () => {
        const { graph, customers } = await loadCompany(client);
        bytes = graphByteLength(graph) + customers.ids.byteLength;
      }),
    );
  }
  await client.end();
  const [bareSeconds, oursSeconds] = [median(bare), median(ours)];
  const all = (values: readonly number[]): string =>
    values.map((value) => value.toFixed(2)).join(', ');
  console.log(`bare binary COPY   ${bareSeconds.toFixed(2)} s (${all(bare)})`);
  console.log(`load               ${oursSeconds.toFixed(2)} s (${all(ours)})`);
  console.log(`ratio              ${(oursSeconds / bareSeconds).toFixed(2)} (aim: 1.5 at most)`);
  console.log(`arrays             ${(bytes / 1e6).toFixed(0)} MB`);
  await printMemory(url);
  return { oursSeconds, bareSeconds };
}

/** The whole process with the engine's thread in it, begun anew: what an API or a worker would add to. */
async function printMemory(url: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', import.meta.filename, '--memory-of', url],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  process.stdout.write(stdout);
}

if (process.argv[2] === '--memory-of') {
  const databaseUrl = process.argv[3] ?? '';
  const engine = createInventoryEngine({
    databaseUrl,
    settings: { customerDistanceMs: 86_400_000 },
    waitMs: 600_000,
  });
  await engine.touchedSince(0);
  const { bytes, loadMs } = await engine.status();
  const { rss } = process.memoryUsage();
  const { maxRSS } = process.resourceUsage();
  console.log(
    `a process of its own with the engine's thread: ${(rss / 1e6).toFixed(0)} MB, at most ${(maxRSS / 1e3).toFixed(0)} MB while it loaded (aim: 600 MB); arrays ${(bytes / 1e6).toFixed(0)} MB, loaded in ${loadMs} ms`,
  );
  await engine.close();
}
