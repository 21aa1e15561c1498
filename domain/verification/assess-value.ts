import type { Condition, ExpressionEvaluator } from './expressions.ts';
import type { Metric } from './metric.ts';
import { complaintAboutSize, formatValue, isNoData, storableValue } from './metric-value.ts';
import type { MetricValue } from './metric-value.ts';

/** As Argo Rollouts calls them; the worst of several is the last of them in this order. */
export const measurementPhases = ['Successful', 'Inconclusive', 'Error', 'Failed'] as const;
export type MeasurementPhase = (typeof measurementPhases)[number];

/** What one measurement came to; only an error is not a judgement of the value. */
export interface Assessment {
  readonly phase: MeasurementPhase;
  readonly detail: string;
}

export interface Conditions {
  readonly success?: Condition;
  readonly failure?: Condition;
}

/** The metric's conditions, compiled. @throws DomainError `invalid` naming what is wrong with one. */
export function compileConditions(metric: Metric, evaluator: ExpressionEvaluator): Conditions {
  const { successCondition, failureCondition } = metric;
  return {
    ...(successCondition === undefined ? {} : { success: evaluator.compile(successCondition) }),
    ...(failureCondition === undefined ? {} : { failure: evaluator.compile(failureCondition) }),
  };
}

/**
 * Argo's rule: with one condition, not met means the other outcome; with both, failure comes first and
 * neither means inconclusive. Unlike Argo, no data is inconclusive before any condition is asked.
 */
export function assessValue(
  { success, failure }: Conditions,
  value: MetricValue | undefined,
): Assessment {
  const tooLarge = complaintAboutSize(value);
  if (tooLarge !== undefined) {
    return {
      phase: 'Error',
      detail: `the value cannot be judged: ${tooLarge}; measure less of it`,
    };
  }
  if (value === undefined || isNoData(value)) return { phase: 'Inconclusive', detail: 'no data' };
  const shown = formatValue(storableValue(value));
  try {
    const succeeds = success?.(value);
    const fails = failure?.(value);
    const hasFailed = fails ?? succeeds === false;
    const hasSucceeded = succeeds ?? fails === false;
    if (hasFailed) {
      const how = fails === true ? 'meets the failure' : 'does not meet the success';
      return { phase: 'Failed', detail: `${shown} ${how} condition` };
    }
    if (hasSucceeded) return { phase: 'Successful', detail: shown };
    return { phase: 'Inconclusive', detail: `${shown} meets neither condition` };
  } catch (error) {
    return { phase: 'Error', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** The worst of some phases; nothing at all is inconclusive, for no measurement cannot pass. */
export function worstPhase(phases: readonly MeasurementPhase[]): MeasurementPhase {
  if (phases.length === 0) return 'Inconclusive';
  return (
    measurementPhases[Math.max(...phases.map((phase) => measurementPhases.indexOf(phase)))] ??
    'Failed'
  );
}
