import type { Disturbance } from '../domain/impact/impact.ts';
import { optionalColumns, type InventoryKind } from '../domain/inventory/inventory-kinds.ts';

export interface GeneratorOptions {
  readonly services: number;
  readonly seed: number;
}

type Row = readonly (string | number)[];
/** Rows in the order of the kind's columns; started anew at each call. */
export type GeneratedInventory = Readonly<Record<InventoryKind, () => Iterable<Row>>>;

const sites = [
  ['mad', 'Madrid', 'ES', 'Europe/Madrid'],
  ['bcn', 'Barcelona', 'ES', 'Europe/Madrid'],
  ['par', 'Paris', 'FR', 'Europe/Paris'],
  ['lis', 'Lisbon', 'PT', 'Europe/Lisbon'],
  ['fra', 'Frankfurt', 'DE', 'Europe/Berlin'],
  ['mil', 'Milan', 'IT', 'Europe/Rome'],
  ['lon', 'London', 'GB', 'Europe/London'],
  ['ams', 'Amsterdam', 'NL', 'Europe/Amsterdam'],
  ['waw', 'Warsaw', 'PL', 'Europe/Warsaw'],
  ['sto', 'Stockholm', 'SE', 'Europe/Stockholm'],
  ['dub', 'Dublin', 'IE', 'Europe/Dublin'],
  ['vie', 'Vienna', 'AT', 'Europe/Vienna'],
] as const;

const departments = [
  ['facilities', 'Datacentre facilities'],
  ['network', 'Network'],
  ['compute', 'Compute and virtualisation'],
  ['storage', 'Storage and backup'],
  ['web-platform', 'Web platform'],
  ['mail', 'Mail'],
  ['domains', 'Domains and DNS'],
  ['databases', 'Databases'],
  ['security', 'Security'],
  ['commerce', 'Online shops'],
  ['collaboration', 'Collaboration'],
  ['cloud-platform', 'Cloud platform'],
] as const;

/** Departments with people at each site; the others work from afar. */
const fieldDepartments: readonly string[] = ['facilities', 'network', 'compute', 'storage'];

/** The team of the generated inventory that carries out what a department does in a datacentre. */
export function teamFor(department: string, datacentre: string): string {
  return `${department}-${fieldDepartments.includes(department) ? datacentre : 'nights'}`;
}

/** Department, what its services stand on, share in 10,000 services, id, name, tiers: a solution each. */
// prettier-ignore
const products = [
  ['web-platform', 'web', 1700, 'web-hosting', 'Web hosting', 'starter basic plus pro business agency enterprise'],
  ['web-platform', 'web', 400, 'windows-hosting', 'Windows hosting', 'basic pro business'],
  ['web-platform', 'web', 700, 'wordpress', 'Managed WordPress', 'starter pro business enterprise'],
  ['web-platform', 'web', 250, 'site-builder', 'Site builder', 'personal plus business'],
  ['web-platform', 'web', 100, 'reseller-hosting', 'Reseller hosting', 's m l'],
  ['web-platform', 'web', 100, 'app-hosting', 'Application hosting', 'php node python java'],
  ['mail', 'mail', 1600, 'mailbox', 'Mailbox', '2gb 10gb 25gb 50gb 100gb'],
  ['mail', 'mail', 400, 'exchange', 'Hosted Exchange', 'basic standard premium'],
  ['mail', 'mail', 200, 'mail-security', 'Mail security', 'filter archive encryption'],
  ['mail', 'mail', 100, 'mail-relay', 'Mail relay', '10k 100k 1m'],
  ['domains', 'names', 1300, 'domain', 'Domain', 'com es eu fr pt it de net org co-uk'],
  ['domains', 'names', 200, 'dns', 'Managed DNS', 'basic premium anycast'],
  ['compute', 'machine', 700, 'vps', 'Virtual server', 'xs s m l xl 2xl'],
  ['compute', 'machine', 200, 'windows-server', 'Virtual Windows server', 's m l xl'],
  ['compute', 'machine', 50, 'gpu-server', 'GPU server', 's l'],
  ['compute', 'server', 100, 'dedicated', 'Dedicated server', 'entry advance pro storage gpu'],
  ['facilities', 'rack', 20, 'housing', 'Housing', '1u 2u half-rack full-rack'],
  ['databases', 'database', 300, 'mysql', 'Managed MySQL', 's m l xl'],
  ['databases', 'database', 200, 'postgresql', 'Managed PostgreSQL', 's m l xl'],
  ['databases', 'database', 80, 'mariadb', 'Managed MariaDB', 's m l'],
  ['databases', 'database', 50, 'mongodb', 'Managed MongoDB', 's m l'],
  ['databases', 'database', 50, 'redis', 'Managed Redis', 's m l'],
  ['databases', 'database', 40, 'sql-server', 'Managed SQL Server', 's m l'],
  ['storage', 'backup', 350, 'backup', 'Backup', '50gb 250gb 1tb 5tb'],
  ['storage', 'copies', 50, 'disaster-recovery', 'Disaster recovery', 'standard premium'],
  ['storage', 'objects', 150, 'object-storage', 'Object storage', 'standard archive'],
  ['storage', 'replicas', 50, 'replicated-storage', 'Replicated object storage', 'standard premium'],
  ['storage', 'disk', 70, 'block-storage', 'Block storage', 'ssd hdd'],
  ['storage', 'disk', 30, 'file-storage', 'File storage', '1tb 5tb'],
  ['security', 'certificate', 450, 'ssl', 'TLS certificate', 'domain organisation extended wildcard'],
  ['security', 'firewall', 80, 'managed-firewall', 'Managed firewall', 's m l'],
  ['security', 'origin', 60, 'web-firewall', 'Web application firewall', 'basic pro'],
  ['security', 'firewall', 40, 'vpn', 'VPN', 'site user'],
  ['network', 'origin', 120, 'cdn', 'Content delivery', 'basic pro enterprise'],
  ['network', 'balancer', 40, 'load-balancer', 'Load balancer', 's m l'],
  ['network', 'firewall', 40, 'private-network', 'Private network', 'basic dedicated'],
  ['commerce', 'shop', 120, 'shop', 'Online shop', 'starter pro business enterprise'],
  ['commerce', 'shop', 40, 'booking', 'Online booking', 'basic pro'],
  ['collaboration', 'office', 120, 'office', 'Office suite', 'basic business enterprise'],
  ['collaboration', 'office', 50, 'drive', 'Shared drive', '100gb 1tb'],
  ['collaboration', 'office', 30, 'meetings', 'Video meetings', 'basic pro'],
  ['cloud-platform', 'clusters', 60, 'kubernetes', 'Managed Kubernetes', 's m l'],
  ['cloud-platform', 'clusters', 20, 'queue', 'Message queue', 's m l'],
  ['cloud-platform', 'clusters', 20, 'registry', 'Image registry', 'basic pro'],
] as const;
type Standing = (typeof products)[number][1];
interface Solution {
  readonly id: string;
  readonly name: string;
  readonly department: string;
  readonly standing: Standing;
}

/** The cheaper the tier, the more services it has; `lots` holds each solution as often as its share. */
const solutions: Solution[] = [];
const lots: number[] = [];
for (const [department, standing, share, id, name, tiers] of products) {
  const names = tiers.split(' ');
  const whole = names.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  for (const [i, tier] of names.entries()) {
    const label = /^(\d|x*[sml]$)/.test(tier) ? tier.toUpperCase() : tier;
    solutions.push({ id: `${id}-${tier}`, name: `${name} ${label}`, department, standing });
    const count = Math.max(1, Math.round(share / (i + 1) / whole));
    for (let n = 0; n < count; n += 1) lots.push(solutions.length - 1);
  }
}
const lotTable = Uint16Array.from(lots);
const shops = solutions.flatMap(({ standing }, i) => (standing === 'shop' ? [i] : []));

/** Name, cores, memory in MB, storage in GB, price a month. */
const machines = [
  ['small', 1, 1024, 10, 9],
  ['compute', 2, 2048, 10, 21],
  ['storage', 1, 4096, 100, 26],
  ['large', 8, 16_384, 200, 82],
] as const;

const countries = ['ES', 'ES', 'ES', 'FR', 'PT', 'IT', 'DE', 'GB'];
const contractLevels = ['basic', 'basic', 'basic', 'business', 'business', 'premium'];

/** A block is four racks whose clusters stand in all of them, so that each survives the loss of one rack. */
const servicesPerBlock = 2500;
const racksPerBlock = 4;
const blocksPerRow = 5;
const rowsPerRoom = 5;

/** What stands in the racks of a block, in turn: kind, department, number in a block. */
const devices = {
  hv: ['hypervisor', 'compute', 24],
  server: ['server', 'compute', 24],
  web: ['web-node', 'web-platform', 8],
  db: ['database-server', 'databases', 6],
  'mail-node': ['mail-server', 'mail', 4],
  'object-node': ['storage-node', 'storage', 4],
  'backup-node': ['backup-server', 'storage', 2],
  lb: ['load-balancer', 'network', 2],
} as const;
type Device = keyof typeof devices;

/** What is made of devices: kind, department, number in a block, of which and how many, how many it needs. */
const clusters = {
  vms: ['cluster', 'compute', 3, 'hv', 8, 6],
  farm: ['web-farm', 'web-platform', 2, 'web', 4, 3],
  dbs: ['database-cluster', 'databases', 2, 'db', 3, 2],
  store: ['mail-store', 'mail', 2, 'mail-node', 2, 1],
  objects: ['object-store', 'storage', 1, 'object-node', 4, 3],
  backup: ['backup-pool', 'storage', 1, 'backup-node', 2, 1],
} as const;
type Cluster = keyof typeof clusters;

/** The rest of what is worked on: kind and department. */
const surroundings = {
  rack: ['rack', 'facilities'],
  tor: ['switch', 'network'],
  row: ['rack-row', 'facilities'],
  pdu: ['power-distribution', 'facilities'],
  cooling: ['cooling-unit', 'facilities'],
  agg: ['aggregation-switch', 'network'],
  san: ['storage-array', 'storage'],
  room: ['room', 'facilities'],
  ups: ['ups', 'facilities'],
  core: ['core-switch', 'network'],
  feed: ['power-feed', 'facilities'],
  building: ['building', 'facilities'],
} as const;

const parts = { ...devices, ...clusters, ...surroundings };
/** What changes are made to: the middle of an item's id. */
export type ItemPart = keyof typeof parts;

const numbered = (start: string, count: number, after = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${start}-${after + i + 1}`);
const sides = (start: string): string[] => [`${start}-a`, `${start}-b`];

/** Where a company of this size has what; blocks go to the sites in turn. */
function createLayout(services: number) {
  const blockCount = Math.max(3, Math.ceil(services / servicesPerBlock));
  const datacentres = sites.slice(0, 3 + Math.floor(blockCount / 200)); // 6 at 1.5 million, 12 at most
  const siteCount = datacentres.length;
  const siteOf = (index: number): string => datacentres[index % siteCount]?.[0] ?? 'mad';
  const blocksAt = (site: number): number => Math.ceil((blockCount - site) / siteCount);

  /** The ids of a part that belong to a block, or to the row, room or site that the block is in. */
  const idsOf = (part: ItemPart, block: number): string[] => {
    const site = siteOf(block);
    const place = Math.floor(block / siteCount); // within the site
    const within = place % blocksPerRow;
    const rowNumber = Math.floor(place / blocksPerRow);
    const row = `${site}-row-${rowNumber + 1}`;
    const room = `${site}-room-${Math.floor(rowNumber / rowsPerRoom) + 1}`;
    switch (part) {
      case 'building':
        return [`${site}-building`];
      case 'feed':
        return sides(`${site}-feed`);
      case 'core':
        return numbered(`${site}-core`, 2);
      case 'room':
        return [room];
      case 'ups':
        return sides(`${room}-ups`);
      case 'row':
        return [row];
      case 'pdu':
        return sides(`${row}-pdu`);
      case 'cooling':
        return numbered(`${row}-cooling`, 3);
      case 'agg':
      case 'san':
        return numbered(`${row}-${part}`, 2);
      case 'rack':
        return numbered(`${row}-rack`, racksPerBlock, within * racksPerBlock);
      case 'tor':
        return numbered(`${row}-tor`, racksPerBlock, within * racksPerBlock).flatMap(sides);
      default: {
        const count = isDevice(part) ? devices[part][2] : clusters[part][2];
        return numbered(`${row}-${part}`, count, within * count);
      }
    }
  };
  return { blockCount, datacentres, siteCount, siteOf, blocksAt, idsOf };
}
type Layout = ReturnType<typeof createLayout>;

function isDevice(part: string): part is Device {
  return part in devices;
}

/** Name of a group, how many members it needs, the members. */
type Group = readonly [name: string, needs: number, members: readonly string[]];
const all = (name: string, ...members: string[]): Group => [name, members.length, members];
const any = (name: string, members: readonly string[]): Group => [name, 1, members];
const allBut = (spare: number, name: string, members: readonly string[]): Group => [
  name,
  members.length - spare,
  members,
];

interface Equipment {
  readonly id: string;
  readonly kind: string;
  readonly department: string;
  readonly groups: readonly Group[];
}
const of = (id: string, kind: string, department: string, ...groups: Group[]): Equipment => ({
  id,
  kind,
  department,
  groups,
});

function* siteEquipment(site: string): Iterable<Equipment> {
  const at = (name: string): string => `${site}-${name}`;
  const inside = all('building', at('building'));
  const power = any('power', sides(at('feed')));
  const core = any('core', numbered(at('core'), 2));
  yield of(at('building'), 'building', 'facilities');
  for (const x of ['a', 'b']) {
    yield of(at(`utility-${x}`), 'utility-line', 'facilities');
    yield of(at(`generator-${x}`), 'generator', 'facilities', inside);
    const sources = any('sources', [at(`utility-${x}`), at(`generator-${x}`)]);
    yield of(at(`feed-${x}`), 'power-feed', 'facilities', inside, sources);
  }
  for (const id of numbered(at('chiller'), 3)) yield of(id, 'chiller', 'facilities', inside, power);
  const carriers = numbered(at('carrier'), 3);
  for (const id of carriers) yield of(id, 'circuit', 'network');
  for (const id of numbered(at('edge'), 2)) {
    yield of(id, 'edge-router', 'network', inside, power, allBut(1, 'carriers', carriers));
  }
  const uplink = any('uplink', numbered(at('edge'), 2));
  for (const id of numbered(at('core'), 2)) {
    yield of(id, 'core-switch', 'network', inside, power, uplink);
  }
  for (const id of numbered(at('firewall'), 2)) yield of(id, 'firewall', 'security', core);
  for (const id of numbered(at('dns'), 2)) yield of(id, 'name-server', 'domains', core);
  yield of(at('dns'), 'name-service', 'domains', any('nodes', numbered(at('dns'), 2)));
  for (const id of numbered(at('cache'), 3)) yield of(id, 'cache-server', 'network', core);
  yield of(at('cache'), 'cache', 'network', allBut(1, 'nodes', numbered(at('cache'), 3)));
  // Circles exist in every real inventory: here one with redundancy, and one without.
  const directories = any('directory', numbered(at('directory'), 2));
  const resolvers = any('names', numbered(at('resolver'), 2));
  for (const id of numbered(at('directory'), 2)) {
    yield of(id, 'directory', 'security', core, resolvers);
  }
  for (const id of numbered(at('resolver'), 2)) {
    yield of(id, 'resolver', 'domains', core, directories);
  }
  const secrets = all('secrets', at('secrets'));
  yield of(at('identity'), 'identity-service', 'security', secrets, directories);
  yield of(at('secrets'), 'secret-store', 'security', all('sign-in', at('identity')), core);
  yield of(at('pki'), 'certificate-authority', 'security', secrets);
}

/** The row that begins with the block, and the room that begins with the row. */
function* rowEquipment({ idsOf, siteOf, siteCount }: Layout, block: number): Iterable<Equipment> {
  const site = siteOf(block);
  const beginsRoom = Math.floor(block / siteCount) % (blocksPerRow * rowsPerRoom) === 0;
  const [row = '', room = ''] = [...idsOf('row', block), ...idsOf('room', block)];
  const ups = idsOf('ups', block);
  const pdus = idsOf('pdu', block);
  const [first = '', second = '', third = '', fourth = ''] = idsOf('rack', block);
  const switches = idsOf('tor', block);
  const chillers = allBut(1, 'water', numbered(`${site}-chiller`, 3));
  if (beginsRoom) {
    yield of(room, 'room', 'facilities', all('building', `${site}-building`), chillers);
    for (const [n, id] of ups.entries()) {
      yield of(id, 'ups', 'facilities', all('feed', idsOf('feed', block)[n] ?? ''));
    }
  }
  const power = any('power', pdus);
  yield of(row, 'rack-row', 'facilities', all('room', room), power);
  for (const [n, id] of pdus.entries()) {
    yield of(id, 'power-distribution', 'facilities', all('ups', ups[n] ?? ''));
  }
  for (const id of idsOf('cooling', block)) {
    yield of(id, 'cooling-unit', 'facilities', chillers, power);
  }
  const core = any('core', idsOf('core', block));
  const [agg1 = '', agg2 = ''] = idsOf('agg', block);
  yield of(agg1, 'aggregation-switch', 'network', all('rack', third), core);
  yield of(agg2, 'aggregation-switch', 'network', all('rack', fourth), core);
  const [san1 = '', san2 = ''] = idsOf('san', block);
  const [net1, net2] = [any('network', switches.slice(0, 2)), any('network', switches.slice(2, 4))];
  yield of(san1, 'storage-array', 'storage', all('rack', first), net1);
  yield of(san2, 'storage-array', 'storage', all('rack', second), net2);
}

function* blockEquipment({ idsOf }: Layout, block: number): Iterable<Equipment> {
  const [row = ''] = idsOf('row', block);
  const racks = idsOf('rack', block);
  const switches = idsOf('tor', block);
  const power = any('power', idsOf('pdu', block));
  const cooling = allBut(1, 'cooling', idsOf('cooling', block));
  const uplink = any('uplink', idsOf('agg', block));
  const storage = any('storage', idsOf('san', block));
  const balancers = any('balancer', idsOf('lb', block));
  const inRack = (n: number) => all('rack', racks[n] ?? '');
  for (const id of racks) yield of(id, 'rack', 'facilities', all('row', row), power, cooling);
  for (const [n, id] of switches.entries()) {
    yield of(id, 'switch', 'network', inRack(n >> 1), uplink);
  }
  for (const part of Object.keys(devices) as Device[]) {
    const [kind, department] = devices[part];
    for (const [i, id] of idsOf(part, block).entries()) {
      const n = i % racksPerBlock;
      const network = any('network', switches.slice(2 * n, 2 * n + 2));
      const more = part === 'hv' ? [storage] : [];
      yield of(id, kind, department, inRack(n), network, ...more);
    }
  }
  for (const part of Object.keys(clusters) as Cluster[]) {
    const [kind, department, , device, size, needs] = clusters[part];
    const members = idsOf(device, block);
    const more = {
      vms: [],
      farm: [balancers, storage],
      dbs: [storage],
      store: [storage],
      objects: [],
      backup: [],
    }[part];
    for (const [i, id] of idsOf(part, block).entries()) {
      const nodes: Group = ['nodes', needs, members.slice(i * size, (i + 1) * size)];
      yield of(id, kind, department, nodes, ...more);
    }
  }
}

/** Everything of a site after the site itself, row by row; an item may depend on a later one. */
function* allEquipment(layout: Layout): Iterable<Equipment & { site: string; city: string }> {
  for (const [s, [site, city]] of layout.datacentres.entries()) {
    for (const one of siteEquipment(site)) yield { ...one, site, city };
    for (let place = 0; place < layout.blocksAt(s); place += 1) {
      const block = place * layout.siteCount + s;
      if (place % blocksPerRow === 0) {
        for (const one of rowEquipment(layout, block)) yield { ...one, site, city };
      }
      for (const one of blockEquipment(layout, block)) yield { ...one, site, city };
    }
  }
}

/**
 * A hosting company of any size with the proportions of a real one: 5.64 services a customer and few
 * with very many, an item for 25 services, 2.6 rows of dependencies for a service, redundancy in pairs,
 * 2 of 3, n-1 and n-2 of n, services on services of the same customer, and a few circles. The same
 * options give the same rows. Held in memory are the names of clusters only: every choice is a hash of
 * the seed and of what it is for.
 */
export function generateInventory({ services, seed }: GeneratorOptions): GeneratedInventory {
  const layout = createLayout(services);
  const { blockCount, datacentres, siteCount, siteOf, blocksAt, idsOf } = layout;
  const customerCount = Math.max(1, Math.round((services * 266) / 1500));
  const ofCustomer = createChooser(seed, 1);
  const ofSolution = createChooser(seed, 2);
  const ofSite = createChooser(seed, 3);
  const ofPlace = createChooser(seed, 4);
  const ofDetail = createChooser(seed, 5);
  const ofRest = createChooser(seed, 6);

  const customerOf = (service: number): number => {
    if (service < customerCount) return service; // nobody is without a service
    const share = ofCustomer(service) / 2 ** 32;
    return Math.floor(share * share * customerCount); // and few have very many
  };
  const lotOf = (chosen: number): number => lotTable[chosen % lotTable.length] ?? 0;
  const standingOf = (solution: number): Standing | undefined => solutions[solution]?.standing;
  /** What the customer began with; it depends on no other service, so that others may depend on it. */
  const firstStanding = (customer: number) => standingOf(lotOf(ofSolution(customer)));
  const solutionOf = (service: number, customer: number): number => {
    const chosen = ofSolution(service);
    // Who has a database has it for something.
    if (service >= customerCount && chosen >>> 24 < 85 && firstStanding(customer) === 'database') {
      return shops[chosen % shops.length] ?? 0;
    }
    return lotOf(chosen);
  };

  const blockIds = () =>
    Array.from({ length: blockCount }, (_, block) => ({
      racks: idsOf('rack', block),
      servers: idsOf('server', block),
      balancers: idsOf('lb', block),
      vms: idsOf('vms', block),
      farms: idsOf('farm', block),
      dbs: idsOf('dbs', block),
      stores: idsOf('store', block),
      objects: idsOf('objects', block),
      backups: idsOf('backup', block),
      arrays: idsOf('san', block),
    }));
  const siteIds = datacentres.map(([site], s) => {
    const three = [site, siteOf(s + 1), siteOf(s + 2)];
    const own = (name: string): readonly string[] => three.map((at) => `${at}-${name}`);
    return {
      names: own('dns'),
      identities: own('identity').slice(0, 2),
      authorities: own('pki').slice(0, 2),
      caches: own('cache'),
      firewalls: numbered(`${site}-firewall`, 2),
    };
  });

  function* serviceDependencies(): Iterable<Row> {
    const blocks = blockIds();
    const rows: Row[] = [];
    let id = '';
    let detail = 0;
    const needs = (name: string, least: number, members: readonly string[]): void => {
      for (const member of members) rows.push([id, name, least, member]);
    };
    const on = (name: string, from: readonly string[]): void => {
      rows.push([id, name, 1, from[(detail >>> 8) % from.length] ?? '']);
    };
    for (let s = 0; s < services; s += 1) {
      const customer = customerOf(s);
      const where = ofPlace(s);
      // Most of what a customer has is at the customer's own site.
      const site =
        (where & 15) < 13 ? (ofSite(customer) % blockCount) % siteCount : ofSite(s) % siteCount;
      const place = (where >>> 4) % blocksAt(site);
      const here = blocks[place * siteCount + site];
      const around = siteIds[site];
      if (here === undefined || around === undefined) continue;
      id = `s-${s + 1}`;
      detail = ofDetail(s);
      const elsewhere = (step: number) => {
        const other = (site + step) % siteCount;
        return blocks[(place % blocksAt(other)) * siteCount + other];
      };

      switch (standingOf(solutionOf(s, customer))) {
        case 'web':
          on('farm', here.farms);
          if (detail & 1) on('database', here.dbs);
          if ((detail & 6) === 0) needs('names', 2, around.names);
          break;
        case 'mail':
          on('store', here.stores);
          needs('sign-in', 1, around.identities);
          break;
        case 'names':
          needs('names', 2, around.names);
          break;
        case 'machine':
          on('cluster', here.vms);
          if (detail & 1) needs('firewall', 1, around.firewalls);
          break;
        case 'server':
          on('server', here.servers);
          break;
        case 'rack':
          on('rack', here.racks);
          break;
        case 'database':
          on('cluster', here.dbs);
          if (detail & 1) needs('sign-in', 1, around.identities);
          break;
        case 'backup':
          on('pool', here.backups);
          break;
        case 'copies':
          needs('copies', 1, [...here.backups, ...(elsewhere(1)?.backups ?? [])]);
          break;
        case 'objects':
          on('store', here.objects);
          break;
        case 'replicas':
          needs(
            'copies',
            2,
            [here, elsewhere(1), elsewhere(2)].flatMap((at) => at?.objects ?? []),
          );
          break;
        case 'disk':
          needs('arrays', 1, here.arrays);
          break;
        case 'certificate':
          needs('issuing', 1, around.authorities);
          break;
        case 'firewall':
          needs('firewall', 1, around.firewalls);
          break;
        case 'balancer':
          needs('balancer', 1, here.balancers);
          break;
        case 'origin':
          needs('caches', 2, around.caches);
          if (s >= customerCount && firstStanding(customer) === 'web') {
            rows.push([id, 'origin', 1, `s-${customer + 1}`]);
          }
          break;
        case 'shop':
          on('farm', here.farms);
          needs('names', 2, around.names);
          if (s >= customerCount && firstStanding(customer) === 'database') {
            rows.push([id, 'database', 1, `s-${customer + 1}`]);
          } else on('database', here.dbs);
          break;
        case 'office':
          on('cluster', here.vms);
          on('store', here.stores);
          needs('sign-in', 1, around.identities);
          break;
        case 'clusters':
          needs('clusters', 2, here.vms);
          break;
        case undefined:
          break;
      }
      yield* rows;
      rows.length = 0;
    }
  }

  return {
    departments: () => departments,
    teams: function* () {
      for (const [id, name] of departments) {
        yield [`${id}-nights`, `${name} night shift`, id];
        yield [`${id}-projects`, `${name} projects`, id];
      }
      for (const id of fieldDepartments) {
        for (const [site, city] of datacentres) yield [teamFor(id, site), `${city} ${id}`, id];
      }
    },
    datacentres: () =>
      datacentres.map(([id, city, country, zone], i) => [
        id,
        city,
        country,
        zone,
        'local',
        99.5,
        8 + 2 * i,
        ...Array.from(optionalColumns('datacentres'), () => ''),
      ]),
    latencies: function* () {
      for (const [i, [from]] of datacentres.entries()) {
        for (const [j, [to]] of datacentres.entries()) {
          if (i < j) yield [from, to, 8 + (ofRest(i * 100 + j) % 30)];
        }
      }
    },
    providers: () => [['own-sites', 'Own datacentres', 'ES', 1, 1]],
    offers: function* () {
      // Of the columns that may be empty the price is the first.
      const unsaid = Array.from(optionalColumns('offers'), () => '').slice(1);
      for (const [i, [site]] of datacentres.entries()) {
        for (const [n, [name, cores, memoryMb, storageGb, price]] of machines.entries()) {
          const monthlyPrice = price + (ofRest(i * 100 + n) % 8);
          const machine = [cores, memoryMb, storageGb, monthlyPrice, 'EUR', 50];
          yield [`${site}-${name}`, site, ...machine, ...unsaid];
        }
      }
    },
    solutions: () => solutions.map(({ id, name, department }) => [id, name, department]),
    customers: function* () {
      for (let c = 0; c < customerCount; c += 1) {
        const chosen = ofRest(c);
        const country = countries[chosen % countries.length] ?? 'ES';
        const level = contractLevels[(chosen >>> 8) % contractLevels.length] ?? 'basic';
        yield [`c-${c + 1}`, `Customer ${c + 1}`, country, level];
      }
    },
    items: function* () {
      for (const { id, kind, department, site, city } of allEquipment(layout)) {
        yield [
          id,
          kind,
          `${city} ${id.slice(site.length + 1).replaceAll('-', ' ')}`,
          site,
          department,
        ];
      }
    },
    services: function* () {
      for (let s = 0; s < services; s += 1) {
        const customer = customerOf(s);
        const solution = solutions[solutionOf(s, customer)]?.id ?? '';
        yield [`s-${s + 1}`, `${solution} ${s + 1}`, solution, `c-${customer + 1}`];
      }
    },
    dependencies: function* () {
      for (const { id, groups } of allEquipment(layout)) {
        for (const [name, needs, members] of groups) {
          for (const member of members) yield [id, name, needs, member];
        }
      }
      yield* serviceDependencies();
    },
  };
}

export interface LargeDisturbance {
  readonly name: string;
  readonly disturbances: readonly Disturbance[];
}

/** The ten largest changes that one intervention can be, the largest first; all of the first datacentre. */
export function largestDisturbances({ services }: GeneratorOptions): readonly LargeDisturbance[] {
  const { idsOf } = createLayout(services);
  const down = (name: string, ...items: string[]): LargeDisturbance => ({
    name,
    disturbances: items.map((item) => ({ item, effect: 'down' })),
  });
  const [core = ''] = idsOf('core', 0);
  const [feed = ''] = idsOf('feed', 0);
  const [ups = ''] = idsOf('ups', 0);
  return [
    down('whole datacentre', ...idsOf('building', 0)),
    down('core switch pair', ...idsOf('core', 0)),
    down('core switch', core),
    down('power feed', feed),
    down('room', ...idsOf('room', 0)),
    down('UPS pair of a room', ...idsOf('ups', 0)),
    down('UPS', ups),
    down('row', ...idsOf('row', 0)),
    down('aggregation switch pair', ...idsOf('agg', 0)),
    down('storage array pair', ...idsOf('san', 0)),
  ];
}

export interface ChosenItem {
  readonly item: string;
  readonly datacentre: string;
  readonly department: string;
}

/**
 * Chooses items of a generated inventory of this size. `random` is 32 bits; `count` items, at most those
 * that there are, are neighbours: of one block, row, room or site.
 */
export function createItemChooser({ services }: Pick<GeneratorOptions, 'services'>) {
  const { blockCount, siteOf, idsOf } = createLayout(services);
  return (part: ItemPart, random: number, count = 1): readonly ChosenItem[] => {
    const block = random % blockCount;
    const ids = idsOf(part, block);
    const start = hash(random, 0) % ids.length;
    const department = parts[part][1];
    return [...ids.slice(start), ...ids.slice(0, start)]
      .slice(0, count)
      .map((item) => ({ item, datacentre: siteOf(block), department }));
  };
}

/** How often of a hundred changes one is to which part. */
const typicalParts = [
  ['hv', 30],
  ['server', 20],
  ['tor', 15],
  ['rack', 8],
  ['vms', 7],
  ['web', 6],
  ['db', 5],
  ['mail-node', 3],
  ['farm', 2],
  ['dbs', 2],
  ['lb', 1],
  ['san', 1],
] as const satisfies readonly (readonly [ItemPart, number])[];

/** The part that a typical change works on. */
export function typicalPart(random: number): ItemPart {
  let rest = random % 100;
  for (const [part, share] of typicalParts) {
    rest -= share;
    if (rest < 0) return part;
  }
  return 'hv';
}

/** Items as typical changes name them, hypervisors before all; the same arguments give the same, and some twice. */
export function randomItems(
  options: Pick<GeneratorOptions, 'services'>,
  count: number,
  seed: number,
): readonly string[] {
  const choose = createItemChooser(options);
  const ofPart = createChooser(seed, 21);
  const ofItem = createChooser(seed, 22);
  return Array.from(
    { length: count },
    (_, i) => choose(typicalPart(ofPart(i)), ofItem(i))[0]?.item ?? '',
  );
}

export type Chooser = (index: number) => number;

/** 32 well-mixed bits for each index; other bits for another seed or purpose. */
export function createChooser(seed: number, purpose: number): Chooser {
  const start = hash(hash(0, seed), purpose);
  return (index) => hash(start, index) >>> 0;
}

/** The finaliser of MurmurHash3 over one more number. */
function hash(before: number, number: number): number {
  let h = Math.imul(before ^ number, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h = (h ^ (h >>> 16)) + 0x9e3779b9;
  return h >>> 0;
}
