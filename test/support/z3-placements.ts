import { init, type Arith, type Bool } from 'z3-solver';
import type { Restriction } from '../../domain/application/restrictions.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';

export interface Z3Placements {
  /** Whether there is a placement, of less than so much a month if that is given. */
  canBePlaced(input: SimulationInput, below?: number): Promise<boolean>;
  close(): void;
}

/** Prices of the inputs are whole halves. */
const parts = 2;

/**
 * Placements on shared machines by another solver (Z3) from another model: every machine with what is on it, one
 * by one, instead of patterns. Numbers, sizes, stock and restrictions; availability and response time are not in it.
 */
export async function createZ3Placements(): Promise<Z3Placements> {
  const { Context, em } = await init();
  const z3 = new Context('placements');
  const { Solver, Bool, Int } = z3;
  const count = (bools: readonly Bool<'placements'>[]): Arith<'placements'> =>
    bools.reduce<Arith<'placements'>>(
      (sum, one) => z3.Sum(sum, z3.If(one, Int.val(1), Int.val(0))),
      Int.val(0),
    );
  const weighted = (
    bools: readonly (readonly [Bool<'placements'>, number])[],
  ): Arith<'placements'> =>
    bools.reduce<Arith<'placements'>>(
      (sum, [one, weight]) => z3.Sum(sum, z3.If(one, Int.val(weight), Int.val(0))),
      Int.val(0),
    );

  return {
    async canBePlaced(input, below) {
      const solver = new Solver();
      const { application, datacentres, offers, measurements } = input;
      const { components } = application;
      const restrictions = application.restrictions ?? [];
      const sites = datacentres.filter(({ country }) =>
        application.nfrs.location.countries.includes(country),
      );
      const most = components.reduce((sum, { replicas }) => sum + replicas.max, 0);

      /** A machine that may be rented: which offer it is of, and what is on it. */
      interface Slot {
        readonly offer: readonly (readonly [Bool<'placements'>, (typeof offers)[number]])[];
        readonly on: ReadonlyMap<string, Bool<'placements'>>;
        readonly isUsed: Bool<'placements'>;
      }
      const slotsOf = new Map<string, Slot[]>();
      for (const { id } of sites) {
        const here = offers.filter(({ datacentre }) => datacentre === id);
        const slots = Array.from({ length: most }, (_, index): Slot => {
          const name = `${id}.${index}`;
          const offer = here.map((one) => [Bool.const(`${name}.${one.id}`), one] as const);
          const on = new Map(
            components.map((one) => [one.name, Bool.const(`${name}.${one.name}`)]),
          );
          const isUsed = z3.Or(...on.values());
          solver.add(isUsed.eq(z3.Or(Bool.val(false), ...offer.map(([is]) => is))));
          if (offer.length > 1) solver.add(z3.AtMost(offer.map(([is]) => is) as never, 1));
          for (const of of ['cores', 'memoryMb', 'storageGb'] as const) {
            const needed = weighted(
              components.map(({ name: one, needs }) => [on.get(one)!, needs[of]] as const),
            );
            const there = weighted(offer.map(([is, { [of]: size }]) => [is, size] as const));
            solver.add(needed.le(there));
          }
          return { offer, on, isUsed };
        });
        // Machines are alike: those that are used come first.
        slots.slice(1).forEach(({ isUsed }, index) => {
          solver.add(z3.Implies(isUsed, slots[index]!.isUsed));
        });
        here.forEach((one, index) => {
          solver.add(count(slots.map(({ offer }) => offer[index]![0])).le(one.available));
        });
        slotsOf.set(id, slots);
      }
      const all = [...slotsOf.values()].flat();
      const at = (component: string, site?: string): Arith<'placements'> =>
        count(
          (site === undefined ? all : (slotsOf.get(site) ?? [])).map(({ on }) =>
            on.get(component)!,
          ),
        );
      const isExclusive = (name: string): boolean =>
        restrictions.some((one) => one.kind === 'exclusive' && one.components.includes(name));
      for (const { name, replicas } of components) {
        const within = z3.And(at(name).ge(replicas.min), at(name).le(replicas.max));
        solver.add(isExclusive(name) ? z3.Or(at(name).eq(0), within) : within);
      }
      for (const { component, datacentre, availabilityPercent } of measurements) {
        if (availabilityPercent === 0) solver.add(at(component, datacentre).eq(0));
      }
      const pairs = restrictions.flatMap((one): [string, string][] =>
        one.kind === 'conflict'
          ? one.with.map((other) => [one.component, other])
          : one.kind === 'full-deployment'
            ? one.except.map((other) => [one.component, other])
            : [],
      );
      for (const [one, other] of pairs) {
        for (const { on } of all) solver.add(z3.Not(z3.And(on.get(one)!, on.get(other)!)));
      }
      for (const restriction of restrictions) require(restriction);
      if (below !== undefined) {
        const prices = all.flatMap(({ offer }) =>
          offer.map(([is, { monthlyPrice }]) => [is, Math.round(monthlyPrice * parts)] as const),
        );
        solver.add(weighted(prices).lt(Math.round(below * parts)));
      }
      const verdict = await solver.check();
      if (verdict === 'unknown') throw new Error('Z3 does not know');
      return verdict === 'sat';

      function require(restriction: Restriction): void {
        switch (restriction.kind) {
          case 'conflict':
            return;
          case 'co-location':
            for (const { on } of all) {
              const [first, ...others] = restriction.components.map((name) => on.get(name)!);
              for (const other of others) solver.add(first!.eq(other));
            }
            return;
          case 'exclusive':
            solver.add(count(restriction.components.map((name) => at(name).gt(0))).eq(1));
            return;
          case 'instances': {
            const names = [...new Set(restriction.components)];
            const sum = names.reduce<Arith<'placements'>>(
              (total, name) => z3.Sum(total, at(name)),
              Int.val(0),
            );
            const { atLeast, atMost, exactly } = restriction;
            if (atLeast !== undefined) solver.add(sum.ge(atLeast));
            if (atMost !== undefined) solver.add(sum.le(atMost));
            if (exactly !== undefined) solver.add(sum.eq(exactly));
            return;
          }
          case 'require-provide': {
            const { component, requires, provider, provides } = restriction;
            const holds = at(component).mul(requires).le(at(provider).mul(provides));
            solver.add(isExclusive(provider) ? z3.Or(at(provider).eq(0), holds) : holds);
            return;
          }
          case 'one-to-one':
            for (const name of restriction.components) {
              solver.add(at(name).eq(at(restriction.components[0] ?? name)));
            }
            return;
          case 'one-to-many': {
            const left = at(restriction.one).mul(restriction.number).sub(at(restriction.many));
            solver.add(left.gt(0), left.le(restriction.number));
            return;
          }
          case 'full-deployment': {
            const { component } = restriction;
            const apart = pairs.flatMap(([one, other]) =>
              one === component ? [other] : other === component ? [one] : [],
            );
            for (const { on, isUsed } of all) {
              const excused = apart.map((name) => on.get(name)!);
              solver.add(
                z3.Implies(isUsed, z3.Or(on.get(component)!, at(component).eq(0), ...excused)),
              );
            }
            return;
          }
          case 'spread':
            for (const name of restriction.components) {
              const places = count(sites.map(({ id }) => at(name, id).gt(0)));
              const isSpread = places.ge(restriction.minDatacentres);
              solver.add(isExclusive(name) ? z3.Or(at(name).eq(0), isSpread) : isSpread);
              for (const { id } of sites) {
                if (restriction.maxPerDatacentre === undefined) continue;
                solver.add(at(name, id).le(restriction.maxPerDatacentre));
              }
            }
            return;
        }
      }
    },
    close: () => {
      (em as { PThread: { terminateAllThreads(): void } }).PThread.terminateAllThreads();
    },
  };
}
