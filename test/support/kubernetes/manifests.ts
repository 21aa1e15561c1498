import type { Manifest } from '../../../domain/application/release-definition.ts';

export interface WorkloadOptions {
  readonly replicas?: number;
  /** Of the pods: how they live (node-and-pod-life.yaml), and how they answer (ingress.ts). */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly image?: string;
}

const podOf = (
  name: string,
  { annotations = {}, image = `registry.example/${name}:1` }: WorkloadOptions,
) => ({
  metadata: { labels: { app: name }, annotations },
  spec: { containers: [{ name: 'main', image }] },
});

export function deploymentOf(name: string, options: WorkloadOptions = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: options.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      template: podOf(name, options),
    },
  };
}

export function serviceOf(name: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

export function statefulSetOf(name: string, options: WorkloadOptions = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas: options.replicas ?? 2,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: podOf(name, options),
    },
  };
}

export function daemonSetOf(name: string, options: WorkloadOptions = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: podOf(name, options) },
  };
}

export function jobOf(name: string, options: WorkloadOptions = {}): Manifest {
  const template = podOf(name, options);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
    },
  };
}
