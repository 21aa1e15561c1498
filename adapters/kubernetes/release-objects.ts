import type { KubernetesSpec, Manifest } from '../../domain/application/release-definition.ts';
import type { DeploymentStage, DesiredState, Fence } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { marks, refKey, type ObjectRef } from './cluster-objects.ts';

/** One object as it is to be applied. */
export interface ReleaseObject {
  readonly component: string;
  readonly manifest: Manifest;
}

/** Everything of a desired state, component by component, as the release has it. */
export function releaseObjects(desired: DesiredState): ReleaseObject[] {
  return desired.components.flatMap((component) => {
    if (component.kubernetes === undefined) {
      throw new DomainError(
        'invalid',
        `Release ${desired.release} of ${desired.application} cannot run in ${desired.datacentre}: component ${component.name} is given as a process, and this datacentre takes manifests.`,
        {
          code: 'cannot-run-here',
          complaints: [
            {
              field: `components.${component.name}`,
              message: 'it has no manifests for Kubernetes',
            },
          ],
          remedy: 'Register a release with "runtime: kubernetes" and manifests for this component.',
        },
      );
    }
    const { kubernetes, name } = component;
    const objects = kubernetes.blueGreen
      ? coloured(kubernetes, colourOf(desired))
      : kubernetes.manifests;
    return objects.map((manifest) => ({ component: name, manifest }));
  });
}

/** Two objects of one release must not be the same one. */
export function complainAboutTwins(desired: DesiredState, refs: readonly ObjectRef[]): void {
  const seen = new Set<string>();
  for (const ref of refs) {
    const key = refKey(ref);
    if (seen.has(key)) {
      throw new DomainError(
        'invalid',
        `Release ${desired.release} of ${desired.application} has ${ref.kind} ${ref.name} twice.`,
        { code: 'object-twice', remedy: 'Register a release that names each object once.' },
      );
    }
    seen.add(key);
  }
}

/** The colour of a release: what is switched to is told apart by it, and the same release has the same one. */
function colourOf({ releaseDigest }: DesiredState): string {
  return releaseDigest.slice(0, 8).toLowerCase();
}

/**
 * Blue/green: each Deployment gets its colour in name, selector and pods, so that the new one stands beside the
 * old; Services that lead to its pods, and autoscalers, follow the colour.
 */
function coloured({ manifests }: KubernetesSpec, colour: string): Manifest[] {
  const deployments = manifests.filter(isDeployment);
  const names = new Map(
    deployments.map(({ metadata: { name } }) => [name, `${name.slice(0, 54)}-${colour}`]),
  );
  return manifests.map((manifest) => {
    if (isDeployment(manifest)) {
      const { metadata } = manifest;
      return withPodLabel(
        { ...manifest, metadata: { ...metadata, name: names.get(metadata.name) ?? metadata.name } },
        marks.colour,
        colour,
      );
    }
    if (leadsTo(manifest, deployments)) {
      const spec = recordAt(manifest, 'spec');
      return {
        ...manifest,
        spec: { ...spec, selector: { ...recordAt(spec, 'selector'), [marks.colour]: colour } },
      };
    }
    const target = recordAt(recordAt(manifest, 'spec'), 'scaleTargetRef');
    const renamed = target['kind'] === 'Deployment' ? names.get(String(target['name'])) : undefined;
    if (renamed === undefined) return manifest;
    const scaleTargetRef = { ...target, name: renamed };
    return { ...manifest, spec: { ...recordAt(manifest, 'spec'), scaleTargetRef } };
  });
}

/**
 * What is applied at a stage. `live` tells which objects are in the cluster already, with how many replicas.
 *
 * - `canary`: of each Deployment that is live, a small copy beside it, reached by the same Services; what is not
 *   live yet and is no workload, for the copy may need it. Nothing that is live is changed.
 * - `prepare`: all but the Services that would be switched.
 * - `full`: everything.
 */
export function objectsAt(
  stage: DeploymentStage,
  desired: DesiredState,
  objects: readonly ReleaseObject[],
  live: (
    object: ReleaseObject,
  ) => { readonly replicas: number; readonly digest: string } | undefined,
): ReleaseObject[] {
  if (stage === 'full') return [...objects];
  if (stage === 'prepare') {
    const switched = new Set(
      desired.components.filter(({ kubernetes }) => kubernetes?.blueGreen).map(({ name }) => name),
    );
    return objects.filter(
      (object) =>
        !(
          switched.has(object.component) &&
          isService(object.manifest) &&
          live(object) !== undefined
        ),
    );
  }
  const share = (desired.options?.canaryPercent ?? 100) / 100;
  return objects.flatMap((object) => {
    const found = live(object);
    if (found === undefined) return isWorkload(object.manifest) ? [] : [object];
    if (!isDeployment(object.manifest) || found.digest === desired.releaseDigest) return [];
    return [{ ...object, manifest: canaryOf(object.manifest, found.replicas, share) }];
  });
}

function canaryOf(manifest: Manifest, replicas: number, share: number): Manifest {
  const { metadata } = manifest;
  const small = withPodLabel(
    { ...manifest, metadata: { ...metadata, name: `${metadata.name.slice(0, 56)}-canary` } },
    marks.track,
    'canary',
  );
  const count = Math.max(1, Math.ceil(replicas * share));
  return { ...small, spec: { ...recordAt(small, 'spec'), replicas: count } };
}

/** In selector and pods alike, so that the Deployment does not take over the pods of another. */
function withPodLabel(manifest: Manifest, label: string, value: string): Manifest {
  const spec = recordAt(manifest, 'spec');
  const selector = recordAt(spec, 'selector');
  const template = recordAt(spec, 'template');
  const podMetadata = recordAt(template, 'metadata');
  return {
    ...manifest,
    spec: {
      ...spec,
      selector: {
        ...selector,
        matchLabels: { ...recordAt(selector, 'matchLabels'), [label]: value },
      },
      template: {
        ...template,
        metadata: {
          ...podMetadata,
          labels: { ...recordAt(podMetadata, 'labels'), [label]: value },
        },
      },
    },
  };
}

/** The manifest with what CTC puts on it: whose it is, of which release, and which attempt applied it. */
export function markedManifest(
  { component, manifest }: ReleaseObject,
  namespace: string | undefined,
  desired: DesiredState,
  fence: Fence,
): Manifest {
  const { metadata } = manifest;
  return {
    ...manifest,
    metadata: {
      ...metadata,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...metadata.labels,
        [marks.managedBy]: 'ctc',
        [marks.application]: desired.application,
        [marks.component]: component,
      },
      annotations: {
        ...metadata.annotations,
        [marks.release]: desired.release,
        [marks.releaseDigest]: desired.releaseDigest,
        [marks.change]: fence.change,
        [marks.attempt]: String(fence.attempt),
        [marks.fence]: String(fence.token),
      },
    },
  };
}

const workloadKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Pod',
  'ReplicaSet',
];
const isWorkload = ({ kind }: Manifest): boolean => workloadKinds.includes(kind);
const isDeployment = ({ apiVersion, kind }: Manifest): boolean =>
  kind === 'Deployment' && apiVersion.startsWith('apps/');
const isService = ({ apiVersion, kind }: Manifest): boolean =>
  kind === 'Service' && apiVersion === 'v1';

/** Whether a Service's selector fits the pods of one of these. */
function leadsTo(manifest: Manifest, deployments: readonly Manifest[]): boolean {
  if (!isService(manifest)) return false;
  const wanted = Object.entries(recordAt(recordAt(manifest, 'spec'), 'selector'));
  return (
    wanted.length > 0 &&
    deployments.some((deployment) => {
      const template = recordAt(recordAt(deployment, 'spec'), 'template');
      const labels = recordAt(recordAt(template, 'metadata'), 'labels');
      return wanted.every(([key, value]) => labels[key] === value);
    })
  );
}

/** What a manifest has at a field, which may be missing or be nothing of the kind. */
export function recordAt(
  value: Readonly<Record<string, unknown>>,
  field: string,
): Readonly<Record<string, unknown>> {
  const found = value[field];
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as Readonly<Record<string, unknown>>)
    : {};
}
