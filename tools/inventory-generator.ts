import type { InventoryKind } from '../domain/inventory/inventory-kinds.ts';

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
  ['databases', 'Databases'],
  ['security', 'Security'],
] as const;

/** Solutions, their departments, and how many of a hundred services are theirs. */
const solutions = [
  ['web-hosting', 'Web hosting', 'web-platform', 35],
  ['mailbox', 'Business mailbox', 'mail', 25],
  ['dns', 'Managed DNS', 'network', 15],
  ['virtual-server', 'Virtual server', 'compute', 15],
  ['managed-database', 'Managed database', 'databases', 10],
] as const;

/** Name, cores, memory in MB, storage in GB, price a month. */
const machines = [
  ['small', 1, 1024, 10, 9],
  ['compute', 2, 2048, 10, 21],
  ['storage', 1, 4096, 100, 26],
  ['large', 8, 16_384, 200, 82],
] as const;

const countries = ['ES', 'ES', 'ES', 'FR', 'PT', 'IT', 'DE', 'GB'];
const contractLevels = ['basic', 'basic', 'basic', 'business', 'business', 'premium'];

/** A pod is a row of racks that stands for itself: what it holds fails together with it. */
const servicesPerPod = 2000;
const pod = { racks: 4, hypervisors: 20, webNodes: 6, databases: 3, mailStores: 3 };

/**
 * A hosting company of any size: the proportions of a real one (5.6 services a customer, one item for
 * about forty services), redundancy in pairs and n of m, and a few circles. The same options give the
 * same rows; nothing is held in memory, because every choice is a hash of the seed and what it is for.
 */
export function generateInventory({ services, seed }: GeneratorOptions): GeneratedInventory {
  const choose = (purpose: number, index: number, count: number): number =>
    hash(seed, purpose, index) % count;
  const customerCount = Math.max(1, Math.round(services / 5.64));
  const podCount = Math.max(3, Math.ceil(services / servicesPerPod));
  const datacentres = sites.slice(0, Math.min(sites.length, 3 + Math.floor(podCount / 60)));

  const siteOf = (p: number) => datacentres[p % datacentres.length]?.[0] ?? 'mad';
  const podId = (p: number) => `${siteOf(p)}-p${Math.floor(p / datacentres.length) + 1}`;
  const podOf = (service: number) => choose(1, service, podCount);
  const solutionOf = (service: number): string => {
    let rest = choose(2, service, 100);
    for (const [id, , , share] of solutions) {
      rest -= share;
      if (rest < 0) return id;
    }
    return solutions[0][0];
  };
  const customerOf = (service: number): number => {
    if (service < customerCount) return service; // nobody is without a service
    const share = hash(seed, 3, service) / 2 ** 32;
    return Math.floor(share * share * customerCount); // and few have very many
  };
  const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  const nameServers = datacentres.map(([site]) => `${site}-dns`);

  function* items(): Iterable<Row> {
    for (const [site, city] of datacentres) {
      for (const x of ['a', 'b']) {
        yield [`${site}-feed-${x}`, 'power-feed', `${city} feed ${x}`, site, 'facilities'];
      }
      for (const n of [1, 2]) {
        yield [`${site}-core-${n}`, 'core-switch', `${city} core switch ${n}`, site, 'network'];
        yield [`${site}-edge-${n}`, 'edge-router', `${city} edge router ${n}`, site, 'network'];
      }
      yield [`${site}-dns`, 'name-server', `${city} name server`, site, 'network'];
      yield [`${site}-identity`, 'identity-service', `${city} sign-in`, site, 'security'];
      yield [`${site}-secrets`, 'secret-store', `${city} secret store`, site, 'security'];
    }
    for (let p = 0; p < podCount; p += 1) {
      const id = podId(p);
      const site = siteOf(p);
      const some = (count: number, part: string, kind: string, department: string): Row[] =>
        range(count).map((n) => [
          `${id}-${part}-${n}`,
          kind,
          `${id} ${kind} ${n}`,
          site,
          department,
        ]);
      yield* some(pod.racks, 'rack', 'rack', 'facilities');
      yield* some(2, 'switch', 'switch', 'network');
      yield* some(2, 'lb', 'load-balancer', 'network');
      yield* some(2, 'san', 'storage-array', 'storage');
      yield* some(pod.hypervisors, 'hv', 'hypervisor', 'compute');
      yield* some(pod.webNodes, 'web', 'web-node', 'web-platform');
      yield* some(pod.databases, 'db', 'database-server', 'databases');
      yield* some(pod.mailStores, 'mail', 'mail-store', 'mail');
      yield [`${id}-vms`, 'cluster', `${id} virtual machines`, site, 'compute'];
      yield [`${id}-farm`, 'cluster', `${id} web farm`, site, 'web-platform'];
      yield [`${id}-dbs`, 'cluster', `${id} databases`, site, 'databases'];
    }
  }

  const group = (dependent: string, name: string, needs: number, members: readonly string[]) =>
    members.map((member): Row => [dependent, name, needs, member]);

  function* siteDependencies(): Iterable<Row> {
    for (const [site] of datacentres) {
      const cores = [`${site}-core-1`, `${site}-core-2`];
      const feeds = [`${site}-feed-a`, `${site}-feed-b`];
      for (const core of cores) yield* group(core, 'power', 1, feeds);
      for (const n of [1, 2]) yield* group(`${site}-edge-${n}`, 'core', 1, cores);
      yield* group(`${site}-dns`, 'uplink', 1, [`${site}-edge-1`, `${site}-edge-2`]);
      // Each needs the other: circles exist in every real inventory.
      yield* group(`${site}-identity`, 'secrets', 1, [`${site}-secrets`]);
      yield* group(`${site}-secrets`, 'sign-in', 1, [`${site}-identity`]);
      yield* group(`${site}-secrets`, 'network', 1, cores);
    }
  }

  function* podDependencies(p: number): Iterable<Row> {
    const id = podId(p);
    const site = siteOf(p);
    const some = (part: string, count: number) => range(count).map((n) => `${id}-${part}-${n}`);
    const racks = some('rack', pod.racks);
    const switches = some('switch', 2);
    const arrays = some('san', 2);
    const rackFor = (n: number) => [racks[n % racks.length] ?? `${id}-rack-1`];
    for (const rack of racks) {
      yield* group(rack, 'power', 1, [`${site}-feed-a`, `${site}-feed-b`]);
    }
    for (const [n, device] of switches.entries()) {
      yield* group(device, 'rack', 1, rackFor(n));
      yield* group(device, 'core', 1, [`${site}-core-1`, `${site}-core-2`]);
    }
    for (const [n, array] of arrays.entries()) {
      yield* group(array, 'rack', 1, rackFor(n + 2));
      yield* group(array, 'network', 1, switches);
    }
    for (const balancer of some('lb', 2)) yield* group(balancer, 'network', 1, switches);
    const hypervisors = some('hv', pod.hypervisors);
    for (const [n, hypervisor] of hypervisors.entries()) {
      yield* group(hypervisor, 'rack', 1, rackFor(n));
      yield* group(hypervisor, 'network', 1, switches);
      yield* group(hypervisor, 'storage', 1, arrays);
    }
    yield* group(`${id}-vms`, 'hypervisors', pod.hypervisors - 2, hypervisors);
    for (const part of [
      ...some('web', pod.webNodes),
      ...some('db', pod.databases),
      ...some('mail', pod.mailStores),
    ]) {
      yield* group(part, 'cluster', 1, [`${id}-vms`]);
    }
    yield* group(`${id}-farm`, 'nodes', pod.webNodes - 2, some('web', pod.webNodes));
    yield* group(`${id}-farm`, 'balancer', 1, some('lb', 2));
    yield* group(`${id}-dbs`, 'nodes', 2, some('db', pod.databases));
  }

  function serviceDependencies(service: number): Row[] {
    const id = `s-${service + 1}`;
    const at = podId(podOf(service));
    switch (solutionOf(service)) {
      case 'mailbox':
        return [
          ...group(id, 'store', 1, [`${at}-mail-${choose(4, service, pod.mailStores) + 1}`]),
          ...group(id, 'sign-in', 1, [`${siteOf(podOf(service))}-identity`]),
        ];
      case 'dns':
        return group(id, 'names', 1, nameServers.slice(0, 3));
      case 'virtual-server':
        return group(id, 'cluster', 1, [`${at}-vms`]);
      case 'managed-database':
        return group(id, 'cluster', 1, [`${at}-dbs`]);
      default:
        return [
          ...group(id, 'farm', 1, [`${at}-farm`]),
          ...(choose(5, service, 3) === 0 ? group(id, 'database', 1, [`${at}-dbs`]) : []),
        ];
    }
  }

  return {
    departments: () => departments,
    datacentres: () =>
      datacentres.map(([id, city, country, zone], i) => [
        id,
        city,
        country,
        zone,
        'local',
        99.5,
        8 + 2 * i,
      ]),
    latencies: function* () {
      for (const [i, [from]] of datacentres.entries()) {
        for (const [j, [to]] of datacentres.entries()) {
          if (i < j) yield [from, to, 8 + choose(6, i * 100 + j, 30)];
        }
      }
    },
    offers: function* () {
      for (const [i, [site]] of datacentres.entries()) {
        for (const [n, [name, cores, memoryMb, storageGb, price]] of machines.entries()) {
          const monthlyPrice = price + choose(7, i * 100 + n, 8);
          yield [`${site}-${name}`, site, cores, memoryMb, storageGb, monthlyPrice, 'EUR', 50];
        }
      }
    },
    solutions: () => solutions.map(([id, name, department]) => [id, name, department]),
    customers: function* () {
      for (let c = 0; c < customerCount; c += 1) {
        const country = countries[choose(8, c, countries.length)] ?? 'ES';
        const level = contractLevels[choose(9, c, contractLevels.length)] ?? 'basic';
        yield [`c-${c + 1}`, `Customer ${c + 1}`, country, level];
      }
    },
    items,
    services: function* () {
      for (let s = 0; s < services; s += 1) {
        const solution = solutionOf(s);
        yield [`s-${s + 1}`, `${solution} ${s + 1}`, solution, `c-${customerOf(s) + 1}`];
      }
    },
    dependencies: function* () {
      yield* siteDependencies();
      for (let p = 0; p < podCount; p += 1) yield* podDependencies(p);
      for (let s = 0; s < services; s += 1) yield* serviceDependencies(s);
    },
  };
}

/** 32 well-mixed bits (the finaliser of MurmurHash3 over the three numbers). */
function hash(seed: number, purpose: number, index: number): number {
  let h = 0;
  for (const part of [seed, purpose, index]) {
    h = Math.imul(h ^ part, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) + 0x9e3779b9;
  }
  return h >>> 0;
}
