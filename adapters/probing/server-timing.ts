import type { ProbeSample } from '../../domain/deployment/ports.ts';

/**
 * The hops named by a `Server-Timing` header (W3C): entries `component;desc="datacentre";dur=12.3`. Entries
 * that are not hops, or malformed, are left out: the header also carries other people's figures.
 */
export function parseServerTiming(header: string | undefined): ProbeSample['hops'] {
  if (header === undefined) return [];
  return splitOutsideQuotes(header, ',').flatMap((entry) => {
    const [name = '', ...parameters] = splitOutsideQuotes(entry, ';').map((part) => part.trim());
    const values = new Map(
      parameters.map((parameter) => {
        const equals = parameter.indexOf('=');
        const key = parameter.slice(0, equals < 0 ? undefined : equals);
        const value = equals < 0 ? '' : parameter.slice(equals + 1);
        return [key.trim().toLowerCase(), unquote(value.trim())];
      }),
    );
    const datacentre = values.get('desc') ?? '';
    const duration = values.get('dur') ?? '';
    const durationMs = Number(duration);
    return name === '' ||
      datacentre === '' ||
      duration === '' ||
      !Number.isFinite(durationMs) ||
      durationMs < 0
      ? []
      : [{ component: name, datacentre, durationMs }];
  });
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let begun = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quoted && character === '\\') index += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(begun, index));
      begun = index + 1;
    }
  }
  return [...parts, text.slice(begun)];
}

function unquote(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length >= 2
    ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1')
    : value;
}
