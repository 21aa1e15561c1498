import { Readable } from 'node:stream';
import type { Knex } from 'knex';
import { v7 as uuidv7 } from 'uuid';
import { createInventoryImporter } from '../../adapters/postgres/inventory-importer.ts';
import type { Role } from '../../domain/access/roles.ts';
import { changeRequestSchema, type ChangeRequest } from '../../domain/change/change-request.ts';
import type { InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import type { ImportOptions, ImportReport } from '../../domain/inventory/ports.ts';
import { resolveWindow } from '../../domain/windows/window.ts';

export type CsvFiles = Partial<Record<InventoryKind | `remove-${InventoryKind}`, string>>;

/** The smallest company: one of each, and nothing to depend on. */
export const smallestCompany: CsvFiles = {
  departments: 'id,name\nhosting,Hosting\n',
  teams: 'id,name,department\nnight-crew,Night crew,hosting\n',
  datacentres:
    'id,name,country,time_zone,driver,availability_percent,user_latency_ms\n' +
    'mad,Madrid,ES,Europe/Madrid,local,99.9,10\n',
  solutions: 'id,name,department\nweb,Web,hosting\n',
  customers: 'id,name,country,contract_level\nacme,Acme,ES,gold\nbolt,Bolt,FR,basic\n',
};

/** Imports files given as text; fails on a bad line. */
export async function importCsv(
  db: Knex,
  files: CsvFiles,
  options: Partial<ImportOptions> = {},
): Promise<ImportReport> {
  async function* parts() {
    for (const [name, text] of Object.entries(files)) {
      const removes = name.startsWith('remove-');
      yield await Promise.resolve({
        kind: name.replace('remove-', '') as InventoryKind,
        format: 'csv' as const,
        stream: Readable.from([Buffer.from(text)]),
        removes,
      });
    }
  }
  const report = await createInventoryImporter(db).import(parts(), {
    importedBy: 'test',
    ...options,
  });
  if (report.badLineCount > 0) throw new Error(JSON.stringify(report.badLines.slice(0, 5)));
  return report;
}

export const addPrincipal = (db: Knex, id: string): Promise<void> =>
  addPeople(db, { [id]: ['requester', 'change-manager'] });

/** People with the roles that they hold everywhere; nothing of it stands in the log. */
export async function addPeople(
  db: Knex,
  people: Readonly<Record<string, readonly Role[]>>,
): Promise<void> {
  const at = new Date().toISOString();
  await db('principal').insert(
    Object.keys(people).map((id) => ({
      ...{ id, name: id, email: `${id}@example.com`, created_at: at },
    })),
  );
  const grants = Object.entries(people).flatMap(([principal, roles]) =>
    roles.map((role) => ({ principal, role })),
  );
  await db('role_grant').insert(
    grants.map((grant) => ({ id: uuidv7(), ...grant, granted_by: 'test', granted_at: at })),
  );
}

/** A request for a manual change, windows in UTC. */
export function manualRequest(given: {
  readonly start: string;
  readonly end: string;
  readonly items?: readonly string[];
  readonly team?: string;
  readonly after?: readonly string[];
}): ChangeRequest {
  const { start, end, items = [], team, after } = given;
  return changeRequestSchema.parse({
    kind: 'infrastructure',
    title: 'Replace a part',
    reason: 'it is worn out',
    department: 'hosting',
    window: { start, end, zone: 'UTC' },
    affects: items.map((item) => ({ item, effect: 'down' })),
    ...(team === undefined ? {} : { team }),
    ...(after === undefined ? {} : { after }),
    steps: ['do it'],
    rollbackSteps: ['undo it'],
  });
}

/** A change as it stands when it has been requested, without a workflow. */
export async function insertChange(
  db: Knex,
  requester: string,
  request: ChangeRequest,
): Promise<string> {
  const id = uuidv7();
  const window = resolveWindow(request.window);
  const at = new Date().toISOString();
  await db('change').insert({
    id,
    request_key: id,
    request_hash: 'none',
    kind: request.kind,
    class: request.class,
    title: request.title,
    department: request.department,
    requester,
    state: 'requested',
    revision: 1,
    version: 1,
    definition: JSON.stringify({ request, window }),
    window_opens_at: window.opensAt,
    window_closes_at: window.closesAt,
    created_at: at,
    updated_at: at,
  });
  return id;
}
