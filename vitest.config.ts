import { defineConfig } from 'vitest/config';

const postgres = 'test/support/global-setup-postgres.ts';
const temporal = 'test/support/global-setup-temporal.ts';
const timeSkipping = 'test/support/global-setup-time-skipping.ts';
const kubernetes = 'test/support/global-setup-kubernetes.ts';

/** The suffix of a test file picks its project; only the projects that need a server start one. */
const project = (
  name: string,
  include: string[],
  globalSetup: string[],
  timeoutMs: number,
  order: object = {},
) => ({
  test: {
    ...order,
    name,
    include,
    exclude: ['**/node_modules/**', '.ctc/**'],
    globalSetup,
    // Generous: a time-out is for what hangs, not for what is slow on a busy machine.
    testTimeout: timeoutMs,
    hookTimeout: Math.max(timeoutMs, 120_000),
    teardownTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            '.ctc/**',
            '**/*.{db,workflow,integration,e2e,kubernetes}.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      project('db', ['**/*.db.test.ts'], [postgres], 60_000),
      project('workflow', ['**/*.workflow.test.ts'], [postgres, timeSkipping], 120_000),
      project('integration', ['**/*.integration.test.ts'], [postgres, temporal], 180_000),
      // Whole systems that measure themselves: after everything else, and one at a time.
      project('e2e', ['**/*.e2e.test.ts'], [], 300_000, {
        sequence: { groupOrder: 1 },
        maxWorkers: 1,
        fileParallelism: false,
      }),
      // Three control planes take two gigabytes: they start when the first of these files asks for them.
      project('kubernetes', ['**/*.kubernetes.test.ts'], [kubernetes], 120_000, {
        sequence: { groupOrder: 2 },
        maxWorkers: 1,
        fileParallelism: false,
      }),
    ],
  },
});
