import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf, onceHeaders } from '../../cli/client.ts';
import { applyApplication } from '../../cli/commands/application-commands.ts';
import { readYamlFile } from '../../cli/read-file.ts';
import { readManifests } from '../../cli/read-manifests.ts';
import type { Manifest } from '../../domain/application/release-definition.ts';
import { examples } from './e2e-system.ts';
import type { People } from '../../cli/demo/people.ts';

const boutique = join(examples, 'applications', 'boutique');

/** The eleven services of the example, as Kubernetes runs them. */
export const boutiqueServices: readonly string[] = readdirSync(join(boutique, 'manifests'))
  .map((file) => file.replace('.yaml', ''))
  .sort();

/** The example's manifests by component, all in one namespace. */
export function boutiqueManifests(namespace: string): Record<string, Manifest[]> {
  return Object.fromEntries(
    boutiqueServices.map((name) => [
      name,
      (readManifests(`manifests/${name}.yaml`, boutique) as Manifest[]).map((manifest) => ({
        ...manifest,
        metadata: { ...manifest.metadata, namespace },
      })),
    ]),
  );
}

export async function registerBoutique({ ana }: People, changed: object = {}): Promise<void> {
  const definition = readYamlFile(join(boutique, 'application.yaml')) as object;
  await applyApplication(ana, { ...definition, ...changed });
}

export interface BoutiqueRelease {
  readonly application?: string;
  readonly version: string;
  /** What differs in the manifests from the example. */
  readonly manifests: Readonly<Record<string, readonly Manifest[]>>;
  /** `{datacentre}` stands for the datacentre; the entry is probed below it. */
  readonly edge: string;
  readonly component?: object;
}

export async function registerBoutiqueRelease(
  { ana }: People,
  { application = 'boutique', version, manifests, edge, component = {} }: BoutiqueRelease,
): Promise<void> {
  const components = Object.fromEntries(
    Object.entries(manifests).map(([name, objects]) => [
      name,
      {
        runtime: 'kubernetes',
        manifests: objects,
        readyTimeoutMs: 120_000,
        ...(name === 'frontend' ? { endpoint: { url: `${edge}/{datacentre}/frontend` } } : {}),
        ...component,
      },
    ]),
  );
  await answerOf(
    ana.api.POST('/applications/{application}/releases', {
      params: { path: { application }, header: onceHeaders() },
      body: { application, version, components } as never,
    }),
  );
}

/** Annotates the pods of some components: how they live and answer (test/support/kubernetes). */
export function withPodAnnotations(
  manifests: Readonly<Record<string, readonly Manifest[]>>,
  annotations: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Record<string, Manifest[]> {
  return Object.fromEntries(
    Object.entries(manifests).map(([name, objects]) => [
      name,
      objects.map((object) => {
        const own = annotations[name];
        const { spec } = object as { spec?: { template?: { metadata?: object } } };
        if (own === undefined || spec?.template === undefined) return { ...object };
        const template = {
          ...spec.template,
          metadata: { ...spec.template.metadata, annotations: own },
        };
        return { ...object, spec: { ...spec, template } };
      }),
    ]),
  );
}
