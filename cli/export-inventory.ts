import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  inventoryFormats,
  type InventoryFormat,
  type InventoryKind,
} from '../domain/inventory/inventory-kinds.ts';
import type { CliContext } from './context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from './errors.ts';

export interface ExportOptions {
  readonly format: InventoryFormat;
  readonly kinds: readonly InventoryKind[];
  readonly source?: string;
  /** Replaces the files of these kinds in a directory that has some already. */
  readonly force?: boolean;
}

export interface Exported {
  /** Of the inventory: all files are of it. */
  readonly version: number;
  readonly directory: string;
  /** Rows of each kind; kinds without any have no file in NDJSON, as an import takes no empty one. */
  readonly rows: Readonly<Partial<Record<InventoryKind, number>>>;
}

const attempts = 3;
const lineFeed = 0x0a;

/**
 * Writes files that are all of one version of the inventory: when an import commits in between, it begins again.
 * They stand under their names only when all of them are whole.
 */
export async function exportInventory(
  context: Pick<CliContext, 'apiUrl' | 'token'>,
  directory: string,
  options: ExportOptions,
): Promise<Exported> {
  await mkdir(directory, { recursive: true });
  if (options.force !== true && (await readdir(directory)).length > 0) {
    throw new CliError(
      `${directory} is not empty: give another directory, or --force to replace the files in it.`,
      exitCodes.usage,
    );
  }
  const partOf = (kind: InventoryKind) => join(directory, `.${kind}.${options.format}.part`);
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const found = await downloadAll(context, options, partOf);
      if (found === undefined) continue;
      await putInPlace(directory, options, found.rows, partOf);
      return { directory, ...found };
    }
  } finally {
    for (const kind of options.kinds) await rm(partOf(kind), { force: true });
  }
  throw new CliError(
    `Imports went on while the inventory was exported, ${attempts} times. Export when they have ended.`,
    exitCodes.conflict,
  );
}

/** Undefined when the kinds are not all of one version. */
async function downloadAll(
  context: Pick<CliContext, 'apiUrl' | 'token'>,
  options: ExportOptions,
  partOf: (kind: InventoryKind) => string,
): Promise<Pick<Exported, 'version' | 'rows'> | undefined> {
  const rows: Partial<Record<InventoryKind, number>> = {};
  let version: number | undefined;
  for (const kind of options.kinds) {
    const response = await download(context, kind, options);
    const isOf = Number(response.headers.get('ctc-inventory-version'));
    if (isOf !== (version ??= isOf)) {
      await response.body?.cancel();
      return undefined;
    }
    let lines = 0;
    // No value holds a line break.
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) {
          lines += 1;
        }
        done(null, chunk);
      },
    });
    // Customers are in it: for the eyes of whoever exports only.
    const file = createWriteStream(partOf(kind), { mode: 0o600 });
    await pipeline(Readable.fromWeb(response.body as never), count, file);
    rows[kind] = options.format === 'csv' ? lines - 1 : lines;
  }
  return { version: version ?? 0, rows };
}

async function download(
  { apiUrl, token }: Pick<CliContext, 'apiUrl' | 'token'>,
  kind: InventoryKind,
  { format, source }: ExportOptions,
): Promise<Response> {
  const query = new URLSearchParams({ format, ...(source === undefined ? {} : { source }) });
  const response = await fetch(`${apiUrl}/inventory/${kind}/export?${query.toString()}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (response.ok && response.body !== null) return response;
  throw toCliError(response.status, (await response.json()) as ProblemBody);
}

async function putInPlace(
  directory: string,
  { format, kinds }: ExportOptions,
  rows: Exported['rows'],
  partOf: (kind: InventoryKind) => string,
): Promise<void> {
  for (const kind of kinds) {
    // An import of the directory would find two files of the kind.
    for (const other of inventoryFormats.filter((each) => each !== format)) {
      await rm(join(directory, `${kind}.${other}`), { force: true });
    }
    const name = join(directory, `${kind}.${format}`);
    if (format === 'ndjson' && rows[kind] === 0) await rm(name, { force: true });
    else await rename(partOf(kind), name);
  }
}
