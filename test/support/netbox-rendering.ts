import type { DumpRow } from './netbox-dump.ts';

type Fields = Readonly<Record<string, unknown>>;
/** A field of text or number; NetBox has nothing else where this is used. */
const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
export type RenderedObject = Readonly<Record<string, unknown>>;

/** The list of each model that the server has. */
const models: Readonly<Record<string, string>> = {
  'dcim/regions': 'dcim.region',
  'dcim/sites': 'dcim.site',
  'dcim/racks': 'dcim.rack',
  'dcim/devices': 'dcim.device',
  'dcim/power-panels': 'dcim.powerpanel',
  'dcim/power-feeds': 'dcim.powerfeed',
  'dcim/power-ports': 'dcim.powerport',
  'dcim/power-outlets': 'dcim.poweroutlet',
  'dcim/interfaces': 'dcim.interface',
  'dcim/front-ports': 'dcim.frontport',
  'dcim/rear-ports': 'dcim.rearport',
  'dcim/cables': 'dcim.cable',
  'circuits/circuits': 'circuits.circuit',
  'circuits/circuit-terminations': 'circuits.circuittermination',
  'tenancy/tenants': 'tenancy.tenant',
  'virtualization/clusters': 'virtualization.cluster',
  'virtualization/virtual-machines': 'virtualization.virtualmachine',
};
export const netboxPaths: ReadonlySet<string> = new Set(Object.keys(models));

/** Fields that name another object, wherever they stand. */
const references: Readonly<Record<string, string>> = {
  region: 'dcim.region',
  site: 'dcim.site',
  location: 'dcim.location',
  rack: 'dcim.rack',
  device: 'dcim.device',
  device_type: 'dcim.devicetype',
  manufacturer: 'dcim.manufacturer',
  platform: 'dcim.platform',
  virtual_chassis: 'dcim.virtualchassis',
  power_panel: 'dcim.powerpanel',
  power_port: 'dcim.powerport',
  rear_port: 'dcim.rearport',
  cable: 'dcim.cable',
  tenant: 'tenancy.tenant',
  cluster: 'virtualization.cluster',
  provider: 'circuits.provider',
  provider_network: 'circuits.providernetwork',
  circuit: 'circuits.circuit',
  termination_a: 'circuits.circuittermination',
  termination_z: 'circuits.circuittermination',
};
/** Fields whose target depends on the model they stand in. */
const referencesOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'dcim.region': { parent: 'dcim.region' },
  'dcim.site': { group: 'dcim.sitegroup' },
  'dcim.rack': { role: 'dcim.rackrole' },
  'dcim.device': { role: 'dcim.devicerole' },
  'dcim.interface': { parent: 'dcim.interface', bridge: 'dcim.interface', lag: 'dcim.interface' },
  'circuits.circuit': { type: 'circuits.circuittype' },
  'tenancy.tenant': { group: 'tenancy.tenantgroup' },
  'virtualization.cluster': {
    type: 'virtualization.clustertype',
    group: 'virtualization.clustergroup',
  },
  'virtualization.virtualmachine': { role: 'dcim.devicerole' },
};
/** Enumerations: `{value, label}` in the API, a word in the dump. */
const choices = new Set(
  'status type face airflow supply phase mode duplex poe_mode poe_type rf_role length_unit weight_unit outer_unit feed_leg width'.split(
    ' ',
  ),
);
/** What a nested object shows beside its id. */
const shownNested = ['name', 'slug', 'cid', 'term_side', 'model', 'cable'];

/** Turns rows of the dump into what NetBox 3.6 answers for them. */
export function createNetboxRenderer(dump: readonly DumpRow[]) {
  const byModel = new Map<string, Map<number, Fields>>();
  for (const { model, pk, fields } of dump) {
    let rows = byModel.get(model);
    if (rows === undefined) byModel.set(model, (rows = new Map()));
    rows.set(pk, fields);
  }
  const rowsOf = (model: string) => byModel.get(model) ?? new Map<number, Fields>();

  const cableEnds = new Map<string, Fields[]>();
  for (const end of rowsOf('dcim.cabletermination').values()) {
    const key = `${String(end['cable'])}${String(end['cable_end'])}`;
    cableEnds.set(key, [...(cableEnds.get(key) ?? []), end]);
  }
  const parents = new Map<unknown, unknown>();
  for (const bay of rowsOf('dcim.devicebay').values()) {
    if (bay['installed_device'] !== null) parents.set(bay['installed_device'], bay['device']);
  }

  const display = (model: string, id: number, fields: Fields): string => {
    const of = (other: string, field: string) => rowsOf(other).get(fields[field] as number) ?? {};
    if (model === 'dcim.device' && fields['name'] === null) {
      const type = of('dcim.devicetype', 'device_type');
      const chassis = text(of('dcim.virtualchassis', 'virtual_chassis')['name']);
      if (chassis !== '') {
        return `${chassis}:${text(fields['vc_position'])} (${id})`;
      }
      const maker = rowsOf('dcim.manufacturer').get(type['manufacturer'] as number)?.['name'];
      return `${text(maker)} ${text(type['model'])} (${id})`;
    }
    if (model === 'circuits.circuittermination') {
      const { cid } = of('circuits.circuit', 'circuit');
      return `${text(cid)}: Termination ${text(fields['term_side'])}`;
    }
    if (model === 'dcim.cable') return fields['label'] === '' ? `#${id}` : text(fields['label']);
    return text(fields['name'] ?? fields['cid'] ?? fields['model'] ?? id);
  };

  const nested = (model: string, id: unknown): RenderedObject | null => {
    if (typeof id !== 'number') return null;
    const fields = rowsOf(model).get(id);
    if (fields === undefined) throw new Error(`The dump has no ${model} ${id}.`);
    return {
      id,
      display: display(model, id, fields),
      ...Object.fromEntries(
        shownNested.flatMap((key) => (key in fields ? [[key, fields[key]]] : [])),
      ),
      ...('device' in fields && model !== 'virtualization.virtualmachine'
        ? { device: nested('dcim.device', fields['device']) }
        : {}),
      ...(model === 'circuits.circuittermination'
        ? { circuit: nested('circuits.circuit', fields['circuit']) }
        : {}),
    };
  };

  const terminations = (cable: number, end: 'A' | 'B') =>
    (cableEnds.get(`${cable}${end}`) ?? []).map((row) => {
      const type = (row['termination_type'] as string[]).join('.');
      const id = row['termination_id'] as number;
      return { object_type: type, object_id: id, object: nested(type, id) };
    });

  const renderField = (model: string, key: string, value: unknown): unknown => {
    const target = referencesOf[model]?.[key] ?? references[key];
    if (target !== undefined) return nested(target, value);
    if (!choices.has(key)) return value;
    if (value === '' || value === null) return null;
    return { value, label: text(value).replace(/^./, (letter) => letter.toUpperCase()) };
  };

  const renderObject = (model: string, id: number, fields: Fields): RenderedObject => {
    const shown = Object.entries(fields).flatMap(([key, value]): [string, unknown][] => {
      if (key.startsWith('_') || ['lft', 'rght', 'tree_id', 'level'].includes(key)) return [];
      return [
        [key === 'custom_field_data' ? 'custom_fields' : key, renderField(model, key, value)],
      ];
    });
    const object: RenderedObject = {
      id,
      display: display(model, id, fields),
      ...Object.fromEntries(shown),
    };
    if (model === 'dcim.cable') {
      return {
        ...object,
        a_terminations: terminations(id, 'A'),
        b_terminations: terminations(id, 'B'),
      };
    }
    if (model !== 'dcim.device') return object;
    const parent = nested('dcim.device', parents.get(id));
    return { ...object, device_role: object['role'], parent_device: parent };
  };

  /** All objects of a list, by id. */
  return (path: string): RenderedObject[] => {
    const model = models[path] ?? '';
    return [...rowsOf(model)]
      .sort(([a], [b]) => a - b)
      .map(([id, fields]) => renderObject(model, id, fields));
  };
}
