import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNetboxDump, rowsOf, type DumpRow } from '../../test/support/netbox-dump.ts';
import { startNetboxServer } from '../../test/support/netbox-server.ts';
import { traceCables } from './cable-paths.ts';
import { readNetbox } from './import-from-netbox.ts';
import { createNetboxClient } from './netbox-client.ts';
import type { NetboxSnapshot } from './netbox-objects.ts';

/** Numbers of the models in the demo data's paths. */
const models = {
  circuitTermination: 15,
  providerNetwork: 18,
  cable: 19,
  frontPort: 30,
  interface: 32,
  rearPort: 47,
};

let dump: readonly DumpRow[];
let snapshot: NetboxSnapshot;
let server: Awaited<ReturnType<typeof startNetboxServer>>;
beforeAll(async () => {
  dump = readNetboxDump();
  server = await startNetboxServer({ dump, token: 'reader' });
  snapshot = await readNetbox(createNetboxClient({ url: server.url, token: 'reader' }));
});
afterAll(async () => server.close());

describe('paths along cables', () => {
  it('are those that NetBox itself has traced in its demo data', () => {
    const fieldsOf = (model: string) =>
      new Map(rowsOf(dump, model).map(({ pk, fields }) => [pk, fields]));
    const interfaces = fieldsOf('dcim.interface');
    const panels = new Map([
      [models.frontPort, fieldsOf('dcim.frontport')],
      [models.rearPort, fieldsOf('dcim.rearport')],
    ]);
    const terminations = fieldsOf('circuits.circuittermination');

    const traced = rowsOf(dump, 'dcim.cablepath').flatMap(({ fields }) => {
      const nodes = (fields['path'] as string[][])
        .flat()
        .map((node) => node.split(':').map(Number));
      const of = (model: number) => nodes.flatMap(([type, id]) => (type === model ? [id] : []));
      if (nodes[0]?.[0] !== models.interface) return [];
      const through = nodes.flatMap(([type = 0, id = 0]) => {
        if (type === models.circuitTermination)
          return [`circuit-${String(terminations.get(id)?.['circuit'])}`];
        const port = panels.get(type)?.get(id);
        return port === undefined ? [] : [`device-${String(port['device'])}`];
      });
      const [last = [], from] = [nodes.at(-1), nodes[0][1] ?? 0];
      const end =
        last[0] === models.interface
          ? { type: 'interface', id: last[1], device: interfaces.get(last[1] ?? 0)?.['device'] }
          : { type: 'outside' };
      return [
        {
          device: interfaces.get(from)?.['device'],
          interface: from,
          cables: of(models.cable),
          through: [...new Set(through)],
          end,
        },
      ];
    });
    const byInterface = (a: { interface: number }, b: { interface: number }) =>
      a.interface - b.interface;
    expect(traced).toHaveLength(102);
    expect([...traceCables(snapshot).links].sort(byInterface)).toEqual(traced.sort(byInterface));
  });
});
