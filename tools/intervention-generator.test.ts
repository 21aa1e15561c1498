import { expect, it } from 'vitest';
import { slugSchema } from '../domain/names.ts';
import { generateInterventions } from './intervention-generator.ts';
import { generateInventory } from './inventory-generator.ts';

const hourMs = 3_600_000;
const fromMs = Date.UTC(2026, 10, 25, 10, 20);
const inventory = { services: 30_000, seed: 1 };
const options = { inventory, seed: 5, fromMs };
const interventions = generateInterventions(options);

it('gives the same interventions for the same options, and others for another seed', () => {
  expect(generateInterventions(options)).toEqual(interventions);
  expect(generateInterventions({ ...options, seed: 6 })).not.toEqual(interventions);
});

it('names items, datacentres, departments and teams of the generated inventory', () => {
  const { items, teams } = generateInventory(inventory);
  const placeOf = new Map(
    Array.from(items(), ([id, , , site, department]) => [id, [site, department]]),
  );
  const departmentOf = new Map(Array.from(teams(), ([id, , department]) => [id, department]));
  const bad = interventions.filter(({ key, items: disturbed, datacentres, department, team }) => {
    const places = disturbed.map(({ item }) => placeOf.get(item));
    const ids = new Set(disturbed.map(({ item }) => item));
    return (
      !slugSchema.safeParse(key).success ||
      disturbed.length === 0 ||
      ids.size !== disturbed.length ||
      places[0]?.[1] !== department ||
      String(datacentres) !== String([...new Set(places.map((place) => place?.[0]))]) ||
      (team !== undefined && departmentOf.get(team) !== department)
    );
  });
  expect(bad).toEqual([]);
  expect(new Set(interventions.map(({ key }) => key)).size).toBe(10_000);
});

it('spreads them over 90 days, most of them at night, from 30 minutes to 8 hours long', () => {
  const perDay = Array.from({ length: 90 }, () => 0);
  let nightly = 0;
  for (const { opensAtMs, closesAtMs } of interventions) {
    const day = Math.floor((opensAtMs - fromMs) / (24 * hourMs));
    expect(perDay[day]).toBeDefined();
    perDay[day] = (perDay[day] ?? 0) + 1;
    expect(closesAtMs - opensAtMs).toBeGreaterThanOrEqual(hourMs / 2);
    expect(closesAtMs - opensAtMs).toBeLessThanOrEqual(8 * hourMs);
    const hour = new Date(opensAtMs).getUTCHours();
    if (hour >= 21 || hour <= 3) nightly += 1;
  }
  expect(Math.min(...perDay)).toBeGreaterThan(60);
  expect(Math.max(...perDay)).toBeLessThan(170);
  expect(nightly).toBeGreaterThan(8000);
});

it('works mostly on one to four items, on some racks, and on few rows and core switches', () => {
  const { items } = generateInventory(inventory);
  const kinds = new Map(Array.from(items(), ([id, kind]) => [id, kind]));
  const byKind = (kind: string) =>
    interventions.filter(({ items: disturbed }) =>
      disturbed.some(({ item }) => kinds.get(item) === kind),
    ).length;
  expect(Math.max(...interventions.map(({ items: disturbed }) => disturbed.length))).toBe(4);
  expect(byKind('rack')).toBeGreaterThan(500);
  expect(byKind('rack')).toBeLessThan(2000);
  for (const kind of ['rack-row', 'core-switch']) {
    expect(byKind(kind)).toBeGreaterThan(10);
    expect(byKind(kind)).toBeLessThan(150);
  }
});
