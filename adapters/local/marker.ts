import { createHash } from 'node:crypto';
import type { DeploymentSite } from '../../domain/deployment/ports.ts';

/** What a child carries in its environment, so that it is found again without any record of it. */
export interface Marker extends DeploymentSite {
  readonly component: string;
  readonly token: number;
  readonly specHash: string;
}

/** Names hold no "/", so that one site's prefix never matches another site. */
export function siteMarkerPrefix(stateDirectory: string, site: DeploymentSite): string {
  const owner = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 16);
  return `${owner}/${site.datacentre}/${site.application}/`;
}

export function formatMarker(stateDirectory: string, marker: Marker): string {
  const { component, token, specHash } = marker;
  return `${siteMarkerPrefix(stateDirectory, marker)}${component}/${token}/${specHash}`;
}

/** Undefined for what this driver never wrote. */
export function parseMarker(text: string): Marker | undefined {
  const [, datacentre, application, component, token, specHash, ...rest] = text.split('/');
  if (
    datacentre === undefined ||
    application === undefined ||
    component === undefined ||
    token === undefined ||
    specHash === undefined ||
    rest.length > 0 ||
    !/^\d+$/.test(token)
  ) {
    return undefined;
  }
  return { datacentre, application, component, token: Number(token), specHash };
}
