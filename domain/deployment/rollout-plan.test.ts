import { describe, expect, it } from 'vitest';
import type { ApplicationDefinition } from '../application/application-definition.ts';
import { applicationDefinitionSchema } from '../application/application-definition.ts';
import { releaseDefinitionSchema } from '../application/release-definition.ts';
import { bindComponents, desiredStates } from './desired-states.ts';
import { planWaves } from './waves.ts';

const component = (name: string, calls: string[] = []): object => ({
  name,
  calls,
  entry: name === 'web',
  needs: { cores: 1, memoryMb: 1, storageGb: 0 },
  serviceTimeP95Ms: 1,
});
const application: ApplicationDefinition = applicationDefinitionSchema.parse({
  name: 'shop',
  title: 'Shop',
  department: 'web',
  components: [component('web', ['api']), component('api')],
  nfrs: {
    availability: { minPercent: 90 },
    monthlyCost: { max: 1, currency: 'EUR' },
    responseTime: { p95MaxMs: 1 },
    location: { countries: ['ES'] },
  },
});
const release = releaseDefinitionSchema.parse({
  application: 'shop',
  version: '1',
  components: {
    web: { command: ['web'], directory: '/' },
    api: { command: ['api'], directory: '/' },
  },
});
const placement = {
  assignments: [
    { component: 'web', datacentre: 'mad', offer: 'o' },
    { component: 'api', datacentre: 'bcn', offer: 'o' },
    { component: 'api', datacentre: 'mad', offer: 'o' },
  ],
};

describe('the waves of a roll-out', () => {
  it('follow the order asked for, one datacentre after the other, without those that get nothing', () => {
    expect(
      planWaves({ order: ['par', 'mad', 'bcn'], waves: undefined, placement, occupied: [] }),
    ).toEqual([['mad'], ['bcn']]);
  });

  it('take away last, when what replaces it stands', () => {
    expect(
      planWaves({
        order: ['mad', 'bcn', 'par'],
        waves: [['par', 'mad'], ['bcn']],
        placement,
        occupied: ['par', 'lis', 'mad', 'par'],
      }),
    ).toEqual([['mad'], ['bcn'], ['lis', 'par']]);
  });
});

describe('what is to run in each datacentre', () => {
  const states = (occupied: string[]): ReturnType<typeof desiredStates> =>
    desiredStates({ application, release, releaseDigest: 'd', placement, occupied });

  it('is the placement’s components, and nothing where only something old runs', () => {
    const names = Object.entries(states(['par'])).map(([datacentre, { components }]) => [
      datacentre,
      components.map(({ name }) => name),
    ]);
    expect(names).toEqual([
      ['bcn', ['api']],
      ['mad', ['api', 'web']],
      ['par', []],
    ]);
  });

  it('cannot be said of a component that the release does not have', () => {
    const { api } = release.components;
    expect(() =>
      desiredStates({
        application,
        release: { ...release, components: { api: api! } },
        releaseDigest: 'd',
        placement,
        occupied: [],
      }),
    ).toThrow(/does not say how "web" runs/);
  });

  it('binds a component to the replicas it calls: its own datacentre first, then by latency, none out of reach', () => {
    const endpoints = ['par', 'bcn', 'mad', 'lis'].map((datacentre) => ({
      datacentre,
      component: 'api',
      url: `http://${datacentre}`,
    }));
    const bound = bindComponents(states([]), application, endpoints, [
      { from: 'bcn', to: 'mad', ms: 20 },
      { from: 'mad', to: 'par', ms: 10 },
    ]);
    const web = bound['mad']?.components.find(({ name }) => name === 'web');
    expect(web?.bindings).toEqual({ api: ['http://mad', 'http://par', 'http://bcn'] });
  });
});
