import type * as z from 'zod';
import { runbookSchema } from './runbook-schema.ts';
import type { Runbook } from './runbook.ts';
import { beginRun, runOf, type RunbookRun } from './runbook-run.ts';

export type AskedRunbook = z.input<typeof runbookSchema>;

/** A pair of switches that is replaced: one hour of work, 15 minutes back. */
export const switchPair = {
  preChecks: [{ id: 'console', title: 'Reach both consoles', expectedMinutes: 5 }],
  steps: [
    { id: 'drain', title: 'Drain switch A', expectedMinutes: 10, assignee: { person: 'ana' } },
    { id: 'swap', title: 'Swap switch A', expectedMinutes: 20 },
    { id: 'label', title: 'Label the cables', expectedMinutes: 10, parallel: true },
    { id: 'erase', title: 'Erase the old switch', expectedMinutes: 10, pointOfNoReturn: true },
  ],
  verification: [{ id: 'ping', title: 'Ping the gateways', expectedMinutes: 15, evidence: 'url' }],
  rollback: [
    { id: 'put-back', title: 'Put the old switch back', expectedMinutes: 10 },
    { id: 'undrain', title: 'Take the traffic back', expectedMinutes: 5 },
  ],
} satisfies AskedRunbook;

export function runbookWith(changes: Partial<AskedRunbook> = {}): Runbook {
  return runbookSchema.parse({ ...switchPair, ...changes });
}

/** The steps named have been done, in no time, at `atMs`. */
export function runWith(
  runbook: Runbook,
  { done = [], running = [], atMs = 0 }: { done?: string[]; running?: string[]; atMs?: number },
): RunbookRun {
  const run = beginRun(runbook);
  for (const id of [...done, ...running]) {
    Object.assign(runOf(run, id), {
      state: done.includes(id) ? 'done' : 'running',
      tries: 1,
      startedAtMs: atMs,
      by: 'olga',
    });
  }
  return run;
}
