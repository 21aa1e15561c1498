import { describe, expect, it } from 'vitest';
import { describeSites, differencesIn, driftVerdict, unlikeShown } from './comparison.ts';
import type { PlannedObject } from './ports.ts';

const object = (name: string, more: Partial<PlannedObject> = {}): PlannedObject => ({
  component: 'web',
  object: name,
  action: 'keep',
  changes: [],
  conflicts: [],
  ...more,
});
const site = (datacentre: string, ...objects: PlannedObject[]) => ({
  datacentre,
  actions: [],
  objects,
});
const scaled = object('Deployment shop/web', {
  action: 'update',
  changes: [{ path: 'spec.replicas', before: 7, after: 2 }],
});
const away = { datacentre: 'par', actions: [], problem: 'it does not answer' };

describe('a comparison with what is wanted', () => {
  it('names what differs, field by field, and nothing that is so already', () => {
    expect(differencesIn(site('mad', scaled, object('Service shop/web')))).toEqual([
      'update Deployment shop/web: spec.replicas',
    ]);
    expect(
      differencesIn({
        datacentre: 'mad',
        actions: [
          { component: 'web', action: 'keep', reason: '' },
          { component: 'api', action: 'start', reason: '' },
        ],
      }),
    ).toEqual(['start api']);
  });

  it('says in a line what would be done, and against whom', () => {
    const conflicts = [{ manager: 'oncall', fields: ['.spec.replicas'] }];
    expect(describeSites([site('mad', { ...scaled, conflicts }), site('bcn'), away])).toBe(
      'mad: update 1, against fields of oncall; bcn: nothing differs; par: not known (it does not answer)',
    );
  });

  it('has drifted where anything differs, and is in step only where everything is known', () => {
    expect(driftVerdict([site('mad'), site('bcn')])).toBe('in-step');
    expect(driftVerdict([site('mad'), away])).toBe('unknown');
    expect(driftVerdict([site('mad', scaled), away])).toBe('drifted');
    expect(driftVerdict([])).toBe('unknown');
  });

  it('names the datacentres where what is done is not what was shown', () => {
    const shown = [site('mad', scaled), site('bcn')];
    expect(unlikeShown(shown, shown)).toEqual([]);
    expect(unlikeShown(shown, [site('mad'), site('bcn')])).toEqual(['mad']);
    expect(unlikeShown(shown, [site('mad', scaled), site('par')])).toEqual(['bcn', 'par']);
  });
});
