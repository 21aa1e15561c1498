import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readYamlFile } from '../../../cli/read-file.ts';
import { readManifests } from '../../../cli/read-manifests.ts';
import { applicationDefinitionSchema } from '../../../domain/application/application-definition.ts';
import { releaseDefinitionSchema } from '../../../domain/application/release-definition.ts';

const directory = import.meta.dirname;
const read = (file: string): unknown => readYamlFile(path.join(directory, file));

describe('the example boutique', () => {
  it('has a release that says how Kubernetes runs each of its eleven services', () => {
    const boutique = applicationDefinitionSchema.parse(read('application.yaml'));
    const release = read('release-0.10.2.yaml') as {
      components: Record<string, { manifests: unknown }>;
    };
    for (const component of Object.values(release.components)) {
      component.manifests = readManifests(component.manifests, directory);
    }
    const { components } = releaseDefinitionSchema.parse(release);
    expect(Object.keys(components)).toEqual(boutique.components.map(({ name }) => name).sort());
    expect(Object.keys(components)).toHaveLength(11);
    for (const [name, component] of Object.entries(components)) {
      if (component.runtime !== 'kubernetes') throw new Error(`${name} is run by Kubernetes`);
      const kinds = component.manifests.map(({ kind }) => kind);
      expect(kinds).toContain('Service');
      expect(kinds.some((kind) => kind === 'Deployment' || kind === 'StatefulSet')).toBe(true);
    }
  });

  it('has a file of manifests for each of them, and no other', () => {
    const files = readdirSync(path.join(directory, 'manifests'));
    expect(files.map((file) => file.replace('.yaml', ''))).toEqual(
      Object.keys((read('release-0.10.2.yaml') as { components: object }).components),
    );
  });
});
