import { describe, expect, it } from 'vitest';
import { cleanName, cleanSlug } from './inventory-sheet.ts';
import { netboxMappingSchema, type NetboxMappingInput } from './netbox-mapping.ts';
import {
  netboxLists,
  type NetboxListName,
  type NetboxObject,
  type NetboxSnapshot,
} from './netbox-objects.ts';
import { netboxToInventory } from './netbox-to-inventory.ts';

const required: NetboxMappingInput = {
  country: 'ES',
  driver: 'local',
  availabilityPercent: 99.9,
  userLatencyMs: 10,
  contractLevel: 'business',
  departments: [{ id: 'infrastructure', name: 'Infrastructure' }],
};
type Objects = { [Name in NetboxListName]?: object[] };

const to = (id: number) => ({ id });
const active = { value: 'active' };
const site = (id: number, more: object = {}) => ({
  id,
  display: `Site ${id}`,
  name: `Site ${id}`,
  slug: `site-${id}`,
  ...more,
});
const device = (id: number, role: string, more: object = {}) => ({
  id,
  display: `Device ${id}`,
  name: `dev${id}`,
  role: { id: 1, name: role, slug: role },
  site: to(1),
  status: active,
  ...more,
});
type End = readonly [type: string, id: number, device?: number];
const cable = (id: number, a: End | End[], b: End | End[], status = 'connected') => {
  const ends = (side: End | End[]) =>
    (typeof side[0] === 'string' ? [side as End] : (side as End[])).map(
      ([object_type, object_id, owner]) => ({
        object_type,
        object_id,
        object: { device: owner === undefined ? null : to(owner) },
      }),
    );
  return {
    id,
    display: `#${id}`,
    status: { value: status },
    a_terminations: ends(a),
    b_terminations: ends(b),
  };
};
const interfaceOf = (owner: number, id: number): End => ['dcim.interface', id, owner];

/** Maps objects that went through the client's own schemas; a site 1 is always there. */
function map(objects: Objects, more: Partial<NetboxMappingInput> = {}) {
  const all: Objects = { sites: [site(1)], ...objects };
  const lists = (Object.keys(netboxLists) as NetboxListName[]).map((name) => [
    name,
    (all[name] ?? []).map(
      (object) => netboxLists[name].schema.parse(object) as NetboxObject<typeof name>,
    ),
  ]);
  const mapping = netboxMappingSchema.parse({ ...required, ...more });
  const { rows, skipped } = netboxToInventory(Object.fromEntries(lists) as NetboxSnapshot, mapping);
  const groups: Record<string, string> = {};
  for (const { dependent, group, needs, member } of rows.dependencies) {
    const key = `${dependent as string} ${group as string}`;
    groups[key] = `${groups[key] ?? `${needs as number} of`} ${member as string}`;
  }
  return { rows, skipped, groups };
}

describe('power from NetBox', () => {
  const panel = { powerPanels: [{ id: 1, display: 'P', name: 'P', site: to(1) }] };
  const racks = [{ id: 1, display: 'R', name: 'R', site: to(1) }];
  const feed = (id: number, more: object = {}) => ({
    id,
    display: `F${id}`,
    name: `F${id}`,
    power_panel: to(1),
    rack: to(1),
    status: active,
    ...more,
  });
  const port = (id: number, owner: number) => ({ id, device: to(owner) });
  const outlet = (id: number, owner: number, inlet?: number) => ({
    id,
    device: to(owner),
    power_port: inlet === undefined ? null : to(inlet),
  });
  const plug = (id: number, portId: number, owner: number, to: End, status?: string) =>
    cable(id, ['dcim.powerport', portId, owner], to, status);

  it('comes from either of two strips, each with a feed of its own', () => {
    const { groups, skipped } = map({
      ...panel,
      devices: [device(1, 'server'), device(2, 'pdu'), device(3, 'pdu')],
      powerFeeds: [feed(1, { rack: null }), feed(2, { rack: null })],
      powerPorts: [port(1, 1), port(2, 1), port(3, 2), port(4, 3)],
      powerOutlets: [outlet(1, 2, 3), outlet(2, 3, 4)],
      cables: [
        plug(1, 1, 1, ['dcim.poweroutlet', 1, 2]),
        plug(2, 2, 1, ['dcim.poweroutlet', 2, 3]),
        plug(3, 3, 2, ['dcim.powerfeed', 1]),
        plug(4, 4, 3, ['dcim.powerfeed', 2]),
      ],
    });
    expect(groups).toEqual({
      'nb-device-1 power': '1 of nb-device-2 nb-device-3',
      'nb-device-2 power': '1 of nb-power-feed-1',
      'nb-device-3 power': '1 of nb-power-feed-2',
      'nb-power-feed-1 panel': '1 of nb-power-panel-1',
      'nb-power-feed-2 panel': '1 of nb-power-panel-1',
    });
    expect(skipped).toEqual([]);
  });

  it('of a strip with two inlets is that of the inlet behind the outlet', () => {
    const { groups } = map({
      ...panel,
      devices: [device(1, 'server'), device(2, 'pdu'), device(3, 'server')],
      powerFeeds: [feed(1, { rack: null }), feed(2, { rack: null })],
      powerPorts: [port(1, 1), port(2, 1), port(3, 2), port(4, 2), port(5, 3)],
      powerOutlets: [outlet(1, 2, 3), outlet(2, 2, 4), outlet(3, 2, 4)],
      cables: [
        plug(1, 1, 1, ['dcim.poweroutlet', 1, 2]),
        plug(2, 2, 1, ['dcim.poweroutlet', 2, 2]),
        plug(3, 3, 2, ['dcim.powerfeed', 1]),
        plug(4, 4, 2, ['dcim.powerfeed', 2]),
        plug(5, 5, 3, ['dcim.poweroutlet', 3, 2]),
      ],
    });
    expect(groups).toMatchObject({
      'nb-device-1 power': '1 of nb-device-2',
      'nb-device-1 power-2': '1 of nb-power-feed-1 nb-power-feed-2',
      'nb-device-2 power': '1 of nb-power-feed-1 nb-power-feed-2',
      'nb-device-3 power': '1 of nb-device-2',
      'nb-device-3 power-2': '1 of nb-power-feed-2',
    });
  });

  it.each([
    [1, 2, '2 of nb-power-feed-1 nb-power-feed-2'],
    [2, 2, '1 of nb-power-feed-1 nb-power-feed-2'],
    [4, 2, '1 of nb-power-feed-1 nb-power-feed-2'],
    [2, 3, '2 of nb-power-feed-1 nb-power-feed-2 nb-power-feed-3'],
    [0, 2, undefined],
  ])('of %i ports without cables in a rack with %i feeds', (ports, feeds, expected) => {
    const { groups } = map({
      ...panel,
      racks,
      devices: [device(1, 'server', { rack: to(1) })],
      powerFeeds: Array.from({ length: feeds }, (_, i) => feed(i + 1)),
      powerPorts: Array.from({ length: ports }, (_, i) => port(i + 1, 1)),
    });
    expect(groups['nb-device-1 power']).toBe(expected);
  });

  it('does not count feeds that are not active, and cables that are only planned', () => {
    const { groups, skipped } = map({
      ...panel,
      racks,
      devices: [device(1, 'server', { rack: to(1) })],
      powerFeeds: [feed(1), feed(2, { status: { value: 'offline' } })],
      powerPorts: [port(1, 1), port(2, 1)],
      cables: [
        plug(1, 1, 1, ['dcim.powerfeed', 1], 'planned'),
        plug(2, 2, 1, ['dcim.powerfeed', 2]),
      ],
    });
    expect(groups['nb-device-1 power']).toBe('1 of nb-power-feed-1');
    expect(skipped.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      'cable #1: it is only planned (dcim.powerport 1 to dcim.powerfeed 1)',
      'cable #2: it leads to no active power source that was read (dcim.powerport 2 to dcim.powerfeed 2)',
    ]);
  });
});

describe('network from NetBox', () => {
  const trio = [device(1, 'router'), device(2, 'access-switch'), device(3, 'server')];

  it('is needed towards the outside only', () => {
    const { groups, skipped } = map({
      devices: trio,
      cables: [
        cable(1, interfaceOf(1, 10), interfaceOf(2, 20)),
        cable(2, interfaceOf(3, 30), interfaceOf(2, 21)),
      ],
    });
    expect(groups).toEqual({
      'nb-device-2 network': '1 of nb-device-1',
      'nb-device-3 network': '1 of nb-device-2',
    });
    expect(skipped).toEqual([]);
  });

  it('has redundancy where a device is linked to two', () => {
    const { groups } = map({
      devices: [...trio, device(4, 'access-switch')],
      cables: [
        cable(1, interfaceOf(3, 30), interfaceOf(2, 20)),
        cable(2, interfaceOf(3, 31), interfaceOf(4, 40)),
      ],
    });
    expect(groups).toEqual({ 'nb-device-3 network': '1 of nb-device-2 nb-device-4' });
  });

  it('goes to each end of a cable with several', () => {
    const { groups } = map({
      devices: [...trio, device(4, 'server')],
      cables: [cable(1, interfaceOf(2, 20), [interfaceOf(3, 30), interfaceOf(4, 40)])],
    });
    expect(groups).toEqual({
      'nb-device-3 network': '1 of nb-device-2',
      'nb-device-4 network': '1 of nb-device-2',
    });
  });

  it('takes other tiers, and calls the devices of a role otherwise', () => {
    const { groups, rows } = map(
      { devices: trio, cables: [cable(1, interfaceOf(2, 20), interfaceOf(3, 30))] },
      { tiers: [['server']], kindOf: { server: 'name-server' } },
    );
    expect(groups).toEqual({ 'nb-device-2 network': '1 of nb-device-3' });
    expect(rows.items.map(({ kind }) => kind)).toEqual(['router', 'access-switch', 'name-server']);
  });

  it('is not guessed between equals, over consoles or for management', () => {
    const { groups, skipped } = map({
      devices: [...trio, device(4, 'server'), device(5, 'pdu')],
      managementInterfaces: [to(31)],
      powerOutlets: [{ id: 1, device: to(5) }],
      cables: [
        cable(1, interfaceOf(3, 30), interfaceOf(4, 40)),
        cable(2, interfaceOf(3, 31), interfaceOf(2, 20)),
        cable(3, ['dcim.consoleport', 1, 2], ['dcim.consoleserverport', 2, 3]),
        cable(4, interfaceOf(5, 50), interfaceOf(2, 21)),
        cable(5, interfaceOf(3, 32), []),
      ],
    });
    expect(groups).toEqual({});
    expect(skipped.map(({ what }) => what)).toEqual([1, 2, 3, 4, 5].map((id) => `cable #${id}`));
    expect(skipped[0]?.why).toMatch(/which end needs the other is not known/);
    expect(skipped[2]?.why).toMatch(/a console carries no service/);
  });

  it('passes through a panel whose ports are given as from version 4.5 on', () => {
    const front = (id: number, owner: number, rear: number) => ({
      id,
      device: to(owner),
      rear_ports: [{ position: 1, rear_port: rear, rear_port_position: 1 }],
    });
    const { groups } = map({
      devices: [...trio, device(4, 'patch-panel'), device(5, 'patch-panel')],
      frontPorts: [front(1, 4, 11), front(2, 5, 12)],
      cables: [
        cable(1, interfaceOf(3, 30), ['dcim.frontport', 1, 4]),
        cable(2, ['dcim.rearport', 11, 4], ['dcim.rearport', 12, 5]),
        cable(3, ['dcim.frontport', 2, 5], interfaceOf(2, 20)),
      ],
    });
    expect(groups).toEqual({
      'nb-device-3 network': '1 of nb-device-2',
      'nb-device-3 network-2': '1 of nb-device-4',
      'nb-device-3 network-3': '1 of nb-device-5',
    });
  });

  it('does not end in a ring of panels', () => {
    const front = (id: number, rear: number) => ({
      id,
      device: to(4),
      rear_port: to(rear),
      rear_port_position: 1,
    });
    const { groups } = map({
      devices: [device(3, 'server'), device(4, 'patch-panel')],
      frontPorts: [front(1, 11), front(2, 12)],
      cables: [
        cable(1, [interfaceOf(3, 30), ['dcim.rearport', 12, 4]], ['dcim.frontport', 1, 4]),
        cable(2, ['dcim.rearport', 11, 4], ['dcim.frontport', 2, 4]),
      ],
    });
    expect(groups).toEqual({});
  });
});

describe('machines, customers and services from NetBox', () => {
  const cluster = (id: number, more: object = {}) => ({
    id,
    display: `C${id}`,
    name: `C${id}`,
    type: { id: 7, name: 'VMware' },
    ...more,
  });
  const machine = (id: number, more: object = {}) => ({
    id,
    display: `vm${id}`,
    name: `vm${id}`,
    ...more,
  });
  const tenants = [{ id: 5, display: 'Acme', name: 'Acme' }];
  const host = (id: number, more: object = {}) =>
    device(id, 'hypervisor', { cluster: to(1), ...more });

  it.each([
    [undefined, '2 of nb-device-1 nb-device-2 nb-device-3'],
    [0, '3 of nb-device-1 nb-device-2 nb-device-3'],
    [9, '1 of nb-device-1 nb-device-2 nb-device-3'],
  ])('have a cluster that may miss %s hosts', (spareHosts, expected) => {
    const { groups } = map(
      {
        clusters: [cluster(1)],
        devices: [host(1), host(2), host(3), host(4, { status: { value: 'offline' } })],
      },
      spareHosts === undefined ? {} : { spareHosts },
    );
    expect(groups['nb-cluster-1 hosts']).toBe(expected);
  });

  it('say when no host of a cluster is active', () => {
    const { skipped } = map({
      clusters: [cluster(1)],
      devices: [host(1, { status: { value: 'failed' } })],
    });
    expect(skipped).toEqual([{ what: 'hosts of nb-cluster-1', why: 'none of them is active' }]);
  });

  it('are where their cluster is, which is where its hosts are', () => {
    const { rows } = map({
      sites: [site(1), site(2)],
      devices: [host(1), host(2), device(3, 'server', { site: to(2) })],
      clusters: [
        cluster(1),
        cluster(2, { scope_type: 'dcim.site', scope: to(2) }),
        cluster(3, { scope_type: 'dcim.region', scope: to(2) }),
      ],
      virtualMachines: [
        machine(1, { cluster: to(1) }),
        machine(2, { cluster: to(2) }),
        machine(3, { cluster: to(3) }),
        machine(4, { device: to(3) }),
        machine(5, { site: to(2), cluster: to(1) }),
      ],
    });
    const places = Object.fromEntries(rows.items.map(({ id, datacentre }) => [id, datacentre]));
    expect(places).toMatchObject({
      'nb-cluster-1': 'nb-site-1',
      'nb-cluster-2': 'nb-site-2',
      'nb-cluster-3': 'nb-no-site',
      'nb-vm-1': 'nb-site-1',
      'nb-vm-2': 'nb-site-2',
      'nb-vm-3': 'nb-no-site',
      'nb-vm-4': 'nb-site-2',
      'nb-vm-5': 'nb-site-2',
    });
  });

  it('leave out and report what is at no site, where that is wanted', () => {
    const { rows, skipped } = map(
      {
        tenants,
        clusters: [cluster(1)],
        virtualMachines: [machine(1, { cluster: to(1), tenant: to(5) })],
      },
      { withoutSite: 'skip' },
    );
    expect(rows.items).toEqual([]);
    expect(rows.services).toEqual([]);
    expect(rows.dependencies).toEqual([]);
    expect(skipped.map(({ what }) => what)).toEqual(['nb-cluster-1', 'nb-vm-1', 'nb-service-vm-1']);
  });

  it('are services of their tenant or their cluster’s, one solution for a type of cluster', () => {
    const { rows, groups } = map({
      tenants,
      clusters: [cluster(1), cluster(2, { tenant: to(5) })],
      virtualMachines: [
        machine(1, { cluster: to(1) }),
        machine(2, { cluster: to(1), tenant: to(5) }),
        machine(3, { cluster: to(2) }),
        machine(4, { tenant: to(5) }),
      ],
    });
    expect(rows.customers).toEqual([
      { id: 'nb-tenant-5', name: 'Acme', country: 'ES', contract_level: 'business' },
    ]);
    expect(rows.services.map(({ id, solution, customer }) => [id, solution, customer])).toEqual([
      ['nb-service-vm-2', 'nb-cluster-type-7', 'nb-tenant-5'],
      ['nb-service-vm-3', 'nb-cluster-type-7', 'nb-tenant-5'],
      ['nb-service-vm-4', 'nb-virtual-machine', 'nb-tenant-5'],
    ]);
    expect(rows.solutions.map(({ id, name }) => [id, name])).toEqual([
      ['nb-cluster-type-7', 'Virtual machine: VMware'],
      ['nb-virtual-machine', 'Virtual machine'],
    ]);
    expect(groups['nb-service-vm-2 virtual-machine']).toBe('1 of nb-vm-2');
  });

  it('make services of devices only where that is wanted', () => {
    const objects = { tenants, devices: [device(1, 'server', { tenant: to(5) })] };
    expect(map(objects).rows.services).toEqual([]);
    const { rows, groups } = map(objects, { servicesFrom: ['device'], idPrefix: 'west' });
    expect(rows.services.map(({ id, solution }) => [id, solution])).toEqual([
      ['west-service-device-1', 'west-device-server'],
    ]);
    expect(groups).toEqual({ 'west-service-device-1 device': '1 of west-device-1' });
  });
});

describe('what NetBox allows and the inventory does not', () => {
  it('is made to fit: names, roles and missing names', () => {
    const { rows, skipped } = map({
      devices: [
        device(1, 'Blade_Chassis_', { name: ' a\tb\n c ' }),
        device(2, '__', { name: null }),
        device(3, 'x', { name: '😀'.repeat(150), parent_device: to(1) }),
        {
          ...device(4, 'x', { role: undefined }),
          device_role: { id: 1, name: 'Old', slug: 'old' },
        },
      ],
    });
    expect(rows.items.map(({ kind, name }) => [kind, name])).toEqual([
      ['blade_chassis', 'a b c'],
      ['device', 'Device 2'],
      ['x', '😀'.repeat(100)],
      ['old', 'dev4'],
    ]);
    expect(rows.dependencies).toEqual([
      { dependent: 'nb-device-3', group: 'chassis', needs: 1, member: 'nb-device-1' },
    ]);
    expect(skipped).toEqual([]);
  });

  it('is reported: places and members that the token did not show', () => {
    const { rows, skipped } = map({
      devices: [device(1, 'server', { site: to(9) }), device(2, 'server', { rack: to(8) })],
      circuits: [
        {
          id: 1,
          display: 'c',
          cid: 'c',
          type: { id: 1, name: 'MPLS' },
          provider: { id: 1, name: 'AT&T' },
          tenant: to(77),
        },
      ],
    });
    expect(rows.items.map(({ id }) => id)).toEqual(['nb-device-2', 'nb-circuit-1']);
    expect(skipped).toEqual([
      { what: 'nb-device-1', why: 'its site, nb-site-9, is not among what was read' },
      { what: 'nb-service-circuit-1', why: 'its tenant, nb-tenant-77, is not among what was read' },
      { what: '"rack" of nb-device-2', why: 'nb-rack-8 is not among what was read' },
    ]);
  });

  it('is replaced and reported: a time zone or country nobody knows', () => {
    const regions = [
      { id: 1, name: 'United States', slug: 'us' },
      { id: 2, name: 'Georgia', slug: 'us-ga', parent: to(1) },
      { id: 3, name: 'Atlantis', slug: 'atlantis' },
      { id: 4, name: 'Harbour', slug: 'harbour', parent: to(3) },
      { id: 5, name: 'UK', slug: 'uk' },
    ];
    const { rows, skipped } = map(
      {
        regions,
        sites: [
          site(1, { region: to(2), time_zone: 'America/New_York' }),
          site(2, { region: to(4) }),
          site(3, { time_zone: 'Mars/Olympus' }),
          site(4, { region: to(5) }),
        ],
      },
      { timeZone: 'Europe/Madrid' },
    );
    expect(rows.datacentres.map(({ country, time_zone }) => [country, time_zone])).toEqual([
      ['US', 'America/New_York'],
      ['ES', 'Europe/Madrid'],
      ['ES', 'Europe/Madrid'],
      ['GB', 'Europe/Madrid'],
    ]);
    expect(skipped.map(({ what }) => what)).toEqual([
      'country of site site-2',
      'time zone of site site-3',
    ]);
    const told = map(
      { regions, sites: [site(2, { region: to(4) })] },
      { countries: { atlantis: 'GR' } },
    );
    expect(told.rows.datacentres[0]?.['country']).toBe('GR');
    expect(told.skipped).toEqual([]);
  });

  it('keeps whole characters and lower case', () => {
    expect(cleanName(`${'a'.repeat(199)}😀`)).toBe('a'.repeat(199));
    expect(cleanName('\ud800', null)).toBe('\ufffd');
    expect(cleanName('', ' \n', 'third')).toBe('third');
    expect(cleanSlug('Ä--', 'otherwise')).toBe('otherwise');
    expect(cleanSlug('-ToR_Switch-', 'otherwise')).toBe('tor_switch');
  });
});

describe('the mapping of NetBox', () => {
  it('is refused when a department is not among the departments', () => {
    const { error } = netboxMappingSchema.safeParse({
      ...required,
      departmentOf: { rack: 'nobody' },
    });
    expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      'departmentOf.rack: there is no department "nobody"; add it to departments',
    ]);
  });
});
