import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryRowSchemas, type InventoryKind } from '../../domain/inventory/inventory-kinds.ts';
import { readNetboxDump, rowsOf, type DumpRow } from '../../test/support/netbox-dump.ts';
import { startNetboxServer, type NetboxServerOptions } from '../../test/support/netbox-server.ts';
import { netboxParts, type NetboxImport } from './import-from-netbox.ts';
import { createNetboxClient } from './netbox-client.ts';
import type { NetboxMappingInput } from './netbox-mapping.ts';

const token = 'reader';
const mapping: NetboxMappingInput = {
  country: 'ES',
  driver: 'local',
  availabilityPercent: 99.9,
  userLatencyMs: 10,
  contractLevel: 'business',
  departments: [
    { id: 'facilities', name: 'Facilities' },
    { id: 'network', name: 'Network' },
  ],
  departmentOf: { router: 'network' },
};
type Files = Partial<Record<InventoryKind, string>>;
type Row = Record<string, string | number>;

let dump: readonly DumpRow[];
let server: Awaited<ReturnType<typeof startNetboxServer>>;
let imported: NetboxImport;
let files: Files;
beforeAll(async () => {
  dump = readNetboxDump();
  server = await startNetboxServer({ dump, token });
  imported = await netboxParts(client(250), mapping);
  files = await readFiles(imported);
});
afterAll(async () => server.close());

const client = (pageSize: number) => createNetboxClient({ url: server.url, token, pageSize });

async function readFiles({ parts }: NetboxImport): Promise<Files> {
  const found: Files = {};
  for await (const { kind, format, stream } of parts) {
    expect(format).toBe('ndjson');
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    found[kind] = Buffer.concat(chunks).toString();
  }
  return found;
}
const rows = (kind: InventoryKind): Row[] =>
  (files[kind] ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
const inDump = (...models: string[]): number =>
  models.reduce((sum, model) => sum + rowsOf(dump, model).length, 0);
/** Members of each group by dependent and name. */
const groups = () =>
  Map.groupBy(rows('dependencies'), ({ dependent, group }) => `${dependent ?? ''} ${group ?? ''}`);
const membersOf = (dependent: string, name: string) =>
  (groups().get(`${dependent} ${name}`) ?? []).map(({ member }) => member);

describe("NetBox's demo data as inventory", () => {
  it('has as many of each kind as NetBox', () => {
    expect(rows('departments')).toHaveLength(2);
    // And one for the clusters, none of which is at a site.
    expect(rows('datacentres')).toHaveLength(inDump('dcim.site') + 1);
    expect(rows('customers')).toHaveLength(inDump('tenancy.tenant'));
    const withTenant = rowsOf(dump, 'circuits.circuit').filter(
      ({ fields }) => fields['tenant'] !== null,
    );
    expect(rows('services')).toHaveLength(withTenant.length);
    expect(rows('solutions')).toHaveLength(
      new Set(withTenant.map(({ fields }) => fields['type'])).size,
    );
    const models = {
      rack: 'dcim.rack',
      'power-panel': 'dcim.powerpanel',
      'power-feed': 'dcim.powerfeed',
      circuit: 'circuits.circuit',
      cluster: 'virtualization.cluster',
      'virtual-machine': 'virtualization.virtualmachine',
    };
    for (const [kind, model] of Object.entries(models)) {
      expect(rows('items').filter((item) => item['kind'] === kind)).toHaveLength(inDump(model));
    }
    expect(rows('items')).toHaveLength(inDump('dcim.device', ...Object.values(models)));
    expect(imported.counts).toEqual(
      Object.fromEntries(
        (Object.keys(files) as InventoryKind[]).map((kind) => [kind, rows(kind).length]),
      ),
    );
  });

  it('gives devices the kind of their role, and that kind its department', () => {
    const roles = new Map(
      rowsOf(dump, 'dcim.devicerole').map(({ pk, fields }) => [pk, fields['slug']]),
    );
    const expected = Map.groupBy(rowsOf(dump, 'dcim.device'), ({ fields }) =>
      roles.get(fields['role'] as number),
    );
    for (const [kind, devices] of expected) {
      const items = rows('items').filter((item) => item['kind'] === kind);
      expect(items).toHaveLength(devices.length);
      const department = kind === 'router' ? 'network' : 'facilities';
      expect(new Set(items.map((item) => item['department']))).toEqual(new Set([department]));
    }
  });

  it('is of rows that an import takes, with ids and references that hold together', () => {
    for (const kind of Object.keys(files) as InventoryKind[]) {
      for (const row of rows(kind))
        expect(inventoryRowSchemas[kind].safeParse(row).success).toBe(true);
    }
    const ids = (kind: InventoryKind) => new Set(rows(kind).map(({ id }) => id));
    const nodes = [...rows('items'), ...rows('services')].map(({ id }) => id);
    expect(new Set(nodes).size).toBe(nodes.length);
    for (const item of rows('items')) {
      expect(ids('datacentres')).toContain(item['datacentre']);
      expect(ids('departments')).toContain(item['department']);
    }
    for (const service of rows('services')) {
      expect(ids('solutions')).toContain(service['solution']);
      expect(ids('customers')).toContain(service['customer']);
    }
    for (const row of rows('dependencies')) {
      expect(nodes).toContain(row['dependent']);
      expect(nodes).toContain(row['member']);
      expect(row['member']).not.toBe(row['dependent']);
    }
    for (const members of groups().values()) {
      expect(new Set(members.map(({ member }) => member)).size).toBe(members.length);
      expect(new Set(members.map(({ needs }) => needs)).size).toBe(1);
      expect(members[0]?.['needs']).toBeGreaterThanOrEqual(1);
      expect(members[0]?.['needs']).toBeLessThanOrEqual(members.length);
    }
  });

  it('has no circle', () => {
    const members = Map.groupBy(rows('dependencies'), ({ dependent }) => dependent);
    const done = new Set<unknown>();
    const visit = (node: unknown, above: readonly unknown[]): void => {
      expect(above).not.toContain(node);
      if (done.has(node)) return;
      done.add(node);
      for (const { member } of members.get(node as string) ?? []) visit(member, [...above, node]);
    };
    for (const node of members.keys()) visit(node, []);
  });

  it('takes the country of a site from its regions', () => {
    const sites = rows('datacentres').filter(({ id }) => id !== 'nb-no-site');
    expect(new Set(sites.map(({ country }) => country))).toEqual(new Set(['US']));
  });

  it('puts every device into its rack, and every machine onto its cluster', () => {
    for (const { pk, fields } of rowsOf(dump, 'dcim.device')) {
      expect(membersOf(`nb-device-${pk}`, 'rack')).toEqual([`nb-rack-${String(fields['rack'])}`]);
    }
    for (const { pk, fields } of rowsOf(dump, 'virtualization.virtualmachine')) {
      const cluster = `nb-cluster-${String(fields['cluster'])}`;
      expect(membersOf(`nb-vm-${pk}`, 'cluster')).toEqual([cluster]);
    }
  });

  it('knows the power of what is cabled, and that one of two feeds is enough', () => {
    const outlets = new Map(
      rowsOf(dump, 'dcim.poweroutlet').map(({ fields }) => [fields['cable'], fields['device']]),
    );
    const portsOf = Map.groupBy(rowsOf(dump, 'dcim.powerport'), ({ fields }) => fields['device']);
    const feedsOf = Map.groupBy(rowsOf(dump, 'dcim.powerfeed'), ({ fields }) => fields['rack']);
    let cabled = 0;
    let onTwoFeeds = 0;
    for (const { pk, fields } of rowsOf(dump, 'dcim.device')) {
      const ports = portsOf.get(pk) ?? [];
      const power = groups().get(`nb-device-${pk} power`) ?? [];
      const members = power.map(({ member }) => member);
      const source = outlets.get(
        ports.find((port) => port.fields['cable'] !== null)?.fields['cable'],
      );
      const feeds = (feedsOf.get(fields['rack']) ?? []).map((feed) => `nb-power-feed-${feed.pk}`);
      if (source !== undefined) {
        cabled += 1;
        expect(members).toEqual([`nb-device-${source as number}`]);
      } else if (ports.length >= 2 && feeds.length === 2) {
        onTwoFeeds += 1;
        expect(members).toEqual(feeds);
        expect(power.map(({ needs }) => needs)).toEqual([1, 1]);
      } else expect(members).toEqual([]);
    }
    expect([cabled, onTwoFeeds]).toEqual([26, 11]);
    for (const { pk, fields } of rowsOf(dump, 'dcim.powerfeed')) {
      const panel = `nb-power-panel-${String(fields['power_panel'])}`;
      expect(membersOf(`nb-power-feed-${pk}`, 'panel')).toEqual([panel]);
    }
  });

  it('knows what leads to the outside: switch, router, circuit', () => {
    // Two cables to the same router are no redundancy; two circuits are.
    expect(membersOf('nb-device-14', 'network')).toEqual(['nb-device-1']);
    expect(membersOf('nb-device-1', 'network')).toEqual(['nb-circuit-1', 'nb-circuit-19']);
    // To either core switch, but always over the same two panels and the fibre between.
    expect(membersOf('nb-device-93', 'network')).toEqual(['nb-device-96', 'nb-device-97']);
    const alone = [2, 3, 4].flatMap((n) => membersOf('nb-device-93', `network-${n}`));
    expect(alone).toEqual(['nb-circuit-30', 'nb-device-87', 'nb-device-90']);
    expect(membersOf('nb-device-96', 'network')).toEqual([]);
  });

  it('makes a circuit with a tenant a service that needs the circuit and what it ends at', () => {
    const service = 'nb-service-circuit-30';
    expect(rows('services').find(({ id }) => id === service)).toEqual({
      id: service,
      name: 'Dark Fiber 319031',
      solution: 'nb-circuit-type-4',
      customer: 'nb-tenant-13',
    });
    expect(membersOf(service, 'circuit')).toEqual(['nb-circuit-30']);
    expect(membersOf(service, 'end-a')).toEqual(['nb-device-87']);
    expect(membersOf(service, 'end-z')).toEqual(['nb-device-90']);
  });

  it('says of which devices the power is not known', () => {
    // 13 power strips that nothing feeds, and three switches that hang on nothing.
    expect(imported.skipped).toHaveLength(16);
    for (const { what } of imported.skipped) expect(what).toMatch(/^power of nb-device-\d+$/);
  });

  it('is the same the second time, whatever the size of the pages', async () => {
    const again = await netboxParts(client(33), mapping);
    expect(await readFiles(again)).toEqual(files);
    expect(again.skipped).toEqual(imported.skipped);
    // The parts can be read more than once, by a dry run and the import after it.
    expect(await readFiles(imported)).toEqual(files);
  });
});

describe('an import from a NetBox that is not well', () => {
  const withServer = async <Result>(
    behaviour: Partial<NetboxServerOptions>,
    use: (url: string, requests: readonly URL[]) => Promise<Result>,
  ): Promise<Result> => {
    const other = await startNetboxServer({ dump, token, ...behaviour });
    try {
      return await use(other.url, other.requests);
    } finally {
      await other.close();
    }
  };

  it('survives answers of 429 and 500 in the midst of it', async () => {
    const instead = (n: number) =>
      n % 5 === 0
        ? { status: n % 2 === 0 ? 429 : 500, headers: { 'retry-after': '0' } }
        : undefined;
    await withServer({ instead }, async (url) => {
      const again = await netboxParts(createNetboxClient({ url, token, pageSize: 40 }), mapping);
      expect(await readFiles(again)).toEqual(files);
    });
  });

  it('reads a list again that changed under its hands', async () => {
    let isFirst = true;
    const alter: NetboxServerOptions['alter'] = (page, { pathname, searchParams }) => {
      if (!isFirst || pathname !== '/api/dcim/racks/' || !searchParams.has('offset')) return page;
      isFirst = false;
      return { ...page, count: page.count - 1 };
    };
    await withServer({ alter }, async (url, requests) => {
      const again = await netboxParts(createNetboxClient({ url, token, pageSize: 30 }), mapping);
      expect(await readFiles(again)).toEqual(files);
      expect(requests.filter(({ pathname }) => pathname === '/api/dcim/racks/')).toHaveLength(4);
    });
  });

  it('gives nothing at all when one list cannot be read', async () => {
    const instead = (_n: number, { pathname }: URL) =>
      pathname === '/api/circuits/circuits/' ? { status: 403 } : undefined;
    await withServer({ instead }, async (url) => {
      await expect(netboxParts(createNetboxClient({ url, token }), mapping)).rejects.toMatchObject({
        kind: 'forbidden',
        message: expect.stringContaining('/api/circuits/circuits/') as string,
      });
    });
  });

  it('says so when there is no site', async () => {
    await withServer({ dump: [] }, async (url) => {
      await expect(netboxParts(createNetboxClient({ url, token }), mapping)).rejects.toMatchObject({
        kind: 'invalid',
        code: 'netbox-empty',
      });
    });
  });

  it('names the field of the mapping that is wrong before anything is read', async () => {
    const wrong = { ...mapping, country: 'Spain' };
    await withServer({}, async (url, requests) => {
      await expect(netboxParts(createNetboxClient({ url, token }), wrong)).rejects.toMatchObject({
        code: 'netbox-mapping-invalid',
        complaints: [{ field: 'country' }],
      });
      expect(requests).toEqual([]);
    });
  });
});
