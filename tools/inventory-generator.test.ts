import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  inventoryColumns,
  inventoryKinds,
  inventoryRowSchemas,
  type InventoryKind,
} from '../domain/inventory/inventory-kinds.ts';
import { slugSchema } from '../domain/names.ts';
import { csvOf } from './generate-inventory.ts';
import {
  generateInventory,
  largestDisturbances,
  randomItems,
  type GeneratorOptions,
} from './inventory-generator.ts';

function digest(options: GeneratorOptions): string {
  const inventory = generateInventory(options);
  const sum = createHash('sha256');
  for (const kind of inventoryKinds) {
    for (const text of csvOf(kind, inventory[kind]())) sum.update(text);
  }
  return sum.digest('hex');
}

interface Group {
  readonly dependent: string;
  readonly needs: number;
  readonly members: string[];
}

/** Every group by its dependent and name; throws for a group whose rows differ in what it needs. */
function groupsOf(options: GeneratorOptions): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [dependent, name, needs, member] of generateInventory(options).dependencies()) {
    const key = `${dependent} ${name}`;
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, {
        dependent: String(dependent),
        needs: Number(needs),
        members: [String(member)],
      });
    } else if (known.needs === needs) known.members.push(String(member));
    else throw new Error(`"${key}" needs ${known.needs} and ${needs}`);
  }
  return groups;
}

const idsOf = (options: GeneratorOptions, kind: InventoryKind): string[] =>
  Array.from(generateInventory(options)[kind](), ([id]) => String(id));

/** What is down, and how much that is with what is at risk, straight from the definition. */
function createReach(options: GeneratorOptions) {
  const groups = [...groupsOf(options).values()];
  const memberOf = new Map<string, Group[]>();
  for (const group of groups) {
    for (const member of group.members) {
      const known = memberOf.get(member);
      if (known === undefined) memberOf.set(member, [group]);
      else known.push(group);
    }
  }
  const grow = (reached: Set<string>, begin: Iterable<string>): Set<string> => {
    const queue = [...begin];
    for (const id of queue) reached.add(id);
    for (const id of queue) {
      for (const { dependent, needs, members } of memberOf.get(id) ?? []) {
        if (reached.has(dependent)) continue;
        if (members.filter((member) => !reached.has(member)).length >= needs) continue;
        reached.add(dependent);
        queue.push(dependent);
      }
    }
    return reached;
  };
  return (items: readonly string[]) => {
    const down = grow(new Set(), items);
    const shaken = [...down].flatMap((id) => (memberOf.get(id) ?? []).map((g) => g.dependent));
    return { down, touched: grow(new Set(down), new Set([...down, ...shaken])).size };
  };
}

it('gives the same bytes for the same seed, and others for another', () => {
  const options = { services: 5000, seed: 1 };
  expect(digest(options)).toBe(digest(options));
  expect(digest({ ...options, seed: 2 })).not.toBe(digest(options));
});

it.each([1, 300, 9000])('gives valid rows that fit together (%i services)', (services) => {
  const inventory = generateInventory({ services, seed: 7 });
  const ids = Object.fromEntries(inventoryKinds.map((kind) => [kind, new Set<unknown>()]));
  for (const kind of inventoryKinds) {
    const columns = inventoryColumns(kind);
    for (const cells of inventory[kind]()) {
      expect(cells.length).toBe(columns.length);
      // The CSV is written without quotes.
      expect(cells.join('')).not.toMatch(/[",\n]/);
      const row = Object.fromEntries(columns.map((column, i) => [column, String(cells[i])]));
      expect(inventoryRowSchemas[kind].safeParse(row).error).toBeUndefined();
      if (row.id === undefined) continue;
      expect(ids[kind]!.has(row.id)).toBe(false);
      ids[kind]!.add(row.id);
      for (const column of ['department', 'datacentre', 'solution', 'customer'] as const) {
        if (row[column] !== undefined) expect(ids[`${column}s`]!.has(row[column])).toBe(true);
      }
    }
  }
  expect(ids.services!.size).toBe(services);
});

describe.each([20_000, 150_000])('an inventory of %i services', (services) => {
  const options = { services, seed: 3 };

  it('has the proportions of a hosting company', () => {
    const items = idsOf(options, 'items').length;
    expect(services / idsOf(options, 'customers').length).toBeCloseTo(5.64, 2);
    expect(services / items).toBeGreaterThan(20);
    expect(services / items).toBeLessThan(30);
    expect(idsOf(options, 'datacentres').length).toBe(3);
    expect(idsOf(options, 'solutions').length).toBeGreaterThan(100);
    const used = new Set<unknown>();
    for (const [, , solution] of generateInventory(options).services()) used.add(solution);
    expect(used.size).toBeGreaterThan(100);
    let rows = 0;
    for (const [dependent] of generateInventory(options).dependencies()) {
      if (String(dependent).startsWith('s-')) rows += 1;
    }
    expect(rows / services).toBeGreaterThan(2.45);
    expect(rows / services).toBeLessThan(2.7);
  });

  it('has redundancy of every kind, and services on services', () => {
    const kinds = new Map<string, number>();
    let onServices = 0;
    for (const { dependent, needs, members } of groupsOf(options).values()) {
      const kind = `${needs} of ${members.length}`;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (dependent.startsWith('s-') && members[0]!.startsWith('s-')) onServices += 1;
    }
    expect([...kinds.keys()]).toEqual(
      expect.arrayContaining(['1 of 1', '1 of 2', '2 of 3', '3 of 4', '6 of 8']),
    );
    expect(onServices / services).toBeGreaterThan(0.01);
  });

  it('names in dependencies only what exists, once in a group, and valid ids once each', () => {
    const items = idsOf(options, 'items');
    const ids = new Set([...items, ...idsOf(options, 'services')]);
    expect(ids.size).toBe(items.length + services);
    expect([...ids].filter((id) => !slugSchema.safeParse(id).success)).toEqual([]);
    const bad = [...groupsOf(options).values()].filter(
      ({ dependent, needs, members }) =>
        ![dependent, ...members].every((id) => ids.has(id)) ||
        new Set([dependent, ...members]).size <= members.length ||
        needs < 1 ||
        needs > members.length,
    );
    expect(bad).toEqual([]);
    const depended = new Set([...groupsOf(options).values()].map(({ dependent }) => dependent));
    expect([...ids].filter((id) => id.startsWith('s-') && !depended.has(id))).toEqual([]);
  });

  it('lets services depend only on services of the same customer', () => {
    const customers = new Map<unknown, unknown>();
    for (const [id, , , customer] of generateInventory(options).services()) {
      customers.set(id, customer);
    }
    const foreign = [...groupsOf(options).values()].filter(
      ({ dependent, members: [member] }) =>
        customers.has(member) && customers.get(member) !== customers.get(dependent),
    );
    expect(foreign).toEqual([]);
  });
});

describe('what changes take down', () => {
  const options = { services: 60_000, seed: 3 };
  const reach = createReach(options);
  const kinds = new Map<unknown, unknown>();
  for (const [id, kind] of generateInventory(options).items()) kinds.set(id, kind);

  it('is, with a rack, only what stands in it and what needs exactly that', () => {
    const racks = [...kinds].filter(([, kind]) => kind === 'rack').map(([id]) => String(id));
    const redundant = new Set([
      'cluster',
      'web-farm',
      'database-cluster',
      'mail-store',
      'rack-row',
    ]);
    for (const rack of racks) {
      const down = [...reach([rack]).down];
      expect(down.length).toBeGreaterThan(10);
      expect(down.filter((id) => redundant.has(String(kinds.get(id))))).toEqual([]);
    }
  });

  it('is everything in it with the building, and no item elsewhere', () => {
    const { down } = reach(['mad-building']);
    const outside = /^mad-(utility|carrier)-/;
    for (const [, , , datacentre, , id = ''] of Array.from(
      generateInventory(options).items(),
      (row) => [...row, row[0]] as const,
    )) {
      const falls = datacentre === 'mad' && !outside.test(String(id));
      expect(down.has(String(id)), String(id)).toBe(falls);
    }
  });

  it('is largest for the ten largest changes, the whole datacentre before all', () => {
    const changes = largestDisturbances(options);
    expect(changes.length).toBe(10);
    const sizes = changes.map(({ disturbances }) => {
      expect(disturbances.filter(({ item }) => !kinds.has(item))).toEqual([]);
      return reach(disturbances.map(({ item }) => item));
    });
    expect(Math.max(...sizes.map(({ touched }) => touched))).toBe(sizes[0]!.touched);
    // The least of them reaches most of a full row's 12,500 services: those that need storage.
    expect(Math.min(...sizes.map(({ touched }) => touched))).toBeGreaterThan(7500);
  });

  it('is asked for typical items, which are the same for the same arguments', () => {
    const items = randomItems(options, 500, 9);
    expect(items.length).toBe(500);
    expect(items.filter((id) => !kinds.has(id))).toEqual([]);
    expect(randomItems(options, 500, 9)).toEqual(items);
    expect(randomItems(options, 500, 10)).not.toEqual(items);
    const chosen = new Set(items.map((id) => kinds.get(id)));
    for (const kind of ['hypervisor', 'switch', 'rack', 'server', 'cluster']) {
      expect(chosen).toContain(kind);
    }
  });
});
