import type { Rehearse, RehearsalRegister, RehearsalSteps } from '../domain/rehearsal/ports.ts';
import { heartbeatWhile } from './heartbeat.ts';
import { withMappedFailures } from './to-application-failure.ts';

export interface RehearsalActivityPorts {
  readonly rehearsals: Pick<RehearsalRegister, 'get' | 'end'>;
  readonly rehearse: Rehearse;
  /** ISO instant. */
  readonly now: () => string;
}

/** Runs a change ahead of its time, and attaches the report to it. */
export function createRehearsalSteps(ports: RehearsalActivityPorts): RehearsalSteps {
  const { rehearsals, rehearse, now } = ports;
  return withMappedFailures({
    async rehearseChange({ rehearsalId, changeId }) {
      const { scenarios, report: known } = await rehearsals.get(changeId, rehearsalId);
      if (known !== null) return { summary: known.summary };
      let done = 0;
      const report = await heartbeatWhile(
        (signal) =>
          rehearse({ changeId, scenarios }, { signal, onProgress: (count) => void (done = count) }),
        () => ({ done, of: scenarios.length }),
      );
      await rehearsals.end(rehearsalId, { report }, now());
      return { summary: report.summary };
    },

    failRehearsal: ({ rehearsalId, problem }) => rehearsals.end(rehearsalId, { problem }, now()),
  });
}
