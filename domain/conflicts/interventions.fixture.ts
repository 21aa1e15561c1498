import fc from 'fast-check';
import type { AssessDown, Intervention } from './detect-conflicts.ts';
import { assessImpact, type Disturbance } from '../impact/assess-impact.ts';
import { prepareGraph, type PreparedGraph } from '../impact/prepare-graph.ts';

export const hourMs = 3_600_000;
/** 2026-11-25 00:00 UTC: windows of the tests are hours from here. */
export const midnightMs = Date.UTC(2026, 10, 25);

/** `web-service: 1 of web-1, web-2` for each line; what begins with `svc` is a service. */
export function graphOf(...lines: string[]): PreparedGraph {
  const groups = lines.map((line, i) => {
    const [, dependent = '', needs = '', members = ''] = /^(\S+): (\d+) of (.+)$/.exec(line) ?? [];
    return { dependent, name: `group-${i}`, needs: Number(needs), members: members.split(', ') };
  });
  const ids = [...new Set(groups.flatMap(({ dependent, members }) => [dependent, ...members]))];
  const isService = (id: string): boolean => id.startsWith('svc');
  return prepareGraph({
    items: ids.filter((id) => !isService(id)).map((id) => ({ id })),
    services: ids.filter(isService).map((id) => ({ id })),
    groups,
  });
}

export function assessDownOn(graph: PreparedGraph): AssessDown {
  return (disturbances) => {
    const { items, services } = assessImpact(graph, disturbances);
    return new Set([...items.down, ...services.down]);
  };
}

/** An intervention with the footprint that the graph gives it; `hours` counts from `midnightMs`. */
export function interventionOn(
  graph: PreparedGraph,
  number: number,
  given: {
    readonly hours?: readonly [from: number, to: number];
    readonly application?: string;
    readonly datacentres?: readonly string[];
    readonly items?: readonly Disturbance[];
  },
): Intervention {
  const { hours = [2, 4], application, datacentres = [], items = [] } = given;
  const impact = assessImpact(graph, items);
  return {
    change: `change-${number}`,
    label: `CHG-${number}`,
    owner: `owner-${number}`,
    state: 'scheduled',
    window: {
      opensAtMs: midnightMs + hours[0] * hourMs,
      closesAtMs: midnightMs + hours[1] * hourMs,
    },
    targets: { ...(application === undefined ? {} : { application }), datacentres, items },
    footprint: {
      down: new Set([...impact.items.down, ...impact.services.down]),
      degraded: new Set([...impact.items.degraded, ...impact.services.degraded]),
      atRisk: new Set([...impact.items.atRisk, ...impact.services.atRisk]),
    },
  };
}

const itemIds = Array.from({ length: 6 }, (_, i) => `item-${i}`);
const serviceIds = Array.from({ length: 4 }, (_, i) => `svc-${i}`);

/** Small graphs with redundancy and cycles, and interventions that often meet on them. */
export const anyInterventions: fc.Arbitrary<{
  graph: PreparedGraph;
  interventions: Intervention[];
}> = fc
  .array(
    fc.record({
      dependent: fc.constantFrom(...itemIds, ...serviceIds),
      members: fc.uniqueArray(fc.constantFrom(...itemIds), { minLength: 1, maxLength: 3 }),
      spare: fc.nat(2),
    }),
    { maxLength: 10 },
  )
  .map((groups) =>
    prepareGraph({
      items: itemIds.map((id) => ({ id })),
      services: serviceIds.map((id) => ({ id })),
      groups: groups.map(({ dependent, members, spare }, i) => ({
        dependent,
        name: `group-${i}`,
        needs: Math.max(1, members.length - spare),
        members,
      })),
    }),
  )
  .chain((graph) =>
    fc
      .array(
        fc.record(
          {
            hours: fc
              .tuple(fc.nat(20), fc.integer({ min: 1, max: 8 }))
              .map(([from, length]): [number, number] => [from, from + length]),
            application: fc.constantFrom('shop', 'mail', 'search'),
            datacentres: fc.array(fc.constantFrom('mad', 'bcn', 'vlc'), { maxLength: 2 }),
            items: fc.array(
              fc.record({
                item: fc.constantFrom(...itemIds),
                effect: fc.constantFrom('down' as const, 'degraded' as const),
              }),
              { maxLength: 3 },
            ),
          },
          { requiredKeys: ['hours', 'items'] },
        ),
        { minLength: 2, maxLength: 5 },
      )
      .map((given) => ({
        graph,
        interventions: given.map((one, i) => interventionOn(graph, i + 1, one)),
      })),
  );
