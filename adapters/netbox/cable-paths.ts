import type { NetboxCable, NetboxCableEnd, NetboxSnapshot } from './netbox-objects.ts';

/** What an item's id is made of, such as `device-12`. */
export type ItemKey =
  | `device-${number}`
  | `circuit-${number}`
  | `power-feed-${number}`
  | `power-panel-${number}`
  | `rack-${number}`
  | `cluster-${number}`
  | `vm-${number}`;

/** Where a link goes that begins at an interface of `device`. */
export interface LinkPath {
  readonly device: number;
  readonly interface: number;
  readonly cables: readonly number[];
  /** Patch panels and circuits on the way, in order. */
  readonly through: readonly ItemKey[];
  /** `outside`: a circuit leads out of what NetBox knows. `unknown`: it ends on the way. */
  readonly end:
    | { readonly type: 'interface'; readonly id: number; readonly device: number }
    | { readonly type: 'outside' | 'unknown' };
}

interface Connection {
  readonly cable: number;
  readonly opposite: readonly NetboxCableEnd[];
}

export interface CableGraph {
  /** The other ends of live cables by an end such as `dcim.powerport`, 12. */
  readonly connections: (type: string, id: number) => readonly Connection[];
  readonly links: readonly LinkPath[];
}

const liveStatuses = ['connected', 'decommissioning'];
export const isLive = (cable: NetboxCable): boolean => liveStatuses.includes(cable.status.value);

type Snapshot = Pick<NetboxSnapshot, 'cables' | 'frontPorts' | 'circuitTerminations'>;

/** Follows cables from every interface through patch panels and circuits, as NetBox traces them. */
export function traceCables(snapshot: Snapshot): CableGraph {
  const byEnd = new Map<string, Connection[]>();
  const key = (type: string, id: number) => `${type}:${id}`;
  const connections = (type: string, id: number) => byEnd.get(key(type, id)) ?? [];
  const live = snapshot.cables.filter(isLive);
  for (const { id: cable, a_terminations: a, b_terminations: b } of live) {
    for (const [ends, opposite] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const { object_type, object_id } of ends) {
        const end = key(object_type, object_id);
        byEnd.set(end, [...(byEnd.get(end) ?? []), { cable, opposite }]);
      }
    }
  }
  const panels = indexPanels(snapshot.frontPorts);
  const terminations = new Map(snapshot.circuitTerminations.map((each) => [each.id, each]));
  const sidesOf = Map.groupBy(
    snapshot.circuitTerminations,
    ({ circuit }): number | undefined => circuit.id,
  );
  const farSide = (id: number) => {
    const near = terminations.get(id);
    return sidesOf.get(near?.circuit.id)?.find((each) => each.id !== id);
  };

  interface Way {
    readonly cables: readonly number[];
    readonly through: readonly ItemKey[];
    /** Positions in the rear ports that were entered from the front, the last one on top. */
    readonly positions: readonly number[];
  }
  type Found = Omit<LinkPath, 'device' | 'interface'>;

  function* followCables(from: readonly Connection[], way: Way): Generator<Found> {
    if (from.length === 0) yield { ...way, end: { type: 'unknown' } };
    for (const { cable, opposite } of from) {
      if (way.cables.includes(cable)) continue; // a loop of patch cables
      const cables = [...way.cables, cable];
      for (const end of opposite) yield* arrive(end, { ...way, cables });
    }
  }

  function* arrive(end: NetboxCableEnd, way: Way): Generator<Found> {
    const device = end.object?.device?.id;
    const id = end.object_id;
    const unknown: Found = { ...way, end: { type: 'unknown' } };
    const past = (hop: ItemKey, positions = way.positions): Way => ({
      ...way,
      positions,
      through: way.through.includes(hop) ? way.through : [...way.through, hop],
    });
    switch (end.object_type) {
      case 'dcim.interface':
        yield device === undefined ? unknown : { ...way, end: { type: 'interface', id, device } };
        return;
      case 'dcim.frontport': {
        const port = panels.front.get(id);
        if (port === undefined) yield unknown;
        else {
          const behind = connections('dcim.rearport', port.rear);
          const on = past(`device-${port.device}`, [...way.positions, port.position]);
          yield* followCables(behind, on);
        }
        return;
      }
      case 'dcim.rearport': {
        const fronts = panels.rear.get(id) ?? [];
        const position = way.positions.at(-1);
        // Entered from behind, a port of many fibres leads on only where there is no choice.
        const port =
          position === undefined
            ? fronts.length === 1
              ? fronts[0]
              : undefined
            : fronts.find((each) => each.position === position);
        if (port === undefined) {
          yield device === undefined
            ? unknown
            : { ...past(`device-${device}`), end: { type: 'unknown' } };
        } else {
          const on = past(`device-${port.device}`, way.positions.slice(0, -1));
          yield* followCables(connections('dcim.frontport', port.id), on);
        }
        return;
      }
      case 'circuits.circuittermination': {
        const circuit = terminations.get(id)?.circuit.id;
        if (circuit === undefined) {
          yield unknown;
          return;
        }
        const far = farSide(id);
        const on = past(`circuit-${circuit}`);
        if (far === undefined || isAtProvider(far)) yield { ...on, end: { type: 'outside' } };
        else yield* followCables(connections('circuits.circuittermination', far.id), on);
        return;
      }
      default:
        yield unknown;
    }
  }

  const links = live.flatMap(({ a_terminations, b_terminations }) =>
    [...a_terminations, ...b_terminations].flatMap(({ object_type, object_id, object }) => {
      const device = object?.device?.id;
      if (object_type !== 'dcim.interface' || device === undefined) return [];
      const start = { cables: [], through: [], positions: [] };
      return [...followCables(connections(object_type, object_id), start)].map(
        ({ cables, through, end }): LinkPath => ({
          device,
          interface: object_id,
          cables,
          through,
          end,
        }),
      );
    }),
  );
  return { connections, links };
}

type Termination = NetboxSnapshot['circuitTerminations'][number];

function isAtProvider({ provider_network, termination_type }: Termination): boolean {
  return (
    (provider_network ?? undefined) !== undefined || termination_type === 'circuits.providernetwork'
  );
}

/** The site of one end of a circuit, if it is at one. */
export function siteOfTermination(termination: Termination): number | undefined {
  const { site, termination_type, termination: place } = termination;
  return site?.id ?? (termination_type === 'dcim.site' ? place?.id : undefined);
}

interface FrontPort {
  readonly id: number;
  readonly device: number;
  readonly rear: number;
  readonly position: number;
}

function indexPanels(frontPorts: NetboxSnapshot['frontPorts']) {
  const all = frontPorts.flatMap(
    ({ id, device, rear_port, rear_port_position, rear_ports }): FrontPort[] => {
      const [mapped] = rear_ports ?? [];
      const rear = rear_port?.id ?? mapped?.rear_port;
      const position = rear_port_position ?? mapped?.rear_port_position ?? 1;
      return rear === undefined ? [] : [{ id, device: device.id, rear, position }];
    },
  );
  return {
    front: new Map(all.map((port) => [port.id, port])),
    rear: Map.groupBy(all, ({ rear }) => rear),
  };
}
