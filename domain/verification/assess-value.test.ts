import { describe, expect, it } from 'vitest';
import { assessValue, type Conditions } from './assess-value.ts';
import type { MetricValue } from './metric-value.ts';

const yes = () => true;
const no = () => false;
const broken = () => {
  throw new Error('no such key: x');
};

describe('the judgement of a value', () => {
  it.each<[string, Conditions, string]>([
    ['the success condition holds', { success: yes }, 'Successful'],
    ['the only condition, for success, does not hold', { success: no }, 'Failed'],
    ['the failure condition holds', { failure: yes }, 'Failed'],
    ['the only condition, for failure, does not hold', { failure: no }, 'Successful'],
    ['both hold', { success: yes, failure: yes }, 'Failed'],
    ['neither holds', { success: no, failure: no }, 'Inconclusive'],
    ['success holds and failure does not', { success: yes, failure: no }, 'Successful'],
    ['there is no condition', {}, 'Inconclusive'],
    ['a condition cannot be told', { success: yes, failure: broken }, 'Error'],
  ])('when %s', (_what, conditions, phase) => {
    expect(assessValue(conditions, 1).phase).toBe(phase);
  });

  it.each<[string, MetricValue | undefined]>([
    ['nothing', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['an empty vector', []],
    ['an empty map', {}],
    ['a vector with NaN', [0.1, Number.NaN]],
    ['a matrix with an empty series', [[1], []]],
  ])('of %s is inconclusive whatever the conditions say', (_what, value) => {
    for (const conditions of [{ success: yes }, { failure: no }, { success: broken }]) {
      expect(assessValue(conditions, value)).toEqual({ phase: 'Inconclusive', detail: 'no data' });
    }
  });

  it.each<[string, MetricValue]>([
    ['zero', 0],
    ['false', false],
    ['an empty text', ''],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('takes %s as data', (_what, value) => {
    expect(assessValue({ success: yes }, value).phase).toBe('Successful');
  });

  it.each<[string, MetricValue, RegExp]>([
    ['long', 'x'.repeat(20_000), /characters/],
    ['wide', Array.from({ length: 501 }, () => 1), /elements/],
    ['deep', JSON.parse(`${'['.repeat(1000)}1${']'.repeat(1000)}`) as MetricValue, /nested/],
  ])('is an error of a value that is too %s', (_what, value, words) => {
    const { phase, detail } = assessValue({ success: yes }, value);
    expect(phase).toBe('Error');
    expect(detail).toMatch(words);
  });
});
