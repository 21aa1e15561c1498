import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolsDirectory } from '../platform/embedded/tools-directory.ts';
import { bundlePath, loadWorkflowBundle } from './workflow-bundle.ts';

/** Bundles the workflows ahead of the first start; with a path as argument, also puts the bundle there. */
const cacheDirectory = join(toolsDirectory, 'bundles');
await loadWorkflowBundle({ cacheDirectory });
const [target] = process.argv.slice(2);
if (target !== undefined) await copyFile(await bundlePath(cacheDirectory), target);
