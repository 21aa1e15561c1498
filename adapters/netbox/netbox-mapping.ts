import * as z from 'zod';
import { inventoryRowSchemas } from '../../domain/inventory/inventory-kinds.ts';
import { countrySchema, slugSchema } from '../../domain/names.ts';

const { datacentres } = inventoryRowSchemas;

/** What carries a tenant and may so be a service of that customer. */
export const netboxServiceSources = ['virtual-machine', 'circuit', 'device'] as const;

/**
 * What NetBox does not know, and what a company decides for itself. Names without a default have to be
 * given: a guess would be taken for a fact.
 */
export const netboxMappingSchema = z
  .strictObject({
    /** Before every id: `nb-device-12`. Another one for each NetBox that is imported. */
    idPrefix: slugSchema.max(40).default('nb'),
    /** Of sites in no region that tells, and of all customers. */
    country: countrySchema,
    /** By slug of a region; holds for the regions below it too. */
    countries: z.record(z.string(), countrySchema).default({}),
    /** Of sites that have none in NetBox. */
    timeZone: datacentres.shape.time_zone.default('UTC'),
    driver: slugSchema,
    availabilityPercent: datacentres.shape.availability_percent,
    userLatencyMs: datacentres.shape.user_latency_ms,
    contractLevel: slugSchema,
    /** The first one owns every kind that `departmentOf` does not name. */
    departments: z.array(inventoryRowSchemas.departments).min(1, 'name at least one department'),
    /** Department by kind of item. */
    departmentOf: z.record(z.string(), slugSchema).default({}),
    /** Kind of item by slug of a device role; otherwise the slug itself. */
    kindOf: z.record(z.string(), slugSchema).default({}),
    servicesFrom: z.array(z.enum(netboxServiceSources)).default(['virtual-machine', 'circuit']),
    /** How many hosts of a cluster may be down at once while it still carries its machines. */
    spareHosts: z.int().min(0).default(1),
    /**
     * Slugs of device roles, nearest to the outside first: a device needs what it is cabled to in a tier
     * before its own. A role in none comes after all of them.
     */
    tiers: z
      .array(z.array(z.string()))
      .default([
        ['edge-router', 'border-router', 'core-router', 'router'],
        ['firewall'],
        ['core-switch', 'spine', 'spine-switch'],
        ['distribution-switch', 'aggregation-switch'],
        ['access-switch', 'tor-switch', 'leaf', 'leaf-switch', 'switch'],
      ]),
    /** Clusters and the like that are at no site: into a datacentre of their own, or left out. */
    withoutSite: z.enum(['collect', 'skip']).default('collect'),
  })
  .superRefine(({ departments, departmentOf }, context) => {
    for (const [kind, id] of Object.entries(departmentOf)) {
      if (departments.some((department) => department.id === id)) continue;
      context.addIssue({
        code: 'custom',
        path: ['departmentOf', kind],
        message: `there is no department "${id}"; add it to departments`,
      });
    }
  });

/** As given, before the defaults are filled in. */
export type NetboxMappingInput = z.input<typeof netboxMappingSchema>;
export type NetboxMapping = z.output<typeof netboxMappingSchema>;
