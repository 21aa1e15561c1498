import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bruteForce, companyOf, type CompanyInput } from '../impact/engine/company.fixture.ts';
import { overlaps } from '../windows/window-rules.ts';
import { evidenceKept, type Conflict, type Intervention } from './conflict.ts';
import { conflictKey } from './diff-conflicts.ts';
import {
  anyGiven,
  anyInput,
  conflictsOf,
  customerDistanceMs,
  engineOn,
  freezeOf,
  hourMs,
  inputOf,
  intervention,
  midnightMs,
} from './interventions.fixture.ts';

/** `svc-shop` stands on one of two web servers, which both need the switch; `svc-mail` on its own. */
const input = inputOf(
  'svc-shop: 1 of web-1, web-2',
  'web-1: 1 of switch',
  'web-2: 1 of switch',
  'svc-mail: 1 of mail-1',
);
const down = (item: string) => ({ item, effect: 'down' as const });
const degraded = (item: string) => ({ item, effect: 'degraded' as const });
const kindsOf = (conflicts: readonly Conflict[]): string[] =>
  conflicts.map(({ kind, severity, subject }) => `${severity} ${kind} ${subject}`);
const release = { application: 'shop', datacentres: ['mad', 'bcn'] };

describe('conflicts of two interventions', () => {
  it('finds two changes that deploy the same application, not two that deploy others to one datacentre', () => {
    const found = conflictsOf(input, release, { ...release, datacentres: ['bcn', 'vlc'] });
    expect(kindsOf(found)).toEqual(['blocking same-application application:shop']);
    const other = { application: 'mail', datacentres: ['bcn'] };
    expect(conflictsOf(input, release, other)).toEqual([]);
  });

  it('finds a datacentre that one deploys to while people work in it, not two that people work in', () => {
    const people = { datacentres: ['mad'] };
    expect(kindsOf(conflictsOf(input, release, people))).toEqual([
      'blocking capacity datacentre:mad',
    ]);
    expect(conflictsOf(input, people, people)).toEqual([]);
  });

  it('explains itself: both changes, the time they share, what they share and what to do', () => {
    const found = conflictsOf(
      input,
      { team: 'night-crew', hours: [2, 4] },
      { team: 'night-crew', hours: [3, 6] },
    );
    expect(found).toEqual([
      {
        kind: 'team',
        severity: 'blocking',
        subject: 'team:night-crew',
        changes: ['change-1', 'change-2'],
        evidence: {
          overlap: { from: '2026-11-25T03:00:00.000Z', to: '2026-11-25T04:00:00.000Z' },
          what: ['night-crew'],
          count: 1,
          explanation:
            'CHG-1 and CHG-2 overlap from 2026-11-25 03:00 UTC to 2026-11-25 04:00 UTC: both are carried out by team night-crew.',
        },
        remedy: 'Move CHG-1 or CHG-2 to a window in which they do not meet.',
      },
    ]);
  });

  it('finds none between a window and the one that opens as it closes', () => {
    const team = 'night-crew';
    expect(conflictsOf(input, { team, hours: [2, 4] }, { team, hours: [4, 6] })).toEqual([]);
  });

  it('finds none between changes that share nothing', () => {
    expect(
      conflictsOf(input, { ...release, items: [down('web-1')] }, { items: [down('mail-1')] }),
    ).toEqual([]);
  });

  it('finds an item that both work on, and warns of the services and customers they both reach', () => {
    const found = conflictsOf(input, { items: [degraded('mail-1')] }, { items: [down('mail-1')] });
    expect(kindsOf(found)).toEqual([
      'blocking same-item item:mail-1',
      'warning shared-services services',
      'warning shared-customers customers',
    ]);
    expect(found[1]?.evidence).toMatchObject({ what: ['svc-mail'], count: 1 });
    expect(found[1]?.remedy).toContain('Agree with the owner');
  });

  it('finds an item that goes down through what the other works on, whichever comes first', () => {
    const [web, network] = [{ items: [degraded('web-1')] }, { items: [down('switch')] }];
    for (const found of [conflictsOf(input, web, network), conflictsOf(input, network, web)]) {
      const [dependency] = found.filter(({ kind }) => kind === 'dependency');
      expect(dependency).toMatchObject({ severity: 'blocking', subject: 'items' });
      expect(dependency?.evidence.what).toEqual(['web-1']);
    }
  });

  it('finds an item that is degraded through what the other works on, and none that keeps a spare', () => {
    const found = conflictsOf(input, { items: [down('web-1')] }, { items: [degraded('switch')] });
    expect(kindsOf(found)).toContain('blocking dependency items');
    const spare = inputOf('cache: 1 of disk-1, disk-2');
    expect(conflictsOf(spare, { items: [degraded('cache')] }, { items: [down('disk-1')] })).toEqual(
      [],
    );
  });

  it('finds a service that goes down only if both halves of its redundancy are worked on', () => {
    const found = conflictsOf(input, { items: [down('web-1')] }, { items: [down('web-2')] });
    expect(kindsOf(found)).toEqual([
      'blocking combined-outage nodes',
      'warning shared-services services',
    ]);
    expect(found[0]?.evidence.what).toEqual(['svc-shop']);
    expect(found[0]?.evidence.explanation).toContain(
      'each alone is harmless, both together take down: svc-shop',
    );
  });

  it('warns of a customer disturbed twice within the distance, and never names it', () => {
    const mail = (from: number) => ({ hours: [from, from + 1] as const, items: [down('mail-1')] });
    const near = conflictsOf(input, mail(2), mail(4));
    expect(kindsOf(near)).toEqual(['warning shared-customers customers']);
    expect(near[0]?.evidence).toMatchObject({ what: [], count: 1 });
    expect(near[0]?.evidence.explanation).toBe(
      'CHG-1 and CHG-2 are 60 minutes apart: both disturb services of one customer.',
    );
    expect(JSON.stringify(near)).not.toContain('customer-of');
    expect(conflictsOf(input, mail(2), mail(3 + customerDistanceMs / hourMs))).toEqual([]);
  });

  it('finds a change that opens before what it comes after has closed, overlapping or not', () => {
    const early = { hours: [1, 2] as const };
    const late = { hours: [5, 6] as const };
    expect(kindsOf(conflictsOf(input, { ...early, after: [2] }, late))).toEqual([
      'blocking order after:change-2',
    ]);
    expect(conflictsOf(input, early, { ...late, after: [1] })).toEqual([]);
    expect(kindsOf(conflictsOf(input, { ...early, brokenAfter: ['CHG-9'] }))).toEqual([
      'blocking order failed:CHG-9',
    ]);
  });

  it('names twenty of what is shared and counts them all', () => {
    const services = Array.from({ length: 45 }, (_, i) => `svc-${String(i).padStart(2, '0')}`);
    const wide = inputOf(
      ...services.flatMap((id) => [`${id}: 1 of power-a, power-b`, `${id}: 1 of net-a, net-b`]),
    );
    const [found] = conflictsOf(wide, { items: [down('power-a')] }, { items: [down('net-a')] });
    expect(found?.evidence.what).toEqual(services.slice(0, evidenceKept));
    expect(found?.evidence.count).toBe(45);
    expect(found?.evidence.explanation).toContain('svc-00, svc-01, svc-02 and 42 more.');
  });
});

describe('conflicts of three and more', () => {
  const cluster = inputOf('svc-db: 2 of a, b, c, d');

  it('finds an outage that no two of them would cause, and says who contributes', () => {
    const trio = ['a', 'b', 'c'].map((item) => ({ items: [down(item)] }));
    const found = conflictsOf(cluster, ...trio).filter(({ severity }) => severity === 'blocking');
    expect(kindsOf(found)).toEqual(['blocking combined-outage nodes']);
    expect(found[0]).toMatchObject({ changes: ['change-1', 'change-2', 'change-3'] });
    expect(found[0]?.evidence.what).toEqual(['svc-db']);
  });

  it('finds none when the third comes as the first closes', () => {
    const found = conflictsOf(
      cluster,
      { items: [down('a')], hours: [1, 3] },
      { items: [down('b')], hours: [1, 5] },
      { items: [down('c')], hours: [3, 5] },
    );
    expect(kindsOf(found).filter((kind) => kind.startsWith('blocking'))).toEqual([]);
  });
});

describe('freezes', () => {
  const change = { items: [down('web-1'), down('web-2')], datacentres: ['bcn'] };
  const find = (
    scope: Parameters<typeof freezeOf>[0]['scope'],
    hours: [number, number] = [0, 9],
  ) => {
    const engine = engineOn(companyOf(input));
    engine.put(intervention(1, change));
    engine.setFreezes([freezeOf({ scope }, hours)]);
    return kindsOf(engine.all());
  };
  const hit = ['blocking freeze freeze:freeze-1'];

  it.each([
    ['the company', { kind: 'company' }, hit],
    ['the datacentre worked in', { kind: 'datacentre', id: 'bcn' }, hit],
    ['the datacentre of an item', { kind: 'datacentre', id: 'mad' }, hit],
    ['another datacentre', { kind: 'datacentre', id: 'vlc' }, []],
    ['the solution of a service that goes down', { kind: 'solution', id: 'web' }, hit],
    ['another solution', { kind: 'solution', id: 'mail' }, []],
    ['a customer whose service goes down', { kind: 'customer', id: 'customer-of-svc-shop' }, hit],
    ['a customer who notices nothing', { kind: 'customer', id: 'customer-of-svc-mail' }, []],
    ['the department that carries it out', { kind: 'department', id: 'hosting' }, hit],
    ['another department', { kind: 'department', id: 'mail' }, []],
  ] as const)('of %s', (_, scope, expected) => {
    expect(find(scope)).toEqual(expected);
  });

  it('hold only while they are in force', () => {
    expect(find({ kind: 'company' }, [4, 9])).toEqual([]);
  });
});

/** Everything that is down with all of these, and with none of the given parts of them. */
function emergent(
  of: CompanyInput,
  together: readonly Intervention[],
  parts: readonly (readonly Intervention[])[],
): Set<string> {
  const itemsOf = (some: readonly Intervention[]) => some.flatMap(({ items }) => items);
  const nodes = bruteForce(of, itemsOf(together)).down;
  for (const part of parts) {
    for (const node of bruteForce(of, itemsOf(part)).down) nodes.delete(node);
  }
  return nodes;
}

describe('combined outages, against the definition', () => {
  const cases = fc.record({ input: anyInput, given: fc.array(anyGiven, { maxLength: 6 }) });

  it('finds, for each pair that meets, what is down together and not one by one', () => {
    fc.assert(
      fc.property(cases, ({ input: any, given }) => {
        const all = given.map((each, i) => intervention(i + 1, each));
        const found = conflictsOf(any, ...given);
        all.forEach((a, i) => {
          for (const b of all.slice(i + 1)) {
            const outage = found.find(
              ({ kind, changes }) =>
                kind === 'combined-outage' && changes.join() === `${a.change},${b.change}`,
            );
            const expected = overlaps(a.window, b.window)
              ? emergent(any, [a, b], [[a], [b]])
              : new Set();
            expect(new Set(outage?.evidence.what)).toEqual(expected);
          }
        });
      }),
      { numRuns: 1000, seed: 20261124 },
    );
  });

  it('finds, at every moment, what no two of those that run take down', () => {
    fc.assert(
      fc.property(cases, ({ input: any, given }) => {
        const all = given.map((each, i) => intervention(i + 1, each));
        const crowds = conflictsOf(any, ...given).filter(({ changes }) => changes.length > 2);
        const byChange = new Map(all.map((each) => [each.change, each]));
        for (const { changes, evidence } of crowds) {
          const members = changes.map((change) => byChange.get(change)!);
          for (const one of members) {
            for (const two of members) {
              expect(overlaps(one.window, two.window)).toBe(true);
            }
          }
          const pairs = members.flatMap((a) => members.map((b) => [a, b]));
          const expected = emergent(any, members, pairs);
          for (const node of evidence.what) expect(expected).toContain(node);
        }
        for (let hour = 0; hour < 16; hour += 1) {
          const atMs = midnightMs + hour * hourMs;
          const running = all.filter(
            ({ window }) => window.opensAtMs <= atMs && atMs < window.closesAtMs,
          );
          const pairs = running.flatMap((a) => running.map((b) => [a, b]));
          const expected = emergent(any, running, pairs);
          const named = new Set(
            crowds
              .filter(({ evidence: { overlap } }) => Date.parse(overlap.from) <= atMs)
              .filter(({ evidence: { overlap } }) => atMs < Date.parse(overlap.to))
              .flatMap(({ evidence }) => evidence.what),
          );
          for (const node of expected) expect(named).toContain(node);
        }
      }),
      { numRuns: 1500, seed: 20261125 },
    );
  });

  it('gives each conflict once', () => {
    fc.assert(
      fc.property(cases, ({ input: any, given }) => {
        const found = conflictsOf(any, ...given);
        expect(new Set(found.map(conflictKey)).size).toBe(found.length);
      }),
      { numRuns: 300 },
    );
  });
});
