import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolsDirectory } from '../platform/embedded/tools-directory.ts';
import { bundlePath, loadWorkflowBundle, rehearsalBundleBeside } from './workflow-bundle.ts';

/**
 * Bundles the workflows ahead of the first start; with a path as argument, also puts the bundle there, and that
 * of rehearsals beside it.
 */
const cacheDirectory = join(toolsDirectory, 'bundles');
const [target] = process.argv.slice(2);
for (const flavour of ['production', 'rehearsal'] as const) {
  await loadWorkflowBundle({ cacheDirectory, flavour });
  if (target === undefined) continue;
  await copyFile(
    await bundlePath(cacheDirectory, flavour),
    flavour === 'production' ? target : rehearsalBundleBeside(target),
  );
}
