import { benchReads } from './reads.ts';
import { benchChanges } from './changes.ts';
import { benchLedger } from './ledger.ts';

/**
 * `npm run bench [changes|reads|ledger]`: figures of CTC beside the bare parts it is made of, each pair measured
 * in one run on the same servers. The ratios are what counts: machines differ, and are noisy.
 */
const benches = { changes: benchChanges, reads: benchReads, ledger: benchLedger };

const asked = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n── ${name}`);
  await bench();
}
