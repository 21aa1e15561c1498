import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry-v2';
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { ChangeSteps } from '../domain/change/change-steps.ts';
import type { GuardianSteps } from '../domain/guardian/guardian-steps.ts';
import type { Telemetry } from '../platform/telemetry.ts';

export interface CreateWorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly workflowBundle: { readonly code: string } | { readonly codePath: string };
  readonly activities: ChangeSteps & GuardianSteps;
  readonly telemetry: Pick<Telemetry, 'resource' | 'spanProcessor'>;
}

/** A worker for everything of CTC; runs as soon as `run()` is called. */
export function createWorker(options: CreateWorkerOptions): Promise<Worker> {
  const { connection, namespace, taskQueue, workflowBundle, activities } = options;
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle,
    activities,
    ...observed(options.telemetry),
    // A killed worker's workflows are taken over in under 2 s instead of 10 s.
    stickyQueueScheduleToStartTimeout: '1 second',
    // About 600 cached workflows take a gigabyte.
    maxCachedWorkflows: 150,
    // One thread keeps up with the activities of two cores; each holds an isolate of its own.
    workflowThreadPoolSize: 1,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxConcurrentActivityTaskExecutions: 100,
    maxConcurrentLocalActivityExecutions: 100,
    shutdownGraceTime: '10 seconds',
  });
}

/** OpenTelemetry from the first history on: histories with and without it are incompatible. */
export function observed({
  resource,
  spanProcessor,
}: CreateWorkerOptions['telemetry']): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  return {
    sinks: { exporter: makeWorkflowExporter(spanProcessor, resource) },
    interceptors: {
      activity: [
        (context) => ({
          inbound: new OpenTelemetryActivityInboundInterceptor(context),
          outbound: new OpenTelemetryActivityOutboundInterceptor(context),
        }),
      ],
    },
  };
}
