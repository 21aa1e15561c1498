import type { ItemKey } from './cable-paths.ts';
import { cleanName } from './inventory-sheet.ts';
import { departmentFor, kindOfDevice, type Write } from './netbox-items.ts';
import type { netboxServiceSources } from './netbox-mapping.ts';

type Source = (typeof netboxServiceSources)[number];

interface Offering {
  readonly source: Source;
  readonly item: ItemKey;
  readonly tenant: number;
  readonly name: string;
  readonly solution: { readonly key: string; readonly name: string; readonly kind: string };
}

export function writeCustomers({ snapshot, mapping, sheet }: Write): void {
  for (const { id, name, display } of snapshot.tenants) {
    sheet.add('customers', `tenant ${id}`, {
      id: sheet.id(`tenant-${id}`),
      name: cleanName(name, display, `Tenant ${id}`),
      country: mapping.country,
      contract_level: mapping.contractLevel,
    });
  }
}

/** Services with the solutions they are of; each needs its item. Gives the ids' keys by item. */
export function writeServices({ snapshot, mapping, sheet }: Write): ReadonlyMap<ItemKey, string> {
  const services = new Map<ItemKey, string>();
  for (const { source, item, tenant, name, solution } of offerings({ snapshot, mapping, sheet })) {
    if (!mapping.servicesFrom.includes(source)) continue;
    const key = `service-${item}`;
    const what = sheet.id(key);
    if (!sheet.has('items', item)) {
      sheet.skip(what, `${sheet.id(item)}, which it is made of, was left out`);
      continue;
    }
    const customer = `tenant-${tenant}`;
    if (!sheet.has('customers', customer)) {
      sheet.skip(what, `its tenant, ${sheet.id(customer)}, is not among what was read`);
      continue;
    }
    if (!writeSolution(solution, { mapping, sheet })) continue;
    const row = {
      id: what,
      name: cleanName(name, key),
      solution: sheet.id(solution.key),
      customer: sheet.id(customer),
    };
    if (!sheet.add('services', what, row)) continue;
    services.set(item, key);
    sheet.require(key, { name: source, needs: 1, members: [item] });
  }
  return services;
}

/** Once; false when it cannot be written. */
function writeSolution(
  { key, name, kind }: Offering['solution'],
  { mapping, sheet }: Pick<Write, 'mapping' | 'sheet'>,
): boolean {
  if (sheet.has('solutions', key)) return true;
  return sheet.add('solutions', `solution ${key}`, {
    id: sheet.id(key),
    name: cleanName(name, key),
    department: departmentFor(kind, mapping),
  });
}

function* offerings({ snapshot, mapping }: Write): Generator<Offering> {
  const clusters = new Map(snapshot.clusters.map((cluster) => [cluster.id, cluster]));
  for (const { id, name, display, tenant, cluster: ref } of snapshot.virtualMachines) {
    const cluster = ref ? clusters.get(ref.id) : undefined;
    const customer = tenant ?? cluster?.tenant;
    if (!customer) continue;
    const kind = 'virtual-machine';
    const solution =
      cluster === undefined
        ? { key: 'virtual-machine', name: 'Virtual machine', kind }
        : {
            key: `cluster-type-${cluster.type.id}`,
            name: `Virtual machine: ${cluster.type.name}`,
            kind,
          };
    const base = { source: kind, item: `vm-${id}`, tenant: customer.id } as const;
    yield { ...base, name: name || display, solution };
  }
  for (const { id, cid, type, tenant } of snapshot.circuits) {
    if (!tenant) continue;
    const solution = {
      key: `circuit-type-${type.id}`,
      name: `Circuit: ${type.name}`,
      kind: 'circuit',
    };
    const base = { source: 'circuit', item: `circuit-${id}`, tenant: tenant.id } as const;
    yield { ...base, name: `${type.name} ${cid}`, solution };
  }
  for (const device of snapshot.devices) {
    if (!device.tenant) continue;
    const kind = kindOfDevice(device, mapping);
    const solution = { key: `device-${kind}`, name: `Device: ${kind}`, kind };
    const base = {
      source: 'device',
      item: `device-${device.id}`,
      tenant: device.tenant.id,
    } as const;
    yield { ...base, name: device.name ?? device.display, solution };
  }
}
