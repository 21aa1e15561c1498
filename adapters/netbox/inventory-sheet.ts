import {
  inventoryKinds,
  inventoryRowSchemas,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import type { SkippedObject } from '../../domain/inventory/netbox-ports.ts';

export type InventoryValues = Readonly<Record<string, string | number>>;
export type InventorySheets = Readonly<Record<InventoryKind, readonly InventoryValues[]>>;

const longestName = 200;

/** Collects rows that an import takes as they are, and what was left out. */
export function createInventorySheet(idPrefix: string) {
  const rows = Object.fromEntries(
    inventoryKinds.map((kind): [InventoryKind, InventoryValues[]] => [kind, []]),
  ) as Record<InventoryKind, InventoryValues[]>;
  const ids = Object.fromEntries(
    inventoryKinds.map((kind): [InventoryKind, Set<unknown>] => [kind, new Set()]),
  ) as Record<InventoryKind, Set<unknown>>;
  const skipped: SkippedObject[] = [];
  const skip = (what: string, why: string): void => void skipped.push({ what, why });
  const id = (key: string) => `${idPrefix}-${key}`;
  const has = (kind: InventoryKind, key: string) => ids[kind].has(id(key));
  const isNode = (key: string) => has('items', key) || has('services', key);

  return {
    rows: rows as InventorySheets,
    skipped: skipped as readonly SkippedObject[],
    id,
    has,
    skip,

    /** False, and reported, when the import would refuse the row. */
    add(kind: InventoryKind, what: string, row: InventoryValues): boolean {
      const checked = inventoryRowSchemas[kind].safeParse(row);
      if (checked.success) {
        rows[kind].push(row);
        ids[kind].add(row['id']);
        return true;
      }
      const [issue] = checked.error.issues;
      const column = String(issue?.path[0] ?? '');
      const value = JSON.stringify(row[column] ?? '').slice(0, 100);
      skip(what, `its ${column} ${value} cannot be used: ${issue?.message ?? ''}`);
      return false;
    },

    /** One group; members that were left out themselves are reported and no longer counted. */
    require(
      dependent: string,
      { name, needs, members }: { name: string; needs: number; members: readonly string[] },
    ): void {
      if (!isNode(dependent)) return; // reported already
      const there = [...new Set(members)].filter(isNode);
      for (const member of new Set(members)) {
        if (!there.includes(member)) {
          skip(`"${name}" of ${id(dependent)}`, `${id(member)} is not among what was read`);
        }
      }
      for (const member of there) {
        rows.dependencies.push({
          dependent: id(dependent),
          group: name,
          needs: Math.min(needs, there.length),
          member: id(member),
        });
      }
    },
  };
}
export type InventorySheet = ReturnType<typeof createInventorySheet>;

/** A name as the inventory has it: one line, no control characters, at most 200 characters. */
export function cleanName(...candidates: (string | null | undefined)[]): string {
  for (const candidate of candidates) {
    const name = (candidate ?? '')
      .toWellFormed()
      .replaceAll(/[\p{Cc}\s]+/gu, ' ')
      .trim();
    if (name === '') continue;
    // A character of two units must not be cut in half.
    return name.length <= longestName
      ? name
      : name
          .slice(0, longestName)
          .replace(/[\ud800-\udbff]$/u, '')
          .trim();
  }
  return '';
}

/** NetBox's slugs may have capitals, and end in what ours may not. */
export function cleanSlug(slug: string, otherwise: string): string {
  const cleaned = slug
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '');
  return cleaned.slice(0, 100).replace(/[._-]+$/, '') || otherwise;
}
