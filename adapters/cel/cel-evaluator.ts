import {
  Environment,
  EvaluationError,
  ParseError,
  TypeError as CheckError,
} from '@marcbachmann/cel-js';
import { DomainError } from '../../domain/errors.ts';
import type { ExpressionEvaluator } from '../../domain/verification/expressions.ts';
import { longestExpression } from '../../domain/verification/metric.ts';
import type { MetricValue } from '../../domain/verification/metric-value.ts';
import { allowedFunctions, allowedMethods, costOf, mostSteps } from './cel-cost.ts';

const known = `Known: result; ${allowedFunctions.join('(), ')}(); methods ${allowedMethods.join('(), ')}().`;

/**
 * Conditions in CEL (the Common Expression Language): nothing in it loops without bound or reaches anything
 * but `result`. Numbers of JSON are doubles; whole numbers in conditions may be mixed with them.
 */
export function createCelEvaluator(): ExpressionEvaluator {
  const environment = createEnvironment();
  return {
    compile(expression) {
      if (expression.length > longestExpression) {
        throw invalid(
          `The condition has ${expression.length} characters; at most ${longestExpression} are read.`,
        );
      }
      const parsed = explain(() => environment.parse(expression));
      const { steps, forbidden } = costOf(parsed.ast);
      const [first] = forbidden;
      if (first !== undefined) {
        throw invalid(`${at(first.start)}: ${first.name}() is not known.`, known);
      }
      if (steps > mostSteps) {
        throw invalid(
          'The condition could take too long on a large value.',
          'Nest fewer of all(), exists(), filter() and map() in each other.',
        );
      }
      const checked = parsed.check();
      if (checked.error !== undefined) throw toDomainError(checked.error);
      if (checked.type !== 'bool' && checked.type !== 'dyn') {
        throw invalid(
          `The condition gives a value of type ${checked.type ?? 'unknown'}, not true or false.`,
          'Compare it with something, such as result < 0.05.',
        );
      }
      return (result) => {
        const outcome: unknown = explain(() => parsed({ result: withMaps(result) }) as unknown);
        if (typeof outcome === 'boolean') return outcome;
        throw invalid(`"${expression}" gives ${describe(outcome)}, not true or false.`);
      };
    },
  };
}

/** Of a plain object with a key "constructor" the library cannot tell the type; of a Map it always can. */
function withMaps(value: MetricValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withMaps);
  return new Map(Object.entries(value).map(([key, one]) => [key, withMaps(one)]));
}

function createEnvironment(): Environment {
  const environment = new Environment({
    limits: {
      maxAstNodes: 200,
      maxDepth: 20,
      maxListElements: 50,
      maxMapEntries: 20,
      maxCallArguments: 3,
    },
  }).registerVariable('result', 'dyn');
  const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  };
  for (const [sign, act] of Object.entries(operators)) {
    for (const sides of [`double ${sign} int`, `int ${sign} double`]) {
      environment.registerOperator(sides, (a: unknown, b: unknown) => act(Number(a), Number(b)));
    }
  }
  return environment;
}

function explain<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw toDomainError(error);
  }
}

function toDomainError(error: unknown): DomainError {
  if (
    error instanceof ParseError ||
    error instanceof CheckError ||
    error instanceof EvaluationError
  ) {
    const where = error.range === undefined ? 'The condition' : at(error.range.start);
    const isUnknown = error.code === 'unknown_variable' || error.code === 'no_matching_overload';
    return invalid(`${where}: ${error.summary}.`, isUnknown ? known : undefined, error);
  }
  const message = error instanceof Error ? error.message : String(error);
  return invalid(`The condition cannot be told: ${message}`, undefined, error);
}

function at(offset: number): string {
  return `At character ${offset + 1}`;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

function invalid(message: string, remedy?: string, cause?: unknown): DomainError {
  return new DomainError('invalid', message, {
    code: 'expression-invalid',
    ...(remedy === undefined ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause }),
  });
}
