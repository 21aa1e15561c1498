import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDomainError } from '../errors.ts';
import type { RequirementGroup } from '../inventory/inventory.ts';
import { assessImpact, impactStates, type Disturbance, type Impact } from './assess-impact.ts';
import { createImpactExplainer, describeExplanation } from './explain-impact.ts';
import { prepareGraph, type GraphInput } from './prepare-graph.ts';

const group = (dependent: string, name: string, needs: number, ...members: string[]) => ({
  dependent,
  name,
  needs,
  members,
});

const graphOf = (items: string[], services: string[], groups: RequirementGroup[]) =>
  prepareGraph({
    items: items.map((id) => ({ id })),
    services: services.map((id) => ({ id })),
    groups,
  });

/** Straight from the definition: a set grows until nothing is added any more. */
function bruteForce(input: GraphInput, disturbances: readonly Disturbance[]) {
  const nodes = [...input.items, ...input.services].map(({ id }) => id);
  const grow = (
    start: Set<string>,
    without: Set<string>,
    joins: (s: Set<string>, n: string) => boolean,
  ) => {
    const set = new Set(start);
    for (let grown = true; grown;) {
      grown = false;
      for (const node of nodes) {
        if (set.has(node) || without.has(node) || !joins(set, node)) continue;
        set.add(node);
        grown = true;
      }
    }
    return set;
  };
  const outside = (g: RequirementGroup, ...sets: Set<string>[]) =>
    g.members.filter((member) => !sets.some((set) => set.has(member))).length;
  const groupsOf = (node: string) => input.groups.filter(({ dependent }) => dependent === node);
  const disturbed = (effect: string) =>
    disturbances.filter((d) => d.effect === effect).map(({ item }) => item);

  const down = grow(new Set(disturbed('down')), new Set(), (set, node) =>
    groupsOf(node).some((g) => outside(g, set) < g.needs),
  );
  const degraded = grow(
    new Set(disturbed('degraded').filter((item) => !down.has(item))),
    down,
    (set, node) => groupsOf(node).some((g) => outside(g, down, set) < g.needs),
  );
  const atRisk = grow(new Set(), new Set([...down, ...degraded]), (set, node) =>
    groupsOf(node).some(
      (g) =>
        outside(g, down, degraded) < g.members.length || outside(g, down, degraded, set) < g.needs,
    ),
  );
  return { down, degraded, atRisk };
}

/** Dense little graphs: cycles, shared members, redundancy, self-loops through others. */
const cases = fc.integer({ min: 1, max: 9 }).chain((count) => {
  const node = fc.integer({ min: 0, max: count - 1 });
  return fc.record({
    count: fc.constant(count),
    itemCount: fc.integer({ min: 1, max: count }),
    groups: fc.array(
      fc.record({
        dependent: node,
        members: fc.uniqueArray(node, { minLength: 1, maxLength: 4 }),
        needs: fc.integer({ min: 1, max: 4 }),
      }),
      { maxLength: 14 },
    ),
    disturbed: fc.array(fc.tuple(node, fc.constantFrom('down' as const, 'degraded' as const)), {
      minLength: 1,
      maxLength: 3,
    }),
  });
});

function build({
  count,
  itemCount,
  groups,
  disturbed,
}: typeof cases extends fc.Arbitrary<infer T> ? T : never) {
  const ids = Array.from({ length: count }, (_, i) => ({ id: `n${i}` }));
  const input: GraphInput = {
    items: ids.slice(0, itemCount),
    services: ids.slice(itemCount),
    groups: groups.map(({ dependent, members, needs }, i) => ({
      dependent: `n${dependent}`,
      name: `g${i}`,
      needs: Math.min(needs, members.length),
      members: members.map((m) => `n${m}`),
    })),
  };
  const disturbances = disturbed.map(([node, effect]) => ({
    item: `n${node % itemCount}`,
    effect,
  }));
  return { input, disturbances };
}

const affectedBy = (impact: Impact) =>
  impactStates.flatMap((state) => [...impact.items[state], ...impact.services[state]]);

describe('assessImpact', () => {
  it('agrees with the definition on random graphs with cycles', () => {
    fc.assert(
      fc.property(cases, (random) => {
        const { input, disturbances } = build(random);
        const impact = assessImpact(prepareGraph(input), disturbances);
        const expected = bruteForce(input, disturbances);
        for (const state of impactStates) {
          const found = [...impact.items[state], ...impact.services[state]];
          expect(new Set(found)).toEqual(expected[state]);
          expect(found).toHaveLength(expected[state].size);
        }
      }),
      { numRuns: 5000, seed: 20261124 },
    );
  });

  it('explains every affected node by a chain of true statements that ends at a disturbed item', () => {
    fc.assert(
      fc.property(cases, (random) => {
        const { input, disturbances } = build(random);
        const impact = assessImpact(prepareGraph(input), disturbances);
        const explain = createImpactExplainer(impact);
        const sets = bruteForce(input, disturbances);
        const notBetter = {
          down: [sets.down],
          degraded: [sets.down, sets.degraded],
          atRisk: [sets.down, sets.degraded, sets.atRisk],
        };
        for (const node of affectedBy(impact)) {
          const { steps, disturbed } = explain(node);
          expect(disturbances).toContainEqual(disturbed);
          expect(steps.length).toBeLessThan(input.items.length + input.services.length);
          let at = node;
          for (const step of steps) {
            const state = impactStates.find((s) => sets[s].has(at))!;
            const named = input.groups.find((g) => g.name === step.group)!;
            expect(named.dependent).toBe(at);
            expect(named.members).toContain(step.because);
            expect(step).toMatchObject({ node: at, needs: named.needs, of: named.members.length });
            expect(step.left).toBe(
              named.members.filter((m) => !notBetter[state].some((set) => set.has(m))).length,
            );
            at = step.because;
          }
          expect(at).toBe(disturbed.item);
        }
      }),
      { numRuns: 2000, seed: 20261125 },
    );
  });

  it('keeps nodes up that only need each other', () => {
    const graph = graphOf(
      ['a', 'b', 'other'],
      [],
      [group('a', 'g', 1, 'b'), group('b', 'g', 1, 'a')],
    );
    const impact = assessImpact(graph, [{ item: 'other', effect: 'down' }]);
    expect(impact.items).toEqual({ down: ['other'], degraded: [], atRisk: [] });
    expect(assessImpact(graph, [{ item: 'a', effect: 'down' }]).items.down).toEqual(['a', 'b']);
  });

  it('says at risk when redundancy is lost, and down only when too few members are left', () => {
    const graph = graphOf(
      ['s1', 's2', 's3'],
      ['shop', 'report'],
      [group('shop', 'storage', 2, 's1', 's2', 's3'), group('report', 'shop', 1, 'shop')],
    );
    const one = assessImpact(graph, [{ item: 's1', effect: 'down' }]);
    expect(one.services).toEqual({ down: [], degraded: [], atRisk: ['shop', 'report'] });
    const two = assessImpact(graph, [
      { item: 's1', effect: 'down' },
      { item: 's2', effect: 'down' },
    ]);
    expect(two.services).toEqual({ down: ['shop', 'report'], degraded: [], atRisk: [] });
    const mixed = assessImpact(graph, [
      { item: 's1', effect: 'down' },
      { item: 's2', effect: 'degraded' },
    ]);
    expect(mixed.services).toEqual({ down: [], degraded: ['shop', 'report'], atRisk: [] });
    expect(describeExplanation(createImpactExplainer(two)('report'))).toBe(
      'report is down: report needs 1 of 1 in "shop", 0 left without shop; ' +
        'shop needs 2 of 3 in "storage", 1 left without s2; the change takes s2 down',
    );
  });

  it('takes the worse effect when an item is disturbed twice', () => {
    const graph = graphOf(['a'], [], []);
    const impact = assessImpact(graph, [
      { item: 'a', effect: 'degraded' },
      { item: 'a', effect: 'down' },
    ]);
    expect(impact.items).toEqual({ down: ['a'], degraded: [], atRisk: [] });
  });

  it('follows a chain of a hundred thousand nodes without running out of stack', () => {
    const items = Array.from({ length: 100_000 }, (_, i) => `n${i}`);
    const groups = items.slice(1).map((id, i) => group(id, 'below', 1, `n${i}`));
    const impact = assessImpact(graphOf(items, [], groups), [{ item: 'n0', effect: 'down' }]);
    expect(impact.items.down).toHaveLength(100_000);
    expect(createImpactExplainer(impact)('n99999').steps).toHaveLength(99_999);
  });

  it.each([
    ['an unknown item', 'nowhere', /no item "nowhere"/],
    ['a service', 'shop', /"shop" is a service/],
  ])('refuses %s, naming it', (_, item, message) => {
    const graph = graphOf(['a'], ['shop'], []);
    expect(() => assessImpact(graph, [{ item, effect: 'down' }])).toThrow(
      expect.toSatisfy(
        (error) =>
          isDomainError(error) && error.kind === 'not-found' && message.test(error.message),
      ),
    );
  });
});

describe('prepareGraph', () => {
  it.each([
    ['needs more members than it has', [group('a', 'g', 2, 'b')], /needs 2 of 1/],
    ['needs none', [group('a', 'g', 0, 'b')], /needs 0 of 1/],
    ['names a member twice', [group('a', 'g', 1, 'b', 'b')], /"b" twice/],
    ['names an unknown member', [group('a', 'g', 1, 'c')], /"c", which is neither/],
    ['belongs to an unknown dependent', [group('c', 'g', 1, 'b')], /"c", which is neither/],
  ])('refuses a group that %s', (_, groups, message) => {
    expect(() => graphOf(['a', 'b'], [], groups)).toThrow(message);
  });

  it('refuses an id that is both item and service', () => {
    expect(() => graphOf(['a'], ['a'], [])).toThrow(/"a" is in the inventory twice/);
  });
});
