import { describe, expect, it } from 'vitest';
import { parseServerTiming } from './server-timing.ts';

describe('Server-Timing', () => {
  it('gives one hop for each component with its datacentre and own time', () => {
    expect(parseServerTiming('web;desc="mad";dur=3.5, api.v2;dur=12;desc=par')).toEqual([
      { component: 'web', datacentre: 'mad', durationMs: 3.5 },
      { component: 'api.v2', datacentre: 'par', durationMs: 12 },
    ]);
  });

  it('does not take separators inside quotes for its own', () => {
    expect(parseServerTiming('web;desc="a, b; \\"c\\"";dur=1')).toEqual([
      { component: 'web', datacentre: 'a, b; "c"', durationMs: 1 },
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['a cache’s hit', 'cache;desc="hit"'],
    ['a time without a place', 'db;dur=53'],
    ['a time that is no number', 'web;desc="mad";dur=fast'],
    ['an endless time', 'web;desc="mad";dur=Infinity'],
    ['a negative time', 'web;desc="mad";dur=-1'],
    ['an open quote', 'web;desc="mad;dur=1'],
  ])('gives no hop for %s', (_, header) => {
    expect(parseServerTiming(header)).toEqual([]);
  });
});
