/** An API object as it comes and goes: only what CTC looks at has a type, the rest passes through. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string }[];
  readonly [field: string]: unknown;
}

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for what belongs to the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
}

/** The group does not change with a version: `apps/v1` and `apps/v1beta1` name the same object. */
export function refKey({ apiVersion, kind, namespace, name }: ObjectRef): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return `${group}|${kind}|${namespace ?? ''}|${name}`;
}

/** `Deployment shop/web` */
export function describeRef({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Names that CTC puts on what it applies. */
export const marks = {
  fieldManager: 'ctc',
  restartManager: 'ctc-restart',
  managedBy: 'app.kubernetes.io/managed-by',
  application: 'ctc/application',
  component: 'ctc/component',
  release: 'ctc/release',
  releaseDigest: 'ctc/release-digest',
  change: 'ctc/change',
  attempt: 'ctc/attempt',
  fence: 'ctc/fence',
  track: 'ctc/track',
  colour: 'ctc/colour',
  restarted: 'ctc/restarted-by',
} as const;

/** Says which attempt was here last, and nothing about what runs: no difference that counts. */
export const bookkeeping: readonly string[] = [marks.change, marks.attempt, marks.fence];

/** The fence that an object was applied with last; 0 for one that CTC did not apply. */
export function fenceOf({ metadata }: ClusterObject): number {
  const token = Number(metadata.annotations?.[marks.fence]);
  return Number.isSafeInteger(token) ? token : 0;
}
