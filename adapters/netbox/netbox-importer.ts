import { DomainError } from '../../domain/errors.ts';
import { skippedKept, type NetboxImporter } from '../../domain/inventory/netbox-ports.ts';
import type { InventoryImporter } from '../../domain/inventory/ports.ts';
import { netboxParts } from './import-from-netbox.ts';
import { createNetboxClient } from './netbox-client.ts';
import { readToken, type NetboxSource } from './netbox-sources.ts';

/** Imports from the sources it is given, and from nowhere else: no request can name an address. */
export function createNetboxImporter(
  sources: readonly NetboxSource[],
  importer: Pick<InventoryImporter, 'import'>,
): NetboxImporter {
  return {
    sources: () => sources.map(({ name, url }) => ({ name, url })),

    async import(name, options) {
      const source = sources.find((each) => each.name === name);
      if (source === undefined) throw unknown(name, sources);
      const { url, mapping } = source;
      const client = createNetboxClient({ url, token: await readToken(source) });
      const { parts, skipped } = await netboxParts(client, mapping);
      const report = await importer.import(parts, { ...options, source: name, complete: true });
      return {
        ...report,
        skipped: skipped.slice(0, skippedKept),
        skippedCount: skipped.length,
      };
    },
  };
}

function unknown(name: string, sources: readonly NetboxSource[]): DomainError {
  const known = sources.map((source) => source.name).join(', ');
  return new DomainError('not-found', `There is no NetBox source "${name}".`, {
    code: 'no-such-netbox-source',
    remedy:
      known === ''
        ? 'None is configured: CTC_NETBOX_SOURCES names the file that lists them.'
        : `Use one of ${known}.`,
  });
}
