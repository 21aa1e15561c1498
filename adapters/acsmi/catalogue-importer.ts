import { Readable } from 'node:stream';
import type { CatalogueImporter } from '../../domain/acsmi/catalogue-ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { inventoryColumns } from '../../domain/inventory/inventory-kinds.ts';
import type { InventoryImporter, InventoryPart } from '../../domain/inventory/ports.ts';
import type { Patience } from '../patient-get.ts';
import { readCatalogueToken, type CatalogueSource } from './catalogue-sources.ts';
import { createHttpCatalogue } from './http-catalogue.ts';

/** Imports from the catalogues it is given, and from nowhere else: no request can name another address. */
export function createCatalogueImporter(
  sources: readonly CatalogueSource[],
  importer: Pick<InventoryImporter, 'import'>,
  patience: Patience = {},
): CatalogueImporter {
  return {
    sources: () => sources.map(({ name, url }) => ({ name, url })),

    async import(nameOrUrl, options) {
      const source = sources.find(({ name, url }) => name === nameOrUrl || url === nameOrUrl);
      if (source === undefined) throw unknown(nameOrUrl, sources);
      const { name, url } = source;
      const token = await readCatalogueToken(source);
      const lines: string[] = [];
      // All is read before anything is imported: half a catalogue would withdraw the other half.
      for await (const offer of createHttpCatalogue({ url, token, ...patience }).offers()) {
        lines.push(`${JSON.stringify(toRow(offer))}\n`);
      }
      return importer.import(onePart(lines), { ...options, source: name, complete: true });
    },
  };
}

const columns = inventoryColumns('offers').map((column) => [
  column,
  column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
]);

/** What a catalogue says beyond our columns is left out. */
function toRow(offer: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    columns.flatMap(([column = '', field = '']) =>
      offer[field] === undefined ? [] : [[column, offer[field]]],
    ),
  );
}

async function* onePart(lines: readonly string[]): AsyncGenerator<InventoryPart> {
  const kind = 'offers';
  yield await Promise.resolve<InventoryPart>(
    lines.length > 0
      ? { kind, format: 'ndjson', stream: Readable.from(lines.map((line) => Buffer.from(line))) }
      : // A file with nothing in it is taken for one that got lost; a header says that there is nothing.
        {
          kind,
          format: 'csv',
          stream: Readable.from([Buffer.from(`${inventoryColumns(kind).join(',')}\n`)]),
        },
  );
}

function unknown(given: string, sources: readonly CatalogueSource[]): DomainError {
  const known = sources.map(({ name, url }) => `${name} (${url})`).join(', ');
  return new DomainError('not-found', `There is no catalogue "${given}".`, {
    code: 'no-such-catalogue',
    remedy:
      known === ''
        ? 'None is configured: CTC_ACSMI_CATALOGUES names the file that lists them.'
        : `Use one of ${known}.`,
  });
}
