import fc from 'fast-check';
import { companyOf, type CompanyInput } from '../impact/engine/company.fixture.ts';
import type { Company } from '../impact/engine/company.ts';
import { createSpreader } from '../impact/engine/spread.ts';
import type { Disturbance } from '../impact/impact.ts';
import { createConflictEngine, type ConflictEngine } from './conflict-engine.ts';
import type { Conflict, Freeze, Intervention } from './conflict.ts';

export const hourMs = 3_600_000;
/** 2026-11-25 00:00 UTC: windows of the tests are hours from here. */
export const midnightMs = Date.UTC(2026, 10, 25);

/** `web-service: 1 of web-1, web-2` for each line; what begins with `svc` is a service. */
export function inputOf(...lines: string[]): CompanyInput {
  const groups = lines.map((line, i) => {
    const [, dependent = '', needs = '', members = ''] = /^(\S+): (\d+) of (.+)$/.exec(line) ?? [];
    return { dependent, name: `group-${i}`, needs: Number(needs), members: members.split(', ') };
  });
  const ids = [...new Set(groups.flatMap(({ dependent, members }) => [dependent, ...members]))];
  const isService = (id: string): boolean => id.startsWith('svc');
  return {
    items: ids.filter((id) => !isService(id)),
    services: ids.filter(isService),
    groups,
    customerOf: (service) => `customer-of-${service}`,
  };
}

export const customerDistanceMs = 2 * hourMs;

export function engineOn(company: Company): ConflictEngine {
  return createConflictEngine(company, createSpreader(company.graph), { customerDistanceMs });
}

export interface Given {
  /** From `midnightMs`. */
  readonly hours?: readonly [from: number, to: number];
  readonly application?: string;
  readonly datacentres?: readonly string[];
  readonly department?: string;
  readonly team?: string;
  readonly items?: readonly Disturbance[];
  readonly after?: readonly number[];
  readonly brokenAfter?: readonly string[];
}

export function intervention(number: number, given: Given): Intervention {
  const { hours = [2, 4], application, team, datacentres = [], items = [] } = given;
  return {
    change: `change-${number}`,
    label: `CHG-${number}`,
    window: {
      opensAtMs: midnightMs + hours[0] * hourMs,
      closesAtMs: midnightMs + hours[1] * hourMs,
    },
    deploys: application !== undefined,
    ...(application === undefined ? {} : { application }),
    datacentres,
    department: given.department ?? 'hosting',
    ...(team === undefined ? {} : { team }),
    items,
    after: (given.after ?? []).map((other) => `change-${other}`),
    brokenAfter: given.brokenAfter ?? [],
  };
}

/** What the engine finds between these, numbered from 1. */
export function conflictsOf(input: CompanyInput, ...given: Given[]): Conflict[] {
  const engine = engineOn(companyOf(input));
  given.forEach((each, i) => {
    engine.put(intervention(i + 1, each));
  });
  return engine.all();
}

export const freezeOf = (
  given: Partial<Freeze> & Pick<Freeze, 'scope'>,
  hours: [number, number],
) => {
  const window = {
    opensAtMs: midnightMs + hours[0] * hourMs,
    closesAtMs: midnightMs + hours[1] * hourMs,
  };
  return {
    id: 'freeze-1',
    kind: 'freeze',
    name: 'Black Friday',
    within: (range) =>
      window.opensAtMs < range.closesAtMs && range.opensAtMs < window.closesAtMs ? [window] : [],
    ...given,
  } satisfies Freeze;
};

const itemIds = Array.from({ length: 7 }, (_, i) => `item-${i}`);
const serviceIds = Array.from({ length: 4 }, (_, i) => `svc-${i}`);

/** Small inventories with redundancy and cycles. */
export const anyInput: fc.Arbitrary<CompanyInput> = fc
  .array(
    fc.record({
      dependent: fc.constantFrom(...itemIds, ...serviceIds),
      members: fc.uniqueArray(fc.constantFrom(...itemIds), { minLength: 1, maxLength: 4 }),
      spare: fc.nat(3),
    }),
    { maxLength: 12 },
  )
  .map((groups) => ({
    items: itemIds,
    services: serviceIds,
    groups: groups.map(({ dependent, members, spare }, i) => ({
      dependent,
      name: `g${i}`,
      needs: Math.max(1, members.length - spare),
      members,
    })),
    customerOf: (service) => (service < 'svc-2' ? 'c1' : 'c2'),
  }));

/** Windows that often meet, items that often break together. */
export const anyGiven: fc.Arbitrary<Given> = fc.record({
  hours: fc
    .tuple(fc.nat(10), fc.integer({ min: 1, max: 5 }))
    .map(([from, length]): [number, number] => [from, from + length]),
  datacentres: fc.subarray(['mad', 'bcn']),
  items: fc.array(
    fc.record({
      item: fc.constantFrom(...itemIds),
      effect: fc.constantFrom('down' as const, 'down' as const, 'degraded' as const),
    }),
    { maxLength: 3 },
  ),
});
