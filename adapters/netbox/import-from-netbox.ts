import { Readable } from 'node:stream';
import * as z from 'zod';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import {
  inventoryColumns,
  inventoryKinds,
  type InventoryKind,
} from '../../domain/inventory/inventory-kinds.ts';
import type { SkippedObject } from '../../domain/inventory/netbox-ports.ts';
import type { InventoryPart } from '../../domain/inventory/ports.ts';
import type { InventoryValues } from './inventory-sheet.ts';
import type { NetboxClient } from './netbox-client.ts';
import { netboxMappingSchema, type NetboxMappingInput } from './netbox-mapping.ts';
import { netboxLists, type NetboxListName, type NetboxSnapshot } from './netbox-objects.ts';
import { netboxToInventory } from './netbox-to-inventory.ts';

export interface NetboxImport {
  /**
   * For the importer of inventories: one file for each kind that NetBox knows, without rows where it has none, so
   * that a complete import removes the last of a kind as well. May be read again.
   */
  readonly parts: AsyncIterable<InventoryPart>;
  readonly counts: Readonly<Partial<Record<InventoryKind, number>>>;
  readonly skipped: readonly SkippedObject[];
}

/** What NetBox does not know; a complete import of it leaves these as they are. */
const unknownToNetbox: ReadonlySet<InventoryKind> = new Set([
  'teams',
  'latencies',
  'providers',
  'offers',
]);

/** A list that grows or shrinks while it is read is begun again this often. */
const readings = 3;
const linesPerChunk = 500;

/**
 * Reads all of NetBox, then gives it as files of the inventory: nothing is imported from half a reading.
 * @throws DomainError `invalid` for a wrong mapping, and when NetBox has no site that can be used; and
 * as the client does.
 */
export async function netboxParts(
  client: NetboxClient,
  mapping: NetboxMappingInput,
  options: { readonly signal?: AbortSignal } = {},
): Promise<NetboxImport> {
  const checked = netboxMappingSchema.safeParse(mapping);
  if (!checked.success) {
    throw new DomainError('invalid', 'The mapping of NetBox to the inventory cannot be used.', {
      code: 'netbox-mapping-invalid',
      complaints: checked.error.issues.map(({ path, message }) => ({
        field: z.core.toDotPath(path),
        message,
      })),
      remedy: 'Correct the fields named.',
    });
  }
  const { rows, skipped } = netboxToInventory(await readNetbox(client, options), checked.data);
  if (rows.datacentres.length === 0) {
    throw new DomainError('invalid', 'NetBox has no site that can be imported.', {
      code: 'netbox-empty',
      complaints: skipped.slice(0, 10).map(({ what, why }) => ({ field: what, message: why })),
      remedy: 'Give a token that may view sites, and look whether NetBox has any.',
    });
  }
  const filled = inventoryKinds.filter((kind) => rows[kind].length > 0);
  return {
    counts: Object.fromEntries(filled.map((kind) => [kind, rows[kind].length])),
    skipped,
    parts: {
      async *[Symbol.asyncIterator]() {
        for (const kind of inventoryKinds.filter((each) => !unknownToNetbox.has(each))) {
          const part: InventoryPart = filled.includes(kind)
            ? { kind, format: 'ndjson', stream: Readable.from(toNdjson(rows[kind])) }
            : { kind, format: 'csv', stream: Readable.from([headerOf(kind)]) };
          yield await Promise.resolve(part);
        }
      },
    },
  };
}

/** Every list, one after the other: NetBox is somebody's working system. */
export async function readNetbox(
  client: NetboxClient,
  options: { readonly signal?: AbortSignal } = {},
): Promise<NetboxSnapshot> {
  const lists: [string, unknown][] = [];
  for (const name of Object.keys(netboxLists) as NetboxListName[]) {
    lists.push([name, await readList(client, name, options)]);
  }
  // Each list was read by its own name just above.
  return Object.fromEntries(lists) as unknown as NetboxSnapshot;
}

async function readList(
  client: NetboxClient,
  name: NetboxListName,
  options: { readonly signal?: AbortSignal },
): Promise<unknown[]> {
  for (let reading = 1; ; reading += 1) {
    try {
      const objects: unknown[] = [];
      for await (const object of client.list(name, options)) objects.push(object);
      return objects;
    } catch (error) {
      const mayHelp = isDomainError(error) && error.code === 'netbox-changed';
      if (!mayHelp || reading >= readings) throw error;
    }
  }
}

/** A file with nothing at all in it is taken for one that got lost; a header says that there is nothing. */
const headerOf = (kind: InventoryKind) => Buffer.from(`${inventoryColumns(kind).join(',')}\n`);

function* toNdjson(rows: readonly InventoryValues[]): Generator<Uint8Array> {
  for (let from = 0; from < rows.length; from += linesPerChunk) {
    const lines = rows.slice(from, from + linesPerChunk).map((row) => `${JSON.stringify(row)}\n`);
    yield Buffer.from(lines.join(''));
  }
}
