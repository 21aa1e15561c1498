import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { colours } from '../colours.ts';
import { explainFailure } from '../errors.ts';
import { write } from '../output.ts';
import { startDemo } from './demo.ts';

/** `npm run demo`: the main job on real input, with real processes. Exits 1 when a promise is not kept. */
const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    'data-dir': { type: 'string', default: '.ctc/demo' },
  },
});

try {
  const demo = await startDemo(values['data-dir']);
  try {
    const broken = await demo.run();
    if (broken.length === 0) {
      write(colours.green('\nEvery promise was kept.'));
    } else {
      for (const promise of broken) write(colours.red(`\nnot kept: ${promise}`));
      process.exitCode = 1;
    }
    if (values.keep) {
      write('\nIt stays up until Ctrl-C.');
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    }
  } finally {
    await demo.stop();
  }
} catch (error) {
  process.stderr.write(`${colours.red('demo:')} ${explainFailure(error).message}\n`);
  process.exitCode = 1;
}
