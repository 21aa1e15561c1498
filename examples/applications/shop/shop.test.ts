import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCelEvaluator } from '../../../adapters/cel/cel-evaluator.ts';
import { applicationDefinitionSchema } from '../../../domain/application/application-definition.ts';
import { releaseDefinitionSchema } from '../../../domain/application/release-definition.ts';
import { complaintsAboutMetrics } from '../../../domain/verification/metric-checks.ts';

const directory = import.meta.dirname;
const read = (file: string): unknown => parse(readFileSync(path.join(directory, file), 'utf8'));
const releases = readdirSync(directory).filter((file) => file.startsWith('release-'));

describe('the example shop', () => {
  it('is an application with every kind of requirement', () => {
    const shop = applicationDefinitionSchema.parse(read('application.yaml'));
    expect(shop.components.map(({ name, calls, entry }) => ({ name, calls, entry }))).toEqual([
      { name: 'web', calls: ['api'], entry: true },
      { name: 'api', calls: ['store'], entry: false },
      { name: 'store', calls: [], entry: false },
    ]);
  });

  it('has metrics, in a file of its own, that can be measured as they are', () => {
    const plain = applicationDefinitionSchema.parse(read('application.yaml'));
    const shop = applicationDefinitionSchema.parse(read('application-with-metrics.yaml'));
    const { metrics = [], ...verification } = shop.verification;
    expect({ ...shop, verification }).toEqual(plain);
    expect(metrics.map(({ name }) => name)).toEqual(['healthy', 'error-ratio', 'as-predicted']);
    expect(complaintsAboutMetrics(metrics, createCelEvaluator(), () => undefined)).toEqual([]);
  });

  it('has three releases', () => {
    expect(releases).toEqual(['release-1.0.0.yaml', 'release-1.1.0.yaml', 'release-1.2.0.yaml']);
  });

  it.each(releases)('says in %s how each component runs', (file) => {
    const shop = applicationDefinitionSchema.parse(read('application.yaml'));
    const release = releaseDefinitionSchema.parse(read(file));
    expect(release.application).toBe(shop.name);
    expect(file).toBe(`release-${release.version}.yaml`);
    expect(Object.keys(release.components)).toEqual(shop.components.map(({ name }) => name));
    for (const component of Object.values(release.components)) {
      if (component.runtime === 'kubernetes') throw new Error('the shop runs as processes');
      const { command, directory: where } = component;
      expect(readdirSync(path.resolve(directory, where))).toContain(command.at(-1));
    }
  });
});
