import type { Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

/** Temporal's own log lines, and those of workflows and activities, in the process's log. */
export function bridgeTemporalLogs(logger: Logger): TemporalLogger {
  const write =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: Record<string | symbol, unknown>): void => {
      // The SDK's chatter about its own work is of interest to its developers only.
      const own = meta?.['sdkComponent'] === 'worker' || meta?.['sdkComponent'] === 'core';
      logger[own && level === 'info' ? 'debug' : level](fields(meta), message);
    };
  return {
    log: (level, message, meta) => write(level.toLowerCase() as 'info')(message, meta),
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

function fields(meta: Record<string | symbol, unknown> = {}): Record<string, unknown> {
  const { workflowId, activityType, attempt, error, event, from, to, trace_id } = meta as Record<
    string,
    unknown
  >;
  const changeId =
    typeof workflowId === 'string' ? /^change\/([^/]+)/.exec(workflowId)?.[1] : undefined;
  return {
    ...(changeId === undefined ? {} : { change_id: changeId }),
    ...(trace_id === undefined ? {} : { trace_id }),
    ...(activityType === undefined ? {} : { activityType, attempt }),
    ...(event === undefined ? {} : { event, from, to }),
    ...(error === undefined ? {} : { err: error }),
  };
}
