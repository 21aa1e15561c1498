import { describe, expect, it } from 'vitest';
import { applicationDefinitionSchema } from './application-definition.ts';

const component = (name: string, extra: object = {}): object => ({
  name,
  needs: { cores: 1, memoryMb: 1, storageGb: 0 },
  serviceTimeP95Ms: 1,
  ...extra,
});
const complaints = (components: object[], extra: object = {}): string[] => {
  const parsed = applicationDefinitionSchema.safeParse({
    name: 'shop',
    title: 'Shop',
    department: 'web',
    components,
    nfrs: {
      availability: { minPercent: 99 },
      monthlyCost: { max: 1, currency: 'EUR' },
      responseTime: { p95MaxMs: 1 },
      location: { countries: ['ES'] },
    },
    ...extra,
  });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

describe('the definition of an application', () => {
  it('takes components that call each other without going round in a circle', () => {
    expect(
      complaints([component('web', { entry: true, calls: ['api'] }), component('api')]),
    ).toEqual([]);
  });

  it.each([
    [
      'a component twice',
      [component('web', { entry: true }), component('web')],
      /components\.1\.name: component "web" is defined twice/,
    ],
    ['no entry', [component('web')], /no component has "entry: true"/],
    [
      'a call to nobody',
      [component('web', { entry: true, calls: ['x'] })],
      /components\.0\.calls\.0: there is no component "x"; known: web/,
    ],
    ['a call to itself', [component('web', { entry: true, calls: ['web'] })], /cannot call itself/],
    [
      'calls in a circle',
      [
        component('web', { entry: true, calls: ['api'] }),
        component('api', { calls: ['store'] }),
        component('store', { calls: ['api'] }),
      ],
      /circle: api → store → api/,
    ],
    [
      'more replicas at least than at most',
      [component('web', { entry: true, replicas: { min: 3, max: 2 } })],
      /replicas: min 3 is more than max 2/,
    ],
  ])('is refused with %s', (_what, components, words) => {
    expect(complaints(components).join('\n')).toMatch(words);
  });

  it('is refused with a field that nobody knows, by name', () => {
    expect(complaints([component('web', { entry: true, colour: 'red' })]).join()).toMatch(/colour/);
  });
});
