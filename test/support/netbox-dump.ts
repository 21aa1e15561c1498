import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One row of a Django data dump. */
export interface DumpRow {
  readonly model: string;
  readonly pk: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

const place = new URL('../../../shared/netbox/netbox-demo-v3.6.json', import.meta.url);

/** The NetBox community's demo data, which stands beside the project. @throws Error when it is absent. */
export function readNetboxDump(): readonly DumpRow[] {
  if (!existsSync(place)) {
    throw new Error(
      `NetBox's demo data is not at ${fileURLToPath(place)}: put the folder shared/ beside the project.`,
    );
  }
  return JSON.parse(readFileSync(place, 'utf8')) as DumpRow[];
}

/** The rows of one model, by id. */
export function rowsOf(dump: readonly DumpRow[], model: string): DumpRow[] {
  return dump.filter((row) => row.model === model).sort((a, b) => a.pk - b.pk);
}
