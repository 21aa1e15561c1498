import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples, request, startE2eSystem, until, type E2eSystem } from '../support/e2e-system.ts';

interface Customer {
  readonly id: string;
  readonly name: string;
}

describe('lists of customers', () => {
  let system: E2eSystem;
  let customers: readonly Customer[];
  let label: string;

  beforeAll(async () => {
    customers = parse<Customer>(await readFile(join(examples, 'inventory/customers.csv')), {
      columns: true,
    });
    // All that the processes can be brought to say.
    system = await startE2eSystem({ CTC_LOG_LEVEL: 'trace' });
    const change = await request(system.people.marta, {
      kind: 'infrastructure',
      title: 'Replace both core switches',
      reason: 'an end-to-end test',
      department: 'network',
      window: { start: '2031-01-01T00:00', end: '2031-01-01T01:00', zone: 'UTC' },
      affects: ['mad-core-1', 'mad-core-2'].map((item) => ({ item, effect: 'down' })),
      steps: ['do it'],
      rollbackSteps: ['undo it'],
    } as never);
    label = change.label;
  });
  afterAll(async () => system.stop());

  const download = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${system.stack.apiUrl}${path}`, {
      headers: { authorization: `Bearer ${system.people.oscar.token}`, ...headers },
    });
    return { status: response.status, text: await response.text() };
  };
  const logs = async (): Promise<{ name: string; line: string }[]> => {
    const directory = join(system.dataDirectory, 'logs');
    const lines: { name: string; line: string }[] = [];
    for (const name of await readdir(directory)) {
      const text = await readFile(join(directory, name), 'utf8');
      lines.push(...text.split('\n').map((line) => ({ name, line })));
    }
    return lines;
  };

  it('are in no line of any log, whoever downloads, searches or is refused them', async () => {
    const affected = await download(`/changes/${label}/impact/customers`);
    expect(affected.status).toBe(200);
    const named = customers.filter(({ id }) => affected.text.includes(`${id},`));
    expect(named.length).toBeGreaterThan(5);
    const { id, name } = named[0]!;
    const paths = [
      `/changes/${label}/impact/services`,
      '/inventory/customers?limit=5',
      `/inventory/customers?text=${encodeURIComponent(name)}`,
      '/inventory/customers/export',
      '/inventory/services/export?format=ndjson',
      `/inventory/customers/${id}`,
      `/inventory/customers/${id}/history`,
      `/inventory/services/${id}-web?change=${label}`,
      `/changes/${label}/impact/explanation?node=${id}-web`,
    ];
    for (const path of paths) {
      const { status, text } = await download(path);
      expect([200, 404], path).toContain(status);
      if (status === 200) expect(text.length).toBeGreaterThan(50);
    }
    // Refused, and not found.
    const { token } = system.people.marta;
    const refused = await download(`/changes/${label}/impact/customers`, {
      authorization: `Bearer ${token}`,
    });
    expect(refused.status).toBe(403);
    await download(`/inventory/customers/${id}?version=99`);
    await download(`/inventory/customers/${id}?cursor=broken&version=x`);

    const expected = paths.length + 4;
    const answered = async () =>
      (await logs()).filter(
        ({ name: file, line }) => file === 'api.log' && line.includes('request completed'),
      ).length >= expected;
    await until(answered, 'the API has logged its answers');
    const lines = await logs();
    // They are all about these requests, and say nothing of whom they are about.
    expect(lines.some(({ line }) => line.includes(`/changes/${label}/impact/customers`))).toBe(
      true,
    );
    expect(lines.some(({ line }) => line.includes('/inventory/customers?text'))).toBe(true);
    for (const customer of customers) {
      for (const word of [customer.id, customer.name, encodeURIComponent(customer.name)]) {
        expect(
          lines.filter(({ line }) => line.includes(word)),
          word,
        ).toEqual([]);
      }
    }
  });
});
