import * as z from 'zod';

const reference = z.object({ id: z.int() });
const named = reference.extend({ name: z.string() });
const slugged = named.extend({ slug: z.string() });
const labelled = z.object({ value: z.string() });
/** `display` is NetBox's own name for an object, present on each; devices may have no other. */
const shown = reference.extend({ display: z.string() });
const shownAndNamed = shown.extend({ name: z.string() });
/** 4.2 and later say where a cluster is by a scope of any type. */
const scope = {
  site: reference.nullish(),
  scope_type: z.string().nullish(),
  scope: reference.nullish(),
};

const cableEnd = z.object({
  object_type: z.string(),
  object_id: z.int(),
  /** Null when the token may not see it. */
  object: z.object({ device: reference.nullish(), circuit: reference.nullish() }).nullish(),
});

interface NetboxList<Schema extends z.ZodType> {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly schema: Schema;
}
const list = <Schema extends z.ZodType<{ id: number }>>(
  path: string,
  schema: Schema,
  query: Readonly<Record<string, string>> = {},
): NetboxList<Schema> => ({ path, schema, query });

/** Rendering each object's configuration context is by far the slowest part of an answer. */
const withoutContext = { exclude: 'config_context' };
const cabledOnly = { cabled: 'true' };

/**
 * The lists that are read, and the fields of them that are used (NetBox 3.3 to 4.5; the rest is not
 * kept). The tests against the published demo data hold for 3.6.
 */
export const netboxLists = {
  regions: list('dcim/regions', slugged.extend({ parent: reference.nullish() })),
  sites: list(
    'dcim/sites',
    shownAndNamed.extend({
      slug: z.string(),
      time_zone: z.string().nullish(),
      region: reference.nullish(),
    }),
  ),
  racks: list('dcim/racks', shownAndNamed.extend({ site: reference })),
  devices: list(
    'dcim/devices',
    shown.extend({
      name: z.string().nullish(),
      /** Before 3.6 the role is called `device_role`. */
      role: slugged.nullish(),
      device_role: slugged.nullish(),
      site: reference,
      rack: reference.nullish(),
      parent_device: reference.nullish(),
      cluster: reference.nullish(),
      tenant: reference.nullish(),
      status: labelled,
    }),
    withoutContext,
  ),
  powerPanels: list('dcim/power-panels', shownAndNamed.extend({ site: reference })),
  powerFeeds: list(
    'dcim/power-feeds',
    shownAndNamed.extend({ power_panel: reference, rack: reference.nullish(), status: labelled }),
  ),
  powerPorts: list('dcim/power-ports', reference.extend({ device: reference })),
  powerOutlets: list(
    'dcim/power-outlets',
    reference.extend({ device: reference, power_port: reference.nullish() }),
  ),
  managementInterfaces: list('dcim/interfaces', reference, { ...cabledOnly, mgmt_only: 'true' }),
  frontPorts: list(
    'dcim/front-ports',
    reference.extend({
      device: reference,
      rear_port: reference.nullish(),
      rear_port_position: z.int().nullish(),
      /** Instead of the two above from 4.5 on. */
      rear_ports: z
        .array(z.object({ rear_port: z.int(), rear_port_position: z.int().nullish() }))
        .nullish(),
    }),
    cabledOnly,
  ),
  cables: list(
    'dcim/cables',
    shown.extend({
      status: labelled,
      a_terminations: z.array(cableEnd),
      b_terminations: z.array(cableEnd),
    }),
  ),
  circuits: list(
    'circuits/circuits',
    shown.extend({ cid: z.string(), type: named, provider: named, tenant: reference.nullish() }),
  ),
  circuitTerminations: list(
    'circuits/circuit-terminations',
    reference.extend({
      circuit: reference,
      term_side: z.enum(['A', 'Z']),
      site: reference.nullish(),
      provider_network: reference.nullish(),
      /** Instead of the two above from 4.2 on. */
      termination_type: z.string().nullish(),
      termination: reference.nullish(),
    }),
  ),
  tenants: list('tenancy/tenants', shownAndNamed),
  clusters: list(
    'virtualization/clusters',
    shownAndNamed.extend({ type: named, tenant: reference.nullish(), ...scope }),
  ),
  virtualMachines: list(
    'virtualization/virtual-machines',
    shownAndNamed.extend({
      site: reference.nullish(),
      cluster: reference.nullish(),
      device: reference.nullish(),
      tenant: reference.nullish(),
    }),
    withoutContext,
  ),
} as const;

export type NetboxListName = keyof typeof netboxLists;
export type NetboxObject<Name extends NetboxListName> = z.output<
  (typeof netboxLists)[Name]['schema']
>;
export type NetboxCable = NetboxObject<'cables'>;
export type NetboxCableEnd = z.output<typeof cableEnd>;

/** Everything that is read, ordered by id. */
export type NetboxSnapshot = {
  readonly [Name in NetboxListName]: readonly NetboxObject<Name>[];
};
