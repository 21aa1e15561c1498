import type { Measurement } from '../../domain/placement/simulation.ts';

/** A row of the table `measurement`, as far as placements want it. */
export interface MeasurementRow {
  readonly component: string;
  readonly datacentre: string;
  readonly service_time_p95_ms: number | null;
  readonly availability_percent: number | null;
  readonly samples: number;
  readonly measured_at: string;
}

export function toMeasurement(row: MeasurementRow): Measurement {
  return {
    component: row.component,
    datacentre: row.datacentre,
    samples: row.samples,
    measuredAt: row.measured_at,
    ...(row.service_time_p95_ms === null ? {} : { serviceTimeP95Ms: row.service_time_p95_ms }),
    ...(row.availability_percent === null ? {} : { availabilityPercent: row.availability_percent }),
  };
}
