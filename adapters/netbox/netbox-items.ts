import { inventoryRowSchemas } from '../../domain/inventory/inventory-kinds.ts';
import { siteOfTermination, type ItemKey } from './cable-paths.ts';
import { cleanName, cleanSlug, type InventorySheet } from './inventory-sheet.ts';
import type { NetboxMapping } from './netbox-mapping.ts';
import type { NetboxObject, NetboxSnapshot } from './netbox-objects.ts';
import { roleOf } from './netbox-requirements.ts';
import { createSiteCountry } from './site-country.ts';

/** What every part of the mapping reads from and writes to. */
export interface Write {
  readonly snapshot: NetboxSnapshot;
  readonly mapping: NetboxMapping;
  readonly sheet: InventorySheet;
}

export function kindOfDevice(
  device: NetboxObject<'devices'>,
  { kindOf }: Pick<NetboxMapping, 'kindOf'>,
): string {
  const role = roleOf(device);
  return kindOf[role] ?? cleanSlug(role, 'device');
}

/** Department of a kind of item. */
export const departmentFor = (kind: string, { departmentOf, departments }: NetboxMapping): string =>
  departmentOf[kind] ?? departments[0]?.id ?? '';

export function writeDatacentres({ snapshot, mapping, sheet }: Write): void {
  const countryOf = createSiteCountry(snapshot.regions, mapping.countries);
  for (const { id, name, display, slug, region, time_zone: zone } of snapshot.sites) {
    const what = `site ${slug}`;
    const country = countryOf(region?.id);
    if (country === undefined && region) {
      const why = `none of its regions is called as a country is, so that ${mapping.country} is taken`;
      sheet.skip(`country of ${what}`, `${why}; name the region in countries`);
    }
    const { time_zone } = inventoryRowSchemas.datacentres.shape;
    const isKnown = time_zone.safeParse(zone ?? mapping.timeZone).success;
    if (!isKnown) {
      const why = `"${zone ?? ''}" is not known here, so that ${mapping.timeZone} is taken`;
      sheet.skip(`time zone of ${what}`, why);
    }
    sheet.add('datacentres', what, {
      ...datacentre(mapping),
      id: sheet.id(`site-${id}`),
      name: cleanName(name, display, what),
      country: country ?? mapping.country,
      time_zone: isKnown ? (zone ?? mapping.timeZone) : mapping.timeZone,
    });
  }
}

function datacentre({ driver, country, timeZone, ...mapping }: NetboxMapping) {
  return {
    id: '',
    name: '',
    country,
    time_zone: timeZone,
    driver,
    availability_percent: mapping.availabilityPercent,
    user_latency_ms: mapping.userLatencyMs,
  };
}

/** Items, each at its site; what has none goes where `withoutSite` says. */
export function writeItems({ snapshot, mapping, sheet }: Write): void {
  const siteKey = (id: number | undefined) => (id === undefined ? undefined : `site-${id}`);

  const write = (
    key: ItemKey,
    kind: string,
    place: string | undefined,
    ...names: (string | null | undefined)[]
  ): void => {
    let datacentreKey = place;
    if (place === undefined) {
      if (mapping.withoutSite === 'skip') {
        sheet.skip(sheet.id(key), 'it is at no site');
        return;
      }
      datacentreKey = noSite();
    } else if (!sheet.has('datacentres', place)) {
      sheet.skip(sheet.id(key), `its site, ${sheet.id(place)}, is not among what was read`);
      return;
    }
    sheet.add('items', sheet.id(key), {
      id: sheet.id(key),
      kind,
      name: cleanName(...names, key),
      datacentre: sheet.id(datacentreKey ?? ''),
      department: departmentFor(kind, mapping),
    });
  };
  const noSite = (): string => {
    const key = 'no-site';
    if (!sheet.has('datacentres', key)) {
      const row = { ...datacentre(mapping), id: sheet.id(key), name: 'At no site in NetBox' };
      sheet.add('datacentres', 'what is at no site', row);
    }
    return key;
  };

  const siteOfDevice = new Map(snapshot.devices.map(({ id, site }) => [id, siteKey(site.id)]));
  const siteOfPanel = new Map(snapshot.powerPanels.map(({ id, site }) => [id, siteKey(site.id)]));
  const hosts = Map.groupBy(snapshot.devices, (device): number | undefined => device.cluster?.id);
  const siteOfCluster = new Map(
    snapshot.clusters.map(({ id, site, scope_type, scope }) => {
      const hostSites = new Set(hosts.get(id)?.map((host) => host.site.id));
      const common = hostSites.size === 1 ? [...hostSites][0] : undefined;
      const own = site?.id ?? (scope_type === 'dcim.site' ? scope?.id : undefined);
      return [id, siteKey(own ?? common)];
    }),
  );
  const ends = Map.groupBy(snapshot.circuitTerminations, ({ circuit }) => circuit.id);
  const siteOfCircuit = (id: number) => {
    const sides = [...(ends.get(id) ?? [])].sort((a, b) => (a.term_side < b.term_side ? -1 : 1));
    return sides.map(siteOfTermination).find((site) => site !== undefined);
  };

  for (const { id, site, name, display } of snapshot.racks) {
    write(`rack-${id}`, 'rack', siteKey(site.id), name, display);
  }
  for (const device of snapshot.devices) {
    const { id, site, name, display } = device;
    write(`device-${id}`, kindOfDevice(device, mapping), siteKey(site.id), name, display);
  }
  for (const { id, site, name, display } of snapshot.powerPanels) {
    write(`power-panel-${id}`, 'power-panel', siteKey(site.id), name, display);
  }
  for (const { id, power_panel: panel, name, display } of snapshot.powerFeeds) {
    // A panel that was not read has a site all the same.
    const place = siteOfPanel.has(panel.id)
      ? siteOfPanel.get(panel.id)
      : `site of panel ${panel.id}`;
    write(`power-feed-${id}`, 'power-feed', place, name, display);
  }
  for (const { id, cid, provider, display } of snapshot.circuits) {
    write(
      `circuit-${id}`,
      'circuit',
      siteKey(siteOfCircuit(id)),
      `${cid} (${provider.name})`,
      display,
    );
  }
  for (const { id, name, display } of snapshot.clusters) {
    write(`cluster-${id}`, 'cluster', siteOfCluster.get(id), name, display);
  }
  for (const { id, site, device, cluster, name, display } of snapshot.virtualMachines) {
    const host = device ? siteOfDevice.get(device.id) : undefined;
    const place =
      siteKey(site?.id) ?? host ?? (cluster ? siteOfCluster.get(cluster.id) : undefined);
    write(`vm-${id}`, 'virtual-machine', place, name, display);
  }
}
