import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  inventoryColumns,
  inventoryKinds,
  inventoryRowSchemas,
} from '../domain/inventory/inventory-kinds.ts';
import { prepareGraph } from '../domain/impact/prepare-graph.ts';
import { csvOf } from './generate-inventory.ts';
import { generateInventory, type GeneratorOptions } from './inventory-generator.ts';

function digest(options: GeneratorOptions): string {
  const inventory = generateInventory(options);
  const sum = createHash('sha256');
  for (const kind of inventoryKinds) {
    for (const text of csvOf(kind, inventory[kind]())) sum.update(text);
  }
  return sum.digest('hex');
}

it('gives the same bytes for the same seed, and others for another', () => {
  const options = { services: 5000, seed: 1 };
  expect(digest(options)).toBe(digest(options));
  expect(digest({ ...options, seed: 2 })).not.toBe(digest(options));
});

it.each([1, 300, 9000])('gives valid rows that fit together (%i services)', (services) => {
  const inventory = generateInventory({ services, seed: 7 });
  const ids = Object.fromEntries(inventoryKinds.map((kind) => [kind, new Set<unknown>()]));
  const rowsOf = (kind: (typeof inventoryKinds)[number]) =>
    [...inventory[kind]()].map((cells) => {
      const columns = inventoryColumns(kind);
      expect(cells.length).toBe(columns.length);
      return Object.fromEntries(columns.map((column, i) => [column, String(cells[i])]));
    });
  for (const kind of inventoryKinds) {
    for (const row of rowsOf(kind)) {
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
  const groups = new Map<
    string,
    { dependent: string; name: string; needs: number; members: string[] }
  >();
  for (const { dependent, group, needs, member } of rowsOf('dependencies')) {
    const key = `${dependent} ${group}`;
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, {
        dependent: dependent!,
        name: group!,
        needs: Number(needs),
        members: [member!],
      });
    } else known.members.push(member!);
  }
  const nodes = (set: Set<unknown>) => [...set].map((id) => ({ id: String(id) }));
  // Refuses unknown and repeated members, and groups that need more than they have.
  const graph = prepareGraph({
    items: nodes(ids.items!),
    services: nodes(ids.services!),
    groups: [...groups.values()],
  });
  expect(graph.ids.length).toBe(ids.items!.size + services);
});
