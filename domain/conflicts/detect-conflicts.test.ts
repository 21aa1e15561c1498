import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyInterventions,
  assessDownOn,
  graphOf,
  interventionOn,
} from './interventions.fixture.ts';
import type { PreparedGraph } from '../impact/prepare-graph.ts';
import { overlaps } from '../windows/window-rules.ts';
import { conflictKey } from './diff-conflicts.ts';
import {
  conflictsBetween,
  detectConflicts,
  evidenceKept,
  type Conflict,
  type Intervention,
} from './detect-conflicts.ts';

/** `svc-shop` stands on one of two web servers, which both need the switch; `svc-mail` on its own. */
const graph = graphOf(
  'svc-shop: 1 of web-1, web-2',
  'web-1: 1 of switch',
  'web-2: 1 of switch',
  'svc-mail: 1 of mail-1',
);
const down = (item: string) => ({ item, effect: 'down' as const });
const degraded = (item: string) => ({ item, effect: 'degraded' as const });
const one = (given: Parameters<typeof interventionOn>[2]) => interventionOn(graph, 1, given);
const two = (given: Parameters<typeof interventionOn>[2]) => interventionOn(graph, 2, given);

const detect = (self: Intervention, other: Intervention, on: PreparedGraph = graph): Conflict[] =>
  detectConflicts(self, [other], assessDownOn(on));
const kindsOf = (conflicts: readonly Conflict[]): string[] =>
  conflicts.map(({ kind, severity, subject }) => `${severity} ${kind} ${subject}`);

describe('detectConflicts', () => {
  it('finds two changes that deploy the same application in the same datacentres', () => {
    const release = { application: 'shop', datacentres: ['mad', 'bcn'] };
    const found = detect(one(release), two({ ...release, datacentres: ['bcn', 'vlc'] }));
    expect(kindsOf(found)).toEqual([
      'blocking same-application application:shop',
      'blocking same-datacentre datacentre:bcn',
    ]);
  });

  it('says of a datacentre that is listed twice once that both work in it', () => {
    const found = detect(
      one({ datacentres: ['mad', 'mad'] }),
      two({ datacentres: ['mad', 'mad'] }),
    );
    expect(kindsOf(found)).toEqual(['blocking same-datacentre datacentre:mad']);
  });

  it('explains itself: both changes, the time they share, what they share and what to do', () => {
    const found = detect(
      one({ datacentres: ['mad'], hours: [2, 4] }),
      two({ datacentres: ['mad'], hours: [3, 6] }),
    );
    expect(found).toEqual([
      {
        kind: 'same-datacentre',
        severity: 'blocking',
        subject: 'datacentre:mad',
        changes: ['change-1', 'change-2'],
        evidence: {
          overlap: { from: '2026-11-25T03:00:00.000Z', to: '2026-11-25T04:00:00.000Z' },
          what: ['mad'],
          count: 1,
          explanation:
            'CHG-1 and CHG-2 overlap from 2026-11-25 03:00 UTC to 2026-11-25 04:00 UTC: both work in datacentre mad.',
        },
        remedy: 'Move CHG-1 or CHG-2 to a window in which they do not meet.',
      },
    ]);
  });

  it('finds none between a window and the one that opens as it closes', () => {
    expect(
      detect(
        one({ datacentres: ['mad'], hours: [2, 4] }),
        two({ datacentres: ['mad'], hours: [4, 6] }),
      ),
    ).toEqual([]);
  });

  it('finds none between a change and itself', () => {
    const self = one({ application: 'shop', datacentres: ['mad'], items: [down('web-1')] });
    expect(detect(self, self)).toEqual([]);
  });

  it('finds none between changes that share nothing', () => {
    expect(
      detect(
        one({ application: 'shop', datacentres: ['mad'], items: [down('web-1')] }),
        two({ application: 'mail', datacentres: ['bcn'], items: [down('mail-1')] }),
      ),
    ).toEqual([]);
  });

  it('finds an item that both work on, and warns of the services they both reach', () => {
    const found = detect(one({ items: [degraded('mail-1')] }), two({ items: [down('mail-1')] }));
    expect(kindsOf(found)).toEqual([
      'blocking same-item item:mail-1',
      'warning shared-services nodes',
    ]);
    expect(found[1]?.evidence).toMatchObject({ what: ['svc-mail'], count: 1 });
    expect(found[1]?.remedy).toContain('Agree with the owner');
  });

  it('finds an item that goes down through what the other works on, whichever is asked for', () => {
    const [web, network] = [one({ items: [degraded('web-1')] }), two({ items: [down('switch')] })];
    for (const found of [detect(web, network), detect(network, web)]) {
      expect(kindsOf(found)).toEqual([
        'blocking dependency items',
        'warning shared-services nodes',
      ]);
      expect(found[0]?.evidence.what).toEqual(['web-1']);
    }
  });

  it('finds an item that is degraded through what the other works on, and none that keeps a spare', () => {
    const found = detect(one({ items: [down('web-1')] }), two({ items: [degraded('switch')] }));
    expect(kindsOf(found)).toContain('blocking dependency items');
    const spare = graphOf('cache: 1 of disk-1, disk-2');
    const atRisk = detect(
      interventionOn(spare, 1, { items: [degraded('cache')] }),
      interventionOn(spare, 2, { items: [down('disk-1')] }),
      spare,
    );
    expect(atRisk).toEqual([]);
  });

  it('finds a service that goes down only if both halves of its redundancy are worked on', () => {
    const found = detect(one({ items: [down('web-1')] }), two({ items: [down('web-2')] }));
    expect(kindsOf(found)).toEqual([
      'blocking combined-outage nodes',
      'warning shared-services nodes',
    ]);
    expect(found[0]?.evidence.what).toEqual(['svc-shop']);
    expect(found[0]?.evidence.explanation).toContain(
      'each alone is harmless, both together take down: svc-shop',
    );
  });

  it('finds no outage where a third server is left', () => {
    const three = graphOf('svc-shop: 1 of web-1, web-2, web-3');
    const found = detect(
      interventionOn(three, 1, { items: [down('web-1')] }),
      interventionOn(three, 2, { items: [down('web-2')] }),
      three,
    );
    expect(kindsOf(found)).toEqual(['warning shared-services nodes']);
  });

  it('blames no combination for an outage that one causes alone and has not been assessed for', () => {
    const unassessed: Intervention = {
      ...two({ items: [down('mail-1')] }),
      footprint: { down: new Set(), degraded: new Set(), atRisk: new Set() },
    };
    expect(detect(one({ items: [down('web-1')] }), unassessed)).toEqual([]);
  });

  it('names twenty of what is shared and counts them all', () => {
    const services = Array.from({ length: 45 }, (_, i) => `svc-${String(i).padStart(2, '0')}`);
    const wide = graphOf(
      ...services.flatMap((id) => [`${id}: 1 of power-a, power-b`, `${id}: 1 of net-a, net-b`]),
    );
    const [found] = detect(
      interventionOn(wide, 1, { items: [down('power-a')] }),
      interventionOn(wide, 2, { items: [down('net-a')] }),
      wide,
    );
    expect(found?.evidence.what).toEqual(services.slice(0, evidenceKept));
    expect(found?.evidence.count).toBe(45);
    expect(found?.evidence.explanation).toContain('svc-00, svc-01, svc-02 and 42 more.');
  });

  it('gives a pair the same conflicts whichever is asked for', () => {
    fc.assert(
      fc.property(anyInterventions, ({ graph: any, interventions }) => {
        const [a, b] = interventions;
        if (a === undefined || b === undefined) return;
        expect(detect(a, b, any)).toEqual(detect(b, a, any));
      }),
    );
  });

  it('gives each conflict a key of its own, within windows that overlap', () => {
    fc.assert(
      fc.property(anyInterventions, ({ graph: any, interventions }) => {
        const [self, ...others] = interventions;
        if (self === undefined) return;
        const found = detectConflicts(self, others, assessDownOn(any));
        expect(new Set(found.map(conflictKey)).size).toBe(found.length);
        for (const { changes, evidence } of found) {
          const [a, b] = changes.map((id) => interventions.find(({ change }) => change === id));
          expect(a !== undefined && b !== undefined && overlaps(a.window, b.window)).toBe(true);
          expect(evidence.overlap.from < evidence.overlap.to).toBe(true);
          expect(evidence.count).toBeGreaterThanOrEqual(evidence.what.length);
          expect(evidence.what.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('finds a combined outage exactly where more is down together than one by one', () => {
    fc.assert(
      fc.property(anyInterventions, ({ graph: any, interventions }) => {
        const [a, b] = interventions;
        if (a === undefined || b === undefined) return;
        const assessDown = assessDownOn(any);
        const alone = [a, b].flatMap(({ targets }) => [...assessDown(targets.items)]);
        const together = assessDown([...a.targets.items, ...b.targets.items]);
        const found = conflictsBetween(a, b, assessDown).find(
          ({ kind }) => kind === 'combined-outage',
        );
        expect(found?.evidence.what ?? []).toEqual(
          [...together].filter((node) => !alone.includes(node)).sort(),
        );
      }),
      { numRuns: 300 },
    );
  });
});
