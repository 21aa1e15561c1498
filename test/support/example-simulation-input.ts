import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import { applicationDefinitionSchema } from '../../domain/application/application-definition.ts';
import { inventoryRowSchemas } from '../../domain/inventory/inventory-kinds.ts';
import type { Measurement, SimulationInput } from '../../domain/placement/simulation.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');

/** The shop of examples/ in the datacentres of examples/inventory, as Optimus is asked about it. */
export function exampleSimulationInput(measurements: readonly Measurement[] = []): SimulationInput {
  const rows = (kind: string): unknown[] =>
    parseCsv(readFileSync(join(examples, 'inventory', `${kind}.csv`)), { columns: true });
  return {
    application: applicationDefinitionSchema.parse(
      parseYaml(readFileSync(join(examples, 'applications', 'shop', 'application.yaml'), 'utf8')),
    ),
    datacentres: rows('datacentres')
      .map((row) => inventoryRowSchemas.datacentres.parse(row))
      .map(({ id, country, availability_percent, user_latency_ms }) => ({
        id,
        country,
        availabilityPercent: availability_percent,
        userLatencyMs: user_latency_ms,
      })),
    offers: rows('offers')
      .map((row) => inventoryRowSchemas.offers.parse(row))
      .map(({ id, datacentre, cores, memory_mb, storage_gb, monthly_price, ...offer }) => ({
        id,
        datacentre,
        cores,
        memoryMb: memory_mb,
        storageGb: storage_gb,
        monthlyPrice: monthly_price ?? 0,
        currency: offer.currency,
        available: offer.available,
      })),
    latencies: rows('latencies')
      .map((row) => inventoryRowSchemas.latencies.parse(row))
      .map(({ from_datacentre, to_datacentre, ms }) => ({
        from: from_datacentre,
        to: to_datacentre,
        ms,
      })),
    measurements: [...measurements],
  };
}

/** A figure measured just now. */
export function measuredNow(
  figure: Pick<Measurement, 'component' | 'datacentre'> & Partial<Measurement>,
): Measurement {
  return { samples: 25, measuredAt: '2026-11-24T12:00:00.000Z', ...figure };
}
