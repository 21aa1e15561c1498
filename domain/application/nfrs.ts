import * as z from 'zod';
import { countrySchema, currencySchema, markSchema } from '../names.ts';

/** Whether a requirement may give way. None of it has a default: stored simulations are known by their hash. */
const weight = {
  /** It gives way where not all can be met, and is reported as unmet; without it, it never does. */
  soft: z.literal(true).optional(),
  /** Of soft ones the highest number gives way first; 50 where nothing is said. */
  priority: z.int().min(1).max(100).optional(),
};
const level = z.int().min(1).max(5);

/** The initial requirements: what was closed in the application's definition and must hold as long as it runs. */
export const nfrsSchema = z.strictObject({
  /** Least share of requests answered well, in per cent. */
  availability: z.strictObject({ minPercent: z.number().min(0).lt(100), ...weight }),
  /** Most that the placement may cost a month. */
  monthlyCost: z.strictObject({
    max: z.number().nonnegative(),
    currency: currencySchema,
    ...weight,
  }),
  /** Longest 95th percentile of the time to answer a request at an entry component. */
  responseTime: z.strictObject({ p95MaxMs: z.number().positive(), ...weight }),
  /** Answers a second that the application must be able to give; measured by asking for so many. */
  throughput: z
    .strictObject({ minPerSecond: z.number().positive().max(100_000), ...weight })
    .optional(),
  /** Countries that the application may run in, and whose law may govern the provider's contract. */
  location: z.strictObject({
    countries: z.array(countrySchema).min(1),
    jurisdictions: z.array(countrySchema).min(1).optional(),
    ...weight,
  }),
  /** Certificates that whatever it runs on must have, each of them, such as iso-27001 or ens-high. */
  certifications: z.strictObject({ all: z.array(markSchema).min(1).max(50), ...weight }).optional(),
  /** Least security level of whatever it runs on: 1 (none) to 5 (strongest). */
  securityLevel: z.strictObject({ min: level, ...weight }).optional(),
  /** Highest risk that a provider fails as a company: 1 (least) to 5. */
  financialRisk: z.strictObject({ max: level, ...weight }).optional(),
  /** Highest risk of being bound to a provider's technology: 1 (least) to 5. */
  technologicalRisk: z.strictObject({ max: level, ...weight }).optional(),
});

export type Nfrs = z.output<typeof nfrsSchema>;
export type Requirement = keyof Nfrs;

/** Every requirement there is, in the order in which they are reported. */
export const requirements = Object.keys(nfrsSchema.shape) as readonly Requirement[];

const usualPriority = 50;

/** The requirements that an application has. */
export function requirementsOf(nfrs: Nfrs): Requirement[] {
  return requirements.filter((requirement) => nfrs[requirement] !== undefined);
}

export function isSoft(nfrs: Partial<Nfrs>, requirement: Requirement): boolean {
  return nfrs[requirement]?.soft === true;
}

/** The soft requirements, the one that gives way first before the others. */
export function softRequirements(nfrs: Nfrs): Requirement[] {
  const priority = (requirement: Requirement): number =>
    nfrs[requirement]?.priority ?? usualPriority;
  return requirements
    .filter((requirement) => isSoft(nfrs, requirement))
    .toSorted((a, b) => priority(b) - priority(a));
}

/** A requirement with its limit, in the words of explanations and reports. */
export function describeRequirement(nfrs: Nfrs, requirement: Requirement): string {
  switch (requirement) {
    case 'availability':
      return `an availability of at least ${nfrs.availability.minPercent} %`;
    case 'monthlyCost':
      return `a monthly cost of at most ${nfrs.monthlyCost.max.toFixed(2)} ${nfrs.monthlyCost.currency}`;
    case 'responseTime':
      return `a response time (p95) of at most ${nfrs.responseTime.p95MaxMs} ms`;
    case 'throughput':
      return `a throughput of at least ${nfrs.throughput?.minPerSecond ?? 0} answers a second`;
    case 'location': {
      const { countries, jurisdictions } = nfrs.location;
      const law =
        jurisdictions === undefined ? '' : ` under the law of ${jurisdictions.join(' or ')}`;
      return `the location ${countries.join(' or ')}${law}`;
    }
    case 'certifications':
      return `the certification ${nfrs.certifications?.all.join(' and ') ?? ''}`;
    case 'securityLevel':
      return `a security level of at least ${nfrs.securityLevel?.min ?? 1}`;
    case 'financialRisk':
      return `a financial risk of at most ${nfrs.financialRisk?.max ?? 5}`;
    case 'technologicalRisk':
      return `a technological risk of at most ${nfrs.technologicalRisk?.max ?? 5}`;
  }
}
