import { describe, expect, it } from 'vitest';
import { applicationDefinitionSchema } from './application-definition.ts';

const definition = (restrictions: readonly object[] | undefined, extra: object = {}): unknown => ({
  name: 'shop',
  title: 'Shop',
  department: 'web',
  components: ['web', 'api', 'store', 'cache'].map((name, index) => ({
    name,
    needs: { cores: 1, memoryMb: 1, storageGb: 0 },
    replicas: { min: 1, max: 5 },
    serviceTimeP95Ms: 1,
    entry: index === 0,
  })),
  nfrs: {
    availability: { minPercent: 99 },
    monthlyCost: { max: 100, currency: 'EUR' },
    responseTime: { p95MaxMs: 100 },
    location: { countries: ['ES'] },
  },
  machines: 'shared',
  ...(restrictions === undefined ? {} : { restrictions }),
  ...extra,
});
const complaints = (restrictions: readonly object[], extra: object = {}): string => {
  const parsed = applicationDefinitionSchema.safeParse(definition(restrictions, extra));
  return parsed.success
    ? ''
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
};

describe('the restrictions of an application', () => {
  it('may be left out, and then leave no trace in the definition', () => {
    const parsed = applicationDefinitionSchema.parse(
      definition(undefined, { machines: undefined }),
    );
    expect(JSON.stringify(parsed)).not.toMatch(/restrictions|machines/);
  });

  it('may be of every kind at once', () => {
    expect(
      complaints([
        { kind: 'conflict', component: 'web', with: ['store'] },
        { kind: 'co-location', components: ['web', 'cache'] },
        { kind: 'instances', components: ['web', 'api'], atLeast: 3, atMost: 8 },
        { kind: 'require-provide', component: 'web', requires: 1, provider: 'api', provides: 2 },
        { kind: 'one-to-one', components: ['web', 'cache'] },
        { kind: 'one-to-many', one: 'store', many: 'web', number: 10 },
        { kind: 'full-deployment', component: 'cache', except: ['store'] },
        { kind: 'spread', components: ['web'], minDatacentres: 2 },
      ]),
    ).toBe('');
  });

  it.each([
    [
      'an unknown component',
      [{ kind: 'conflict', component: 'web', with: ['nobody'] }],
      /restrictions\.0: there is no component "nobody"; known: web/,
    ],
    [
      'a component in conflict with itself',
      [{ kind: 'conflict', component: 'web', with: ['web'] }],
      /restrictions\.0: web is in conflict with itself/,
    ],
    [
      'bounds that cross within one',
      [{ kind: 'instances', components: ['web'], atLeast: 4, atMost: 3 }],
      /atLeast 4 is more than atMost 3/,
    ],
    [
      'bounds that cross between two',
      [
        { kind: 'instances', components: ['web'], atLeast: 4 },
        { kind: 'instances', components: ['web'], atMost: 3 },
      ],
      /restrictions\.1: "at most 3 instances of web" and restrictions\.0 \("at least 4 instances of web"\)/,
    ],
    [
      'a bound beyond the replicas',
      [{ kind: 'instances', components: ['web'], atLeast: 6 }],
      /at least 6 and at most 5 instances of web, by its replicas/,
    ],
    [
      'no bound at all',
      [{ kind: 'instances', components: ['web'] }],
      /one of "atLeast", "atMost" and "exactly" is needed/,
    ],
    [
      'a chain of ratios that no numbers meet',
      [
        { kind: 'instances', components: ['web'], atLeast: 4 },
        { kind: 'require-provide', component: 'web', requires: 2, provider: 'api', provides: 1 },
      ],
      /instances of (api|web)/,
    ],
    [
      'requirements in a circle',
      [
        { kind: 'require-provide', component: 'web', requires: 1, provider: 'api', provides: 1 },
        { kind: 'require-provide', component: 'api', requires: 1, provider: 'store', provides: 1 },
        { kind: 'require-provide', component: 'store', requires: 1, provider: 'web', provides: 1 },
      ],
      /restrictions\.2: require-provide goes round in a circle: web → api → store → web/,
    ],
    [
      'a requirement of itself',
      [{ kind: 'require-provide', component: 'web', requires: 1, provider: 'web', provides: 1 }],
      /web requires itself/,
    ],
    [
      'components that are to share and not to share machines',
      [
        { kind: 'co-location', components: ['web', 'api'] },
        { kind: 'conflict', component: 'api', with: ['web'] },
      ],
      /restrictions\.0: api and web are to share every machine, and by restrictions\.1 none/,
    ],
    [
      'exclusive components that are to share machines',
      [
        { kind: 'co-location', components: ['web', 'api'] },
        { kind: 'exclusive', components: ['web', 'api'] },
      ],
      /only one is deployed/,
    ],
    [
      'two of which exactly one is deployed, both with instances',
      [
        { kind: 'exclusive', components: ['web', 'api'] },
        { kind: 'instances', components: ['web'], atLeast: 1 },
        { kind: 'instances', components: ['api'], atLeast: 1 },
      ],
      /"exactly one of web, api is deployed"/,
    ],
    [
      'a kind that nobody knows',
      [{ kind: 'friendship', components: ['web', 'api'] }],
      /restrictions\.0\.kind/,
    ],
  ])('are refused with %s', (_what, restrictions, words) => {
    expect(complaints(restrictions)).toMatch(words);
  });

  it.each([
    [{ kind: 'co-location', components: ['web', 'api'] }],
    [{ kind: 'full-deployment', component: 'web' }],
  ])('ask for shared machines where they need them: %o', (restriction) => {
    expect(complaints([restriction], { machines: 'dedicated' })).toMatch(
      /needs "machines: shared"/,
    );
  });
});
