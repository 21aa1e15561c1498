import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { NoopSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';

export interface Telemetry {
  readonly resource: Resource;
  /** For the spans of workflows, which leave their sandbox by a sink. */
  readonly spanProcessor: SpanProcessor;
  shutdown(): Promise<void>;
}

/**
 * Traces to an OTLP collector when an endpoint is set; otherwise spans only carry their context, so that
 * histories look the same either way. The exporter is loaded when it is needed: it is large.
 */
export async function startTelemetry(options: {
  readonly serviceName: string;
  readonly otlpEndpoint?: string;
}): Promise<Telemetry> {
  const resource = resourceFromAttributes({ 'service.name': options.serviceName });
  if (options.otlpEndpoint === undefined) {
    return {
      resource,
      spanProcessor: new NoopSpanProcessor(),
      shutdown: () => Promise.resolve(),
    };
  }
  const [{ NodeSDK, tracing }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const traceExporter = new OTLPTraceExporter({
    url: new URL('/v1/traces', options.otlpEndpoint).href,
  });
  const spanProcessor = new tracing.BatchSpanProcessor(traceExporter);
  const sdk = new NodeSDK({ resource, spanProcessors: [spanProcessor] });
  sdk.start();
  return { resource, spanProcessor, shutdown: () => sdk.shutdown() };
}
