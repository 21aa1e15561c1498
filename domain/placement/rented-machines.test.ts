import { describe, expect, it } from 'vitest';
import { measuredCost } from '../guardian/measured-cost.ts';
import { distinctReplicas, rentedMachines } from './rented-machines.ts';
import type { Offer } from './simulation.ts';

const on = (component: string, datacentre: string, offer: string, machine?: string) => ({
  component,
  datacentre,
  offer,
  ...(machine === undefined ? {} : { machine }),
});

describe('the machines of a placement', () => {
  it('are one for each replica where none is named', () => {
    const machines = rentedMachines([on('web', 'mad', 's'), on('api', 'mad', 's')]);
    expect(machines.map(({ components }) => components)).toEqual([['web'], ['api']]);
  });

  it('are one for all that name the same', () => {
    const machines = rentedMachines([
      on('web', 'mad', 's', 'm1'),
      on('web', 'mad', 's', 'm2'),
      on('api', 'mad', 's', 'm1'),
    ]);
    expect(machines).toEqual([
      { datacentre: 'mad', offer: 's', components: ['web', 'api'] },
      { datacentre: 'mad', offer: 's', components: ['web'] },
    ]);
  });

  it('hold several instances of a component in a datacentre, which is probed there once', () => {
    const assignments = [on('web', 'mad', 's', 'm1'), on('web', 'mad', 's', 'm2')];
    expect(distinctReplicas(assignments)).toEqual([assignments[0]]);
  });

  it('are paid once each, by the memory that all on it use together', () => {
    const offer = (id: string, memoryMb: number, monthlyPrice: number): Offer => ({
      id,
      datacentre: 'mad',
      cores: 4,
      memoryMb,
      storageGb: 10,
      monthlyPrice,
      currency: 'EUR',
      available: 5,
    });
    const offers = [offer('s', 1024, 5), offer('l', 4096, 15)];
    const shared = [on('web', 'mad', 's', 'm1'), on('api', 'mad', 's', 'm1')];
    const application = { components: [] };
    expect(measuredCost(shared, offers, [], application).monthlyCost).toBe(5);
    const use = ['web', 'api'].map((component) => ({
      component,
      datacentre: 'mad',
      memoryBytes: 600 * 1024 * 1024,
    }));
    expect(measuredCost(shared, offers, use, application)).toEqual({
      monthlyCost: 15,
      notes: ['web + api@mad uses 1200 MB of 1024 MB: it needs l'],
    });
  });
});
