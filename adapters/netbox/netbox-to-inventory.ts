import type { SkippedObject } from '../../domain/inventory/netbox-ports.ts';
import { isLive, traceCables, type CableGraph, type ItemKey } from './cable-paths.ts';
import { createInventorySheet, type InventorySheets } from './inventory-sheet.ts';
import { writeDatacentres, writeItems, type Write } from './netbox-items.ts';
import type { NetboxMapping } from './netbox-mapping.ts';
import type { NetboxCable, NetboxSnapshot } from './netbox-objects.ts';
import { createNetworkRequirements, createPowerRequirements } from './netbox-requirements.ts';
import { writeCustomers, writeServices } from './netbox-services.ts';

export interface MappedInventory {
  /** As they stand in a file of the kind, each one valid; `latencies`, `providers` and `offers` are always empty. */
  readonly rows: InventorySheets;
  readonly skipped: readonly SkippedObject[];
}

/**
 * Sites become datacentres; racks, devices, power panels and feeds, circuits, clusters and virtual machines
 * become items; tenants customers; what has a tenant (a machine also by its cluster's) a service of that
 * customer, with one solution for each type of cluster, circuit or device. The same objects give the same
 * rows.
 *
 * What needs what:
 * - a device its rack, the chassis it sits in, and power and network as netbox-requirements.ts says;
 * - a power feed its panel;
 * - a cluster all of its hosts but `spareHosts` (hosts that are not active do not count); a machine its
 *   cluster, and its host where it is tied to one;
 * - a service the item it is made of; that of a circuit also the device or panel at each cabled end.
 *
 * A cable is a dependency only where its direction is known: power, and network towards a tier nearer to the
 * outside. Any other is reported: a dependency in the wrong direction is worse than none.
 */
export function netboxToInventory(
  snapshot: NetboxSnapshot,
  mapping: NetboxMapping,
): MappedInventory {
  const sheet = createInventorySheet(mapping.idPrefix);
  const write: Write = { snapshot, mapping, sheet };
  for (const department of mapping.departments) {
    sheet.add('departments', `department ${department.id}`, department);
  }
  writeDatacentres(write);
  writeCustomers(write);
  writeItems(write);
  const services = writeServices(write);

  const graph = traceCables(snapshot);
  const used = new Set<number>();
  writeDevices(write, graph, used);
  for (const { id, power_panel: panel } of snapshot.powerFeeds) {
    need(write, `power-feed-${id}`, 'panel', [`power-panel-${panel.id}`]);
  }
  writeMachines(write);
  writeCircuitEnds(write, graph, services, used);
  reportCables(write, graph, used);
  return { rows: sheet.rows, skipped: sheet.skipped };
}

/** Every one of `members`. */
function need({ sheet }: Write, dependent: string, name: string, members: readonly ItemKey[]) {
  sheet.require(dependent, { name, needs: members.length, members });
}

function writeDevices(write: Write, graph: CableGraph, used: Set<number>): void {
  const { snapshot, mapping, sheet } = write;
  const power = createPowerRequirements(snapshot, graph);
  const network = createNetworkRequirements(snapshot, graph, mapping);
  for (const device of snapshot.devices) {
    const key: ItemKey = `device-${device.id}`;
    if (device.rack) need(write, key, 'rack', [`rack-${device.rack.id}`]);
    if (device.parent_device) need(write, key, 'chassis', [`device-${device.parent_device.id}`]);
    for (const { requirements, cables, gaps } of [power(device), network(device)]) {
      for (const requirement of requirements) sheet.require(key, requirement);
      for (const cable of cables) used.add(cable);
      for (const gap of gaps) sheet.skip(`power of ${sheet.id(key)}`, gap);
    }
  }
}

function writeMachines(write: Write): void {
  const { snapshot, mapping, sheet } = write;
  const hosts = Map.groupBy(snapshot.devices, ({ cluster }): number | undefined => cluster?.id);
  for (const { id } of snapshot.clusters) {
    const all = hosts.get(id) ?? [];
    const active = all.filter(({ status }) => status.value === 'active');
    if (active.length === 0 && all.length > 0) {
      sheet.skip(`hosts of ${sheet.id(`cluster-${id}`)}`, 'none of them is active');
    }
    const members = active.map((host): ItemKey => `device-${host.id}`);
    const needs = Math.max(1, members.length - mapping.spareHosts);
    sheet.require(`cluster-${id}`, { name: 'hosts', needs, members });
  }
  for (const { id, cluster, device } of snapshot.virtualMachines) {
    if (cluster) need(write, `vm-${id}`, 'cluster', [`cluster-${cluster.id}`]);
    if (device) need(write, `vm-${id}`, 'host', [`device-${device.id}`]);
  }
}

function writeCircuitEnds(
  write: Write,
  { connections }: CableGraph,
  services: ReadonlyMap<ItemKey, string>,
  used: Set<number>,
): void {
  for (const { id, circuit, term_side: side } of write.snapshot.circuitTerminations) {
    const service = services.get(`circuit-${circuit.id}`);
    if (service === undefined) continue;
    const connected = connections('circuits.circuittermination', id);
    const members = connected.flatMap(({ opposite }) =>
      opposite.flatMap(({ object }): ItemKey[] =>
        object?.device ? [`device-${object.device.id}`] : [],
      ),
    );
    need(write, service, `end-${side.toLowerCase()}`, [...new Set(members)]);
    if (members.length > 0) for (const { cable } of connected) used.add(cable);
  }
}

/** Each cable that became part of no requirement, and why. */
function reportCables({ snapshot, sheet }: Write, { links }: CableGraph, used: Set<number>): void {
  const traced = new Set(
    links.filter(({ end }) => end.type !== 'unknown').flatMap(({ cables }) => cables),
  );
  for (const cable of snapshot.cables) {
    if (used.has(cable.id)) continue;
    sheet.skip(`cable ${cable.display}`, `${whyUnused(cable, traced)} (${describeEnds(cable)})`);
  }
}

function whyUnused(cable: NetboxCable, traced: ReadonlySet<number>): string {
  const ends = [...cable.a_terminations, ...cable.b_terminations];
  const types = new Set(ends.map(({ object_type }) => object_type));
  if (!isLive(cable)) return `it is only ${cable.status.value}`;
  if ([...types].some((type) => type.includes('console'))) return 'a console carries no service';
  if ([...types].some((type) => type.startsWith('dcim.power'))) {
    return 'it leads to no active power source that was read';
  }
  if (traced.has(cable.id)) {
    return 'which end needs the other is not known: put their roles into different tiers, if one does';
  }
  return 'no interface is known at its other end';
}

function describeEnds({ a_terminations, b_terminations }: NetboxCable): string {
  return [a_terminations, b_terminations]
    .map(
      (ends) =>
        ends.map(({ object_type, object_id }) => `${object_type} ${object_id}`).join(', ') ||
        'nothing',
    )
    .join(' to ');
}
