import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import {
  inventoryColumns,
  inventoryKinds,
  type InventoryKind,
} from '../domain/inventory/inventory-kinds.ts';
import { generateInventory, type GeneratorOptions } from './inventory-generator.ts';

const usage = 'node tools/generate-inventory.ts --services 100000 --out DIRECTORY [--seed 1]';

/** Lines of a CSV file in pieces of some 64 KiB; no generated value holds a comma or a quote. */
export function* csvOf(
  kind: InventoryKind,
  rows: Iterable<readonly (string | number)[]>,
): Generator<string> {
  let text = `${inventoryColumns(kind).join(',')}\n`;
  for (const row of rows) {
    text += `${row.join(',')}\n`;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Writes one CSV file for each kind into the directory; the same options give the same bytes. */
export async function writeInventory(directory: string, options: GeneratorOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const inventory = generateInventory(options);
  for (const kind of inventoryKinds) {
    await pipeline(
      Readable.from(csvOf(kind, inventory[kind]())),
      createWriteStream(join(directory, `${kind}.csv`)),
    );
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new TypeError(`--${name} "${text}": use a whole number from ${least} to ${most}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      services: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (values.services === undefined || values.out === undefined) {
    throw new TypeError('--services and --out are needed');
  }
  const services = wholeNumber('services', values.services, 1, 100_000_000);
  const seed = wholeNumber('seed', values.seed, 0, 2 ** 32 - 1);
  await writeInventory(values.out, { services, seed });
  console.log(`${inventoryKinds.length} files for ${services} services in ${values.out}`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\nusage: ${usage}`);
    process.exitCode = 2;
  }
}
