import type { FastifyRequest } from 'fastify';
import { inventoryKinds } from '../domain/inventory/inventory-kinds.ts';

const rowPath = new RegExp(`^(/inventory/(?:${inventoryKinds.join('|')}))/(?!export$)[^/]+`);

/**
 * A request as the log has it. Customers are in no log: what was searched for, a cursor, or the id of a row may be
 * one of them, so of a query only the names stand there, and of rows of the inventory only the kind.
 */
export function logRequest({ method, url, host, ip }: FastifyRequest): Record<string, string> {
  const [path = '', query] = url.split('?');
  const names = [...new URLSearchParams(query).keys()].map((name) => encodeURIComponent(name));
  return {
    method,
    url: `${path.replace(rowPath, '$1/…')}${names.length === 0 ? '' : `?${names.join('&')}`}`,
    host,
    remoteAddress: ip,
  };
}
