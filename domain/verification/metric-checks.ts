import { DomainError, isDomainError, type Complaint } from '../errors.ts';
import type { ExpressionEvaluator } from './expressions.ts';
import type { Metric } from './metric.ts';
import { complaintAboutArguments, complaintAboutQuery } from './metric-arguments.ts';

/** What this installation can measure; undefined means yes, a sentence says why not and what to do. */
export type WhyNotMeasurable = (metric: Metric) => string | undefined;

/**
 * What a metric's own schema cannot see: conditions that do not compile, unknown arguments, and what is not
 * allowed here. Asked when an application is registered, so that no deployment stumbles over it.
 */
export function complaintsAboutMetrics(
  metrics: readonly Metric[],
  evaluator: ExpressionEvaluator,
  whyNot: WhyNotMeasurable,
): Complaint[] {
  return metrics.flatMap((metric, index) => {
    const field = `verification.metrics.${index}`;
    const found: Complaint[] = [];
    for (const name of ['successCondition', 'failureCondition'] as const) {
      const expression = metric[name];
      if (expression === undefined) continue;
      const message = complaintAboutExpression(evaluator, expression);
      if (message !== undefined) found.push({ field: `${field}.${name}`, message });
    }
    for (const [name, message] of complaintsAboutTexts(metric)) {
      found.push({ field: `${field}.provider.${name}`, message });
    }
    const hindrance = whyNot(metric);
    if (hindrance !== undefined) found.push({ field: `${field}.provider`, message: hindrance });
    return found;
  });
}

/** @throws DomainError `invalid` with a complaint for each thing that is wrong. */
export function refuseBadMetrics(complaints: readonly Complaint[]): void {
  if (complaints.length === 0) return;
  throw new DomainError('invalid', 'The metrics of the application cannot be measured.', {
    code: 'metrics-invalid',
    complaints,
  });
}

function complaintAboutExpression(
  evaluator: ExpressionEvaluator,
  expression: string,
): string | undefined {
  try {
    evaluator.compile(expression);
    return undefined;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  }
}

function* complaintsAboutTexts({ provider, scope }: Metric): Generator<[string, string]> {
  if (provider.kind === 'prometheus') {
    const message = complaintAboutQuery(provider.query, scope);
    if (message !== undefined) yield ['query', message];
    return;
  }
  const texts: Record<string, string | undefined> =
    provider.kind === 'http'
      ? { path: provider.path, url: provider.url }
      : provider.kind === 'webhook'
        ? { url: provider.url }
        : provider.kind === 'command'
          ? Object.fromEntries(provider.args.map((text, index) => [`args.${index}`, text]))
          : {};
  for (const [name, text] of Object.entries(texts)) {
    const message = text === undefined ? undefined : complaintAboutArguments(text, scope);
    if (message !== undefined) yield [name, message];
  }
}
