import type {
  Measured,
  MetricProvider,
  MetricRequest,
} from '../../domain/verification/metric-ports.ts';
import type { MetricValue } from '../../domain/verification/metric-value.ts';

/** What a measurement gives: a value, no data, or an error. */
export type FakeMeasurement = MetricValue | undefined | Error;

/** Metrics in memory, that say what they are told to. What nobody speaks of is 0. */
export interface FakeMetrics {
  readonly provider: MetricProvider;
  /** Every request, oldest first. */
  readonly requests: readonly MetricRequest[];
  let(
    metric: string,
    say: (request: MetricRequest) => FakeMeasurement | Promise<FakeMeasurement>,
  ): void;
  /** 0 of everything again. */
  heal(): void;
}

export function createFakeMetrics(): FakeMetrics {
  const sayings = new Map<string, Parameters<FakeMetrics['let']>[1]>();
  const requests: MetricRequest[] = [];
  return {
    requests,
    provider: {
      async measure(request, { signal }): Promise<Measured> {
        signal.throwIfAborted();
        requests.push(request);
        const said = await (sayings.get(request.metric) ?? (() => 0))(request);
        if (said instanceof Error) throw said;
        return { value: said, detail: 'as it was told' };
      },
    },
    let: (metric, say) => {
      sayings.set(metric, say);
    },
    heal: () => {
      sayings.clear();
      requests.length = 0;
    },
  };
}
