import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  complaintAboutArguments,
  complaintAboutQuery,
  fillArguments,
  fillQuery,
} from './metric-arguments.ts';

const args = {
  change: '0199',
  attempt: '1',
  application: 'shop',
  release: '1.0.0+b',
  datacentre: 'mad',
  component: 'web',
};

describe('arguments in a PromQL query', () => {
  it('are filled within quotes, spaces in their braces or not', () => {
    expect(fillQuery('up{dc="{{args.datacentre}}",app=\'{{ args.application }}\'}', args)).toBe(
      'up{dc="mad",app=\'shop\'}',
    );
  });

  it('are plain text within a regular expression', () => {
    expect(fillQuery('up{v=~"{{args.release}}|x.*"}', args)).toBe(
      String.raw`up{v=~"1\\.0\\.0\\+b|x.*"}`,
    );
    expect(fillQuery('up{v=~`{{args.release}}`}', args)).toBe(
      String.raw`up{v=~${'`'}1\.0\.0\+b${'`'}}`,
    );
  });

  it('never end the string that they stand in, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom('"', "'", '`', '\\', '\n', '}', 'a') }),
        ),
        fc.constantFrom('"', "'", '`'),
        fc.constantFrom('=', '=~'),
        (value, quote, operator) => {
          const filled = fillQuery(`up{v${operator}${quote}{{args.release}}${quote}} > 0`, {
            ...args,
            release: value,
          });
          const inside = filled.slice(`up{v${operator}`.length, -'} > 0'.length);
          const literal =
            quote === '`'
              ? /^`[^`]*`$/
              : new RegExp(`^${quote}(?:[^${quote}\\\\\\n]|\\\\.)*${quote}$`);
          expect(inside).toMatch(literal);
        },
      ),
    );
  });

  it.each([
    ['sum({{args.datacentre}})', 'datacentre', /only within quotes/],
    ['up # "{{args.datacentre}}', 'datacentre', undefined],
    ['up{a="b"}[{{args.attempt}}]', 'datacentre', /only within quotes/],
    ['up{dc="{{args.datacentre}}"}', 'application', /not known with the scope "application"/],
    ['up{dc="{{args.component}}"}', 'datacentre', /known: .*args.datacentre$/],
    ['up{dc="{{args.password}}"}', 'component', /args.password/],
    ['up{dc="{{ datacentre }}"}', 'component', /begins no known argument/],
    ['up{dc="{{args.datacentre}}"}', 'component', undefined],
  ] as const)('in %s with the scope %s: %s', (query, scope, words) => {
    const complaint = complaintAboutQuery(query, scope);
    if (words === undefined) expect(complaint).toBeUndefined();
    else expect(complaint).toMatch(words);
  });
});

describe('arguments in other texts', () => {
  it('are made harmless by whoever fills them', () => {
    expect(fillArguments('/v/{{args.release}}/', args, encodeURIComponent)).toBe('/v/1.0.0%2Bb/');
  });

  it('must be known', () => {
    expect(complaintAboutArguments('{{args.datacentre}}', 'application')).toMatch(
      /known: args.change/,
    );
    expect(complaintAboutArguments('{{args.datacentre}}', 'datacentre')).toBeUndefined();
  });
});
