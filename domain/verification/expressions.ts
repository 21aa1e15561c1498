import type { MetricValue } from './metric-value.ts';

/** A condition on `result`. @throws DomainError `invalid` when it cannot be told, or is not true or false. */
export type Condition = (result: MetricValue) => boolean;

/** The small safe language of conditions: no side effects, no loops without bound, no access to anything. */
export interface ExpressionEvaluator {
  /**
   * @throws DomainError `invalid` (code `expression-invalid`) with the position and what is known, also for
   * what could take too long on the largest value.
   */
  compile(expression: string): Condition;
}
