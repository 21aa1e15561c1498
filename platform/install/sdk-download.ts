/**
 * Lets the Temporal SDK download one of its servers: `sdk-download.ts <server|test-server> <directory>`.
 * A process of its own, because the SDK has no way to give up a download; the caller ends us instead.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, downloadDir] = process.argv.slice(2);
if (downloadDir === undefined) throw new Error('Usage: sdk-download.ts <server|test-server> <dir>');
const server = { executable: { type: 'cached-download', downloadDir } } as const;
const environment =
  kind === 'test-server'
    ? await TestWorkflowEnvironment.createTimeSkipping({ server })
    : await TestWorkflowEnvironment.createLocal({ server });
await environment.teardown();
