import { applicationDefinitionSchema } from './application-definition.ts';
import { requirementsOf, isSoft } from './nfrs.ts';

export interface Finding {
  /** Errors are refused; warnings are accepted, and probably not meant. */
  readonly severity: 'error' | 'warning';
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a definition, or looks wrong, each at its place. */
export function lintDefinition(definition: unknown): Finding[] {
  const parsed = applicationDefinitionSchema.safeParse(definition);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => ({
      severity: 'error',
      path: path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
      message,
    }));
  }
  const { components, nfrs } = parsed.data;
  const findings: Finding[] = [];
  const warn = (path: (string | number)[], message: string): void => {
    findings.push({ severity: 'warning', path, message });
  };
  const called = new Set(components.flatMap(({ calls }) => calls));
  components.forEach(({ name, entry, replicas }, index) => {
    if (!entry && !called.has(name)) {
      warn(['components', index], `nobody reaches ${name}: it is no entry, and nothing calls it`);
    }
    if (replicas.max === 1 && nfrs.availability.minPercent >= 99.9) {
      warn(
        ['components', index, 'replicas', 'max'],
        `one ${name} alone is as available as its datacentre; ${nfrs.availability.minPercent} % are wanted`,
      );
    }
  });
  if (
    nfrs.throughput !== undefined &&
    components.every(({ capacityPerSecond }) => capacityPerSecond === undefined)
  ) {
    warn(
      ['nfrs', 'throughput'],
      'no component says its capacityPerSecond: a throughput can be measured, and not planned for',
    );
  }
  for (const requirement of requirementsOf(nfrs)) {
    if (nfrs[requirement]?.priority !== undefined && !isSoft(nfrs, requirement)) {
      warn(
        ['nfrs', requirement, 'priority'],
        'only soft requirements give way; add "soft: true", or leave the priority out',
      );
    }
  }
  return findings;
}
