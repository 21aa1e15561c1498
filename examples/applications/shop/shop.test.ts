import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { applicationDefinitionSchema } from '../../../domain/application/application-definition.ts';
import { releaseDefinitionSchema } from '../../../domain/application/release-definition.ts';

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
