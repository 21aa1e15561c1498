import { DomainError } from '../../domain/errors.ts';
import type { MetricValue } from '../../domain/verification/metric-value.ts';

/** What a JSON pointer (RFC 6901) finds; undefined when there is nothing. Sees only what is data. */
export function pointInto(document: MetricValue, pointer: string): MetricValue | undefined {
  if (pointer === '') return document;
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let found: MetricValue | undefined = document;
  for (const name of names) {
    if (typeof found !== 'object' || found === null) return undefined;
    if (Array.isArray(found) && !/^(0|[1-9]\d{0,8})$/.test(name)) return undefined;
    found = Object.hasOwn(found, name)
      ? (found as Readonly<Record<string, MetricValue>>)[name]
      : undefined;
  }
  return found;
}

/** @throws DomainError `invalid` with the beginning of what is no JSON. */
export function parseAnswer(from: string, text: string): MetricValue {
  try {
    return JSON.parse(text) as MetricValue;
  } catch (error) {
    const beginning = text.trim().slice(0, 80);
    throw new DomainError(
      'invalid',
      beginning === ''
        ? `${from} answers nothing where JSON is expected.`
        : `${from} answers what is not JSON: ${beginning}`,
      {
        code: 'metric-answer-invalid',
        remedy: 'Let it answer JSON, or measure without a pointer.',
        cause: error,
      },
    );
  }
}
