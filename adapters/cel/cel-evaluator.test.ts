import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import type { MetricValue } from '../../domain/verification/metric-value.ts';
import { createCelEvaluator } from './cel-evaluator.ts';

const cel = createCelEvaluator();
const ask = (expression: string, result: MetricValue) => cel.compile(expression)(result);
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return `${error.message} ${error.remedy ?? ''}`.trim();
  }
  return '';
};

describe('a condition', () => {
  it.each<[string, MetricValue, boolean]>([
    ['result < 0.05', 0.01, true],
    ['result >= 5', 5, true],
    ['result == 200', 200, true],
    ['result in [200, 204]', 204, true],
    ['result[0] * 100 >= 95', [0.97], true],
    ['1 - result[0] < 0.1', [0.97], true],
    ['result.all(x, x < 1)', [0.2, 1.3], false],
    ['result.all(s, s.all(x, x < 1))', [[0.2], [0.3, 0.4]], true],
    ['result.exists(x, x > 1)', [0.2, 1.3], true],
    ['result.status == 200 && result.body.ready', { status: 200, body: { ready: true } }, true],
    ['result.status == 200 && result.body.ready', { status: 503, body: null }, false],
    ['has(result.error) || result.level == "warn"', { level: 'warn' }, true],
    ['result.startsWith("ok")', 'okay', true],
    ['size(result.checks) > 2 ? result.ratio < 1.2 : false', { checks: [1], ratio: 1 }, false],
    ['double(result) > 1.0', '1.5', true],
    ['result < 5', Number.POSITIVE_INFINITY, false],
    ['result', true, true],
    ['result.exists(key, key == "a") && "a" in result && result["a"] == 1', { a: 1 }, true],
    ['result == {"a": 1.0}', { a: 1 }, true],
  ])('%s of %j is %s', (expression, value, answer) => {
    expect(ask(expression, value)).toBe(answer);
  });

  it.each([
    ['result ==', /At character 10: Unexpected token/],
    ['result < 1 && value > 2', /At character 15: Unknown variable: value\. Known: result;/],
    ['abs(result) < 1', /At character 1: abs\(\) is not known\. Known: .*size\(\)/],
    ['size(result) < "a"', /At character 1: /],
    ['5', /type int, not true or false\. Compare it/],
    ['[result]', /type list.*, not true or false/],
    ['x'.repeat(501), /501 characters; at most 500/],
    ['('.repeat(60) + '1' + ')'.repeat(60), /At character|cannot be told/],
  ])('%s is refused, with the place and what is known', (expression, words) => {
    expect(refusal(() => cel.compile(expression))).toMatch(words);
  });

  it.each<[string, MetricValue, RegExp]>([
    ['result', 5, /gives a number, not true or false/],
    ['result.a == 1', { b: 1 }, /At character 8: No such key: a/],
    ['result[3] > 1', [1], /out of bounds/],
    ['result > 1', 'text', /no such overload/],
    ['1 / 0 > int(result)', 1, /division by zero/],
  ])('%s cannot be told of %j', (expression, value, words) => {
    expect(refusal(() => ask(expression, value))).toMatch(words);
  });
});

describe('a hostile condition', () => {
  it.each([
    'result.matches("(a+)+$")',
    'result.split("").size() > 1',
    '[result].join("") == "a"',
    'cel.bind(x, result, x == x)',
    'bytes(result).json() == result',
    'timestamp("2020-01-01T00:00:00Z") == result',
    'result.lowerAscii() == "a"',
    'optional.of(result).hasValue()',
    'eval("1")',
    'result.toString() == ""',
    'result.constructor("return 1")() == 1',
  ])('%s calls nothing', (expression) => {
    expect(refusal(() => cel.compile(expression))).toMatch(/is not known|At character/);
  });

  it.each(['constructor', '__proto__', 'toString', 'length', 'hasOwnProperty'])(
    'sees no %s of a value',
    (name) => {
      for (const value of [{ a: 1 }, [1], 'text'] as MetricValue[]) {
        expect(refusal(() => ask(`result.${name} != null`, value))).not.toBe('');
      }
    },
  );

  it('sees a key of that name when it is data, as data', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as MetricValue;
    expect(ask('result.constructor == 2', value)).toBe(true);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('that goes through a list of lists of lists is refused, without being tried', () => {
    const nested = 'result.all(a, result.all(b, result.all(c, a == b)))';
    expect(refusal(() => cel.compile(nested))).toMatch(/could take too long/);
  });

  it('takes a bounded time on the largest value', () => {
    const value = Array.from({ length: 500 }, (_, index) => index);
    const begun = performance.now();
    ask('result.all(a, result.all(b, a >= 0.0 && a * b >= 0.0))', value);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('of any text is refused in words or compiled, and nothing else', () => {
    const parts = fc.constantFrom(
      ...[
        'result',
        '.',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '"',
        "'",
        '\\',
        '&&',
        '||',
        '?',
        ':',
        ',',
        '1',
        '0x',
        '-',
        '!',
        'in',
        'all',
        'has',
        'size',
        'x',
        '==',
        '+',
        '\u0000',
        'null',
        'b"',
        'r"',
      ],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 80 }),
          fc.array(parts, { maxLength: 25 }).map((some) => some.join('')),
        ),
        fc.jsonValue({ maxDepth: 3 }),
        (expression, value) => {
          refusal(() => expect(typeof ask(expression, value as MetricValue)).toBe('boolean'));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
