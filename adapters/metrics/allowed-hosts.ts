import { DomainError } from '../../domain/errors.ts';

/** Why an address may not be asked; undefined when it may. `*.example.com` allows what is below it. */
export function whyNotHost(allowed: readonly string[], url: URL): string | undefined {
  const matches = (pattern: string): boolean => {
    const [host, port] = splitPort(pattern.toLowerCase());
    if (port !== undefined && port !== effectivePort(url)) return false;
    return host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host;
  };
  if (allowed.some(matches)) return undefined;
  return `${url.host} is not in CTC_VERIFICATION_HOSTS; ${
    allowed.length === 0
      ? 'it is empty, so that no address is asked'
      : `allowed: ${allowed.join(', ')}`
  }`;
}

/** @throws DomainError `refused` for a host that is not allowed. */
export function allowedUrl(allowed: readonly string[], address: string): URL {
  const url = new URL(address);
  const hindrance = whyNotHost(allowed, url);
  if (hindrance === undefined) return url;
  throw new DomainError('refused', `${hindrance}.`, {
    code: 'host-not-allowed',
    remedy: 'Add it there for API and workers, or use another address.',
  });
}

/** A port behind a name, or behind an IPv6 address in brackets. */
function splitPort(pattern: string): [host: string, port?: string] {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(pattern);
  return match?.[2] === undefined ? [match?.[1] ?? pattern] : [match[1] ?? '', match[2]];
}

function effectivePort({ port, protocol }: URL): string {
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}
