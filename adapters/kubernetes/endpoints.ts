import type { KubernetesSpec } from '../../domain/application/release-definition.ts';
import type { DesiredState } from '../../domain/deployment/ports.ts';

/** Where each component answers: an address of its own, or its Service through the API server's proxy. */
export function endpointsOf(desired: DesiredState, server: string): Record<string, string> {
  return Object.fromEntries(
    desired.components.flatMap(({ name, kubernetes }) =>
      kubernetes?.endpoint === undefined
        ? []
        : [[name, addressOf(kubernetes, kubernetes.endpoint, desired, server)]],
    ),
  );
}

function addressOf(
  { namespace }: KubernetesSpec,
  endpoint: NonNullable<KubernetesSpec['endpoint']>,
  { application, datacentre }: DesiredState,
  server: string,
): string {
  if ('url' in endpoint)
    return endpoint.url.replaceAll('{datacentre}', datacentre).replace(/\/$/, '');
  const { service, port, scheme } = endpoint;
  return `${server}/api/v1/namespaces/${namespace ?? application}/services/${scheme}:${service}:${port}/proxy`;
}

/** The path at the API server, where the address leads through its proxy. */
export function proxiedPath(url: string, server: string): string | undefined {
  return url.startsWith(`${server}/api/v1/`) ? url.slice(server.length) : undefined;
}
