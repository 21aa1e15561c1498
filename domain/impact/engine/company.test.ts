import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDomainError } from '../../errors.ts';
import { describeExplanation, impactStates, type Disturbance } from '../impact.ts';
import { describeSpread, explainAffected, numberDisturbances } from './assess.ts';
import { bruteForce, companyOf, followCompany, type CompanyInput } from './company.fixture.ts';
import type { Company } from './company.ts';
import { createSpreader, type Spreader } from './spread.ts';

const group = (dependent: string, name: string, needs: number, ...members: string[]) => ({
  dependent,
  name,
  needs,
  members,
});

/** Dense little graphs: cycles, shared members, redundancy, circles through others. */
const inputs = fc.integer({ min: 2, max: 9 }).chain((count) => {
  const node = fc.integer({ min: 0, max: count - 1 });
  return fc
    .record({
      itemCount: fc.integer({ min: 1, max: count }),
      groups: fc.array(
        fc.record({
          dependent: node,
          members: fc.uniqueArray(node, { minLength: 1, maxLength: 4 }),
          needs: fc.integer({ min: 1, max: 4 }),
        }),
        { maxLength: 14 },
      ),
      customers: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ itemCount, groups, customers }): CompanyInput => {
      const ids = Array.from({ length: count }, (_, i) => `n${i}`);
      return {
        items: ids.slice(0, itemCount),
        services: ids.slice(itemCount),
        groups: groups.map(({ dependent, members, needs }, i) =>
          group(
            `n${dependent}`,
            `g${i}`,
            Math.min(needs, members.length),
            ...members.map((m) => `n${m}`),
          ),
        ),
        customerOf: (service) => `c${(Number(service.slice(1)) % customers) + 1}`,
      };
    });
});
const disturbancesOf = (input: CompanyInput) =>
  fc.array(
    fc.record({
      item: fc.constantFrom(...input.items),
      effect: fc.constantFrom('down' as const, 'degraded' as const),
    }),
    { minLength: 1, maxLength: 3 },
  );
const cases = inputs.chain((input) =>
  fc.record({ input: fc.constant(input), disturbances: disturbancesOf(input) }),
);

function assess(
  company: Company,
  disturbances: readonly Disturbance[],
  spreader: Spreader = createSpreader(company.graph),
) {
  const spread = spreader.spread(numberDisturbances(company, disturbances));
  return describeSpread(company, disturbances, spread, Infinity).impact;
}

/** Compares ids, counts and the summary with the definition. */
function expectAsDefined(
  company: Company,
  input: CompanyInput,
  disturbances: readonly Disturbance[],
  spreader?: Spreader,
) {
  const impact = assess(company, disturbances, spreader);
  const expected = bruteForce(input, disturbances);
  for (const state of impactStates) {
    const found = [...impact.items[state], ...impact.services[state]];
    expect(new Set(found)).toEqual(expected[state]);
    expect(found).toHaveLength(expected[state].size);
    expect(impact.counts.items[state]).toBe(impact.items[state].length);
    expect(impact.counts.services[state]).toBe(impact.services[state].length);
    const customers = new Set(
      input.services
        .filter((id) => expected[state].has(id))
        .map((id) => input.customerOf?.(id) ?? 'c1')
        .filter((customer) =>
          impactStates
            .slice(0, impactStates.indexOf(state))
            .every((worse) =>
              input.services.every(
                (id) => !expected[worse].has(id) || input.customerOf?.(id) !== customer,
              ),
            ),
        ),
    );
    expect(impact.summary.total.customers[state]).toBe(customers.size);
  }
}

describe('the impact of a company in memory', () => {
  it('agrees with the definition on random graphs with cycles', () => {
    fc.assert(
      fc.property(cases, ({ input, disturbances }) => {
        expectAsDefined(companyOf(input), input, disturbances);
      }),
      { numRuns: 5000, seed: 20261124 },
    );
  });

  it('agrees after any sequence of changes of the inventory, with the same scratch memory', () => {
    const sequences = fc.array(inputs, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(sequences, fc.infiniteStream(fc.nat()), (steps, numbers) => {
        const { company, become } = followCompany();
        const spreader = createSpreader(company.graph);
        for (const input of steps) {
          become(input);
          for (let i = 0; i < 3; i += 1) {
            const item = input.items[numbers.next().value % input.items.length]!;
            const effect = numbers.next().value % 2 === 0 ? 'down' : 'degraded';
            expectAsDefined(company, input, [{ item, effect }], spreader);
          }
        }
      }),
      { numRuns: 1500, seed: 20261126 },
    );
  });

  it('explains every affected node by a chain of true statements that ends at a disturbed item', () => {
    fc.assert(
      fc.property(cases, ({ input, disturbances }) => {
        const company = companyOf(input);
        const impact = assess(company, disturbances);
        const sets = bruteForce(input, disturbances);
        const notBetter = {
          down: [sets.down],
          degraded: [sets.down, sets.degraded],
          atRisk: [sets.down, sets.degraded, sets.atRisk],
        };
        const affected = impactStates.flatMap((state) => [
          ...impact.items[state],
          ...impact.services[state],
        ]);
        const spreader = createSpreader(company.graph);
        const explanations = explainAffected(company, spreader, disturbances, affected);
        explanations.forEach(({ node, steps, disturbed }, i) => {
          expect(node).toBe(affected[i]);
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
        });
      }),
      { numRuns: 2000, seed: 20261125 },
    );
  });

  it('keeps nodes up that only need each other', () => {
    const company = companyOf({
      items: ['a', 'b', 'other'],
      services: [],
      groups: [group('a', 'g', 1, 'b'), group('b', 'g', 1, 'a')],
    });
    expect(assess(company, [{ item: 'other', effect: 'down' }]).items.down).toEqual(['other']);
    expect(assess(company, [{ item: 'a', effect: 'down' }]).items.down).toEqual(['a', 'b']);
  });

  it('says at risk when redundancy is lost, and down only when too few members are left', () => {
    const company = companyOf({
      items: ['s1', 's2', 's3'],
      services: ['shop', 'report'],
      groups: [group('shop', 'storage', 2, 's1', 's2', 's3'), group('report', 'shop', 1, 'shop')],
    });
    const one = assess(company, [{ item: 's1', effect: 'down' }]);
    expect(one.services).toEqual({ down: [], degraded: [], atRisk: ['shop', 'report'] });
    const both: Disturbance[] = [
      { item: 's1', effect: 'down' },
      { item: 's2', effect: 'down' },
    ];
    expect(assess(company, both).services.down).toEqual(['shop', 'report']);
    const mixed = assess(company, [
      { item: 's1', effect: 'down' },
      { item: 's2', effect: 'degraded' },
    ]);
    expect(mixed.services).toEqual({ down: [], degraded: ['shop', 'report'], atRisk: [] });
    const [why] = explainAffected(company, createSpreader(company.graph), both, ['report']);
    expect(describeExplanation(why!)).toBe(
      'report is down: report needs 1 of 1 in "shop", 0 left without shop; ' +
        'shop needs 2 of 3 in "storage", 1 left without s1; the change takes s1 down',
    );
  });

  it('counts a customer once in a line, in the worst state of its services there', () => {
    const company = companyOf({
      items: ['i1', 'i2', 'i3'],
      services: ['s1', 's22', 's3'],
      groups: [
        group('s1', 'g', 1, 'i1'),
        group('s22', 'g', 1, 'i1', 'i2'),
        group('s3', 'g', 1, 'i1', 'i3'),
      ],
      customerOf: (service) => (service === 's3' ? 'c2' : 'c1'),
    });
    const { summary } = assess(company, [{ item: 'i1', effect: 'down' }]);
    expect(summary.total).toEqual({
      services: { down: 1, degraded: 0, atRisk: 2 },
      customers: { down: 1, degraded: 0, atRisk: 1 },
    });
    expect(summary.bySolution).toEqual([
      // Within mail the first customer is only at risk, although its web service is down.
      {
        key: 'mail',
        services: { down: 0, degraded: 0, atRisk: 1 },
        customers: { down: 0, degraded: 0, atRisk: 1 },
      },
      {
        key: 'web',
        services: { down: 1, degraded: 0, atRisk: 1 },
        customers: { down: 1, degraded: 0, atRisk: 1 },
      },
    ]);
    expect(summary.byCountry.map(({ key }) => key)).toEqual(['ES', 'FR']);
    expect(summary.byDepartment.map(({ key }) => key)).toEqual(['hosting', 'mail']);
    expect(summary.byContractLevel.map(({ key }) => key)).toEqual(['gold']);
  });

  it('gives no more ids than asked for, the nearest first, and counts all', () => {
    const services = Array.from({ length: 50 }, (_, i) => `s${i}`);
    const company = companyOf({
      items: ['a', 'b'],
      services,
      groups: [group('b', 'g', 1, 'a'), ...services.map((id) => group(id, 'g', 1, 'b'))],
    });
    const spread = createSpreader(company.graph).spread(
      numberDisturbances(company, [{ item: 'a', effect: 'down' }]),
    );
    const { impact } = describeSpread(company, [], spread, 2);
    expect(impact.items.down).toEqual(['a', 'b']);
    expect(impact.services.down).toHaveLength(2);
    expect(impact.counts.services.down).toBe(50);
  });

  it('follows a chain of a hundred thousand nodes without running out of stack', () => {
    const items = Array.from({ length: 100_000 }, (_, i) => `n${i}`);
    const groups = items.slice(1).map((id, i) => group(id, 'below', 1, `n${i}`));
    const company = companyOf({ items, services: [], groups });
    const disturbances: Disturbance[] = [{ item: 'n0', effect: 'down' }];
    expect(assess(company, disturbances).items.down).toHaveLength(100_000);
    const spreader = createSpreader(company.graph);
    const [why] = explainAffected(company, spreader, disturbances, ['n99999']);
    expect(why!.steps).toHaveLength(99_999);
  });

  it.each([
    ['an unknown item', 'nowhere', /no item "nowhere"/],
    ['a service', 'shop', /"shop" is a service/],
  ])('refuses %s, naming it', (_, item, message) => {
    const company = companyOf({ items: ['a'], services: ['shop'], groups: [] });
    expect(() => assess(company, [{ item, effect: 'down' }])).toThrow(
      expect.toSatisfy(
        (error) =>
          isDomainError(error) && error.kind === 'not-found' && message.test(error.message),
      ),
    );
  });
});
