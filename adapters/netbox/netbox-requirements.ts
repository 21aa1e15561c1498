import type { CableGraph, ItemKey, LinkPath } from './cable-paths.ts';
import { minimalCuts } from './minimal-cuts.ts';
import type { NetboxMapping } from './netbox-mapping.ts';
import type { NetboxObject, NetboxSnapshot } from './netbox-objects.ts';

export interface Requirement {
  readonly name: string;
  readonly needs: number;
  readonly members: readonly ItemKey[];
}
type Device = NetboxObject<'devices'>;

/** More sets than this for one device say nothing to anybody. */
const cutsKept = 64;

/** What a device is called after: its role's slug, also before NetBox 3.6. */
export function roleOf({ role, device_role }: Device): string {
  return role?.slug ?? device_role?.slug ?? 'device';
}

/** Up while one of `paths` is whole. The group of that name holds the paths' ends, if they are a cut. */
function anyPath(name: string, paths: readonly (readonly ItemKey[])[]): Requirement[] {
  if (paths.length === 0) return [];
  const ends = new Set(paths.map((path) => path.at(-1)));
  const exact = minimalCuts(paths, cutsKept) as ItemKey[][] | undefined;
  // Too tangled: what all paths share, and their ends. It misses combinations and invents none.
  const shared = (paths[0] ?? []).filter((node) => paths.every((path) => path.includes(node)));
  const ordered = [...ends].filter((node) => node !== undefined).sort();
  const cuts = exact ?? [...shared.map((node) => [node]), ...(shared.length > 0 ? [] : [ordered])];
  return cuts
    .map((members) => ({ members, isEnds: members.every((node) => ends.has(node)) }))
    .sort(
      (a, b) =>
        Number(b.isEnds) - Number(a.isEnds) ||
        a.members.length - b.members.length ||
        (a.members.join() < b.members.join() ? -1 : 1),
    )
    .map(({ members }, i) => ({ name: i === 0 ? name : `${name}-${i + 1}`, needs: 1, members }));
}

export interface DeviceRequirements {
  readonly requirements: readonly Requirement[];
  /** Cables that led to one of them. */
  readonly cables: readonly number[];
  /** What could not be told. */
  readonly gaps: readonly string[];
}

/**
 * Power: one of the sources that the device's power ports are cabled to. Where a source has several inlets
 * and says which one feeds the outlet, what feeds that inlet belongs to the path. Without a live cable
 * the rack's feeds count: a device with as many ports as feeds is up on one of them; one with fewer
 * hangs on any of them, so that losing as many feeds as it has ports may take it down. Feeds that are
 * not active carry nothing. Without ports a device needs no power of its own (a patch panel).
 */
export function createPowerRequirements(snapshot: NetboxSnapshot, { connections }: CableGraph) {
  const portsOf = Map.groupBy(snapshot.powerPorts, ({ device }) => device.id);
  const outlets = new Map(snapshot.powerOutlets.map((outlet) => [outlet.id, outlet]));
  const activeFeeds = snapshot.powerFeeds.filter(({ status }) => status.value === 'active');
  const isActive = new Set(activeFeeds.map(({ id }) => id));
  const feedsOf = Map.groupBy(activeFeeds, ({ rack }): number | undefined => rack?.id);
  const inletsOf = (device: number) =>
    (portsOf.get(device) ?? []).filter(({ id }) => connections('dcim.powerport', id).length > 0);

  /** Where a power port's cables lead; `depth` counts how many inlets may be looked through. */
  function pathsFrom(port: number, depth: number) {
    return connections('dcim.powerport', port).flatMap(({ cable, opposite }) =>
      opposite.flatMap(({ object_type, object_id }): { cable: number; path: ItemKey[] }[] => {
        if (object_type === 'dcim.powerfeed') {
          return isActive.has(object_id) ? [{ cable, path: [`power-feed-${object_id}`] }] : [];
        }
        const outlet = object_type === 'dcim.poweroutlet' ? outlets.get(object_id) : undefined;
        if (outlet === undefined) return [];
        const source: ItemKey = `device-${outlet.device.id}`;
        const inlet = outlet.power_port?.id;
        const behind =
          depth > 0 && inlet !== undefined && inletsOf(outlet.device.id).length > 1
            ? pathsFrom(inlet, depth - 1)
            : [];
        if (behind.length === 0) return [{ cable, path: [source] }];
        return behind.map(({ path }) => ({ cable, path: [...path, source] }));
      }),
    );
  }

  return ({ id, rack }: Device): DeviceRequirements => {
    const ports = portsOf.get(id) ?? [];
    const found = ports
      .flatMap((port) => pathsFrom(port.id, 1))
      .filter(({ path }) => !path.includes(`device-${id}`));
    if (found.length > 0) {
      const requirements = anyPath(
        'power',
        found.map(({ path }) => path),
      );
      return { requirements, cables: found.map(({ cable }) => cable), gaps: [] };
    }
    const feeds = rack ? (feedsOf.get(rack.id) ?? []) : [];
    if (ports.length > 0 && feeds.length > 0) {
      const needs = feeds.length - Math.min(ports.length, feeds.length) + 1;
      const members = feeds.map((feed): ItemKey => `power-feed-${feed.id}`);
      return { requirements: [{ name: 'power', needs, members }], cables: [], gaps: [] };
    }
    const gaps =
      ports.length > 0
        ? [
            'no power port of it has a live cable to an active source, and its rack has no active feed',
          ]
        : [];
    return { requirements: [], cables: [], gaps };
  };
}

/**
 * Network: one of the devices it is linked to that are in a tier nearer to the outside, with the patch
 * panels and circuits between; at the outermost device, one of the circuits that lead out. Two devices of one
 * tier, and two of no tier, need neither the other as far as anybody can tell. Management interfaces
 * carry nothing, and what feeds others with power runs without network.
 */
export function createNetworkRequirements(
  snapshot: NetboxSnapshot,
  { links }: CableGraph,
  { tiers }: NetboxMapping,
) {
  const devices = new Map(snapshot.devices.map((device) => [device.id, device]));
  const tierOf = (id: number): number => {
    const device = devices.get(id);
    if (device === undefined) return tiers.length;
    const tier = tiers.findIndex((roles) => roles.includes(roleOf(device)));
    return tier < 0 ? tiers.length : tier;
  };
  const management = new Set(snapshot.managementInterfaces.map(({ id }) => id));
  const powerSources = new Set(snapshot.powerOutlets.map(({ device }) => device.id));
  const linksOf = Map.groupBy(links, ({ device }) => device);
  const isManagement = (link: LinkPath): boolean =>
    management.has(link.interface) ||
    (link.end.type === 'interface' && management.has(link.end.id));

  return ({ id }: Device): DeviceRequirements => {
    if (powerSources.has(id)) return { requirements: [], cables: [], gaps: [] };
    const own = (linksOf.get(id) ?? []).filter(
      (link) => !isManagement(link) && !link.through.includes(`device-${id}`),
    );
    const upwards = own.flatMap((link) =>
      link.end.type === 'interface' && tierOf(link.end.device) < tierOf(id)
        ? [{ link, path: [...link.through, `device-${link.end.device}` as ItemKey] }]
        : [],
    );
    const outwards = own.flatMap((link) =>
      link.end.type === 'outside' ? [{ link, path: link.through }] : [],
    );
    const found = upwards.length > 0 ? upwards : outwards;
    return {
      requirements: anyPath(
        'network',
        found.map(({ path }) => path),
      ),
      cables: found.flatMap(({ link }) => link.cables),
      gaps: [],
    };
  };
}
