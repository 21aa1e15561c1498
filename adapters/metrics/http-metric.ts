import { DomainError } from '../../domain/errors.ts';
import { fillArguments } from '../../domain/verification/metric-arguments.ts';
import type { MetricProvider, MetricRequest } from '../../domain/verification/metric-ports.ts';
import { allowedUrl } from './allowed-hosts.ts';
import { requestBounded, shown, type BoundedAnswer } from './bounded-request.ts';
import { parseAnswer, pointInto } from './json-answer.ts';

const mostRedirects = 5;

/**
 * GETs a path of a replica, or an address of an allowed host. Whatever is answered is a value, a bad status
 * too; redirects are followed only where they stay on the same host, port and protocol.
 */
export function createHttpMetric(options: {
  readonly hosts: readonly string[];
}): MetricProvider<'http'> {
  return {
    async measure(request, { signal }) {
      const { pointer } = request.provider;
      const url = addressOf(request, options.hosts);
      const { answer, from } = await follow(url, signal);
      const status = { status: answer.status, latencyMs: Math.round(answer.latencyMs * 10) / 10 };
      const detail = `GET ${shown(from)} answers ${answer.status} in ${status.latencyMs} ms`;
      if (pointer === undefined) return { value: status, detail };
      const isGood = answer.status >= 200 && answer.status < 300;
      const body = bodyAt(pointer, answer, from, isGood);
      // A good answer without what is pointed at says nothing; a bad one says that it is bad.
      if (body === undefined && isGood) {
        return { value: undefined, detail: `${detail}, with nothing at "${pointer}"` };
      }
      return { value: { ...status, body: body ?? null }, detail };
    },
  };
}

function addressOf(request: MetricRequest<'http'>, hosts: readonly string[]): URL {
  const { provider, args, target } = request;
  const fill = (text: string): string => fillArguments(text, args, encodeURIComponent);
  if (provider.url !== undefined) return allowedUrl(hosts, fill(provider.url));
  if (target.endpoint === undefined) {
    throw new DomainError('invalid', `Nobody knows where ${args.component ?? 'it'} answers.`, {
      code: 'no-endpoint',
      remedy: 'Its datacentre names no address of it: give the metric a url in place of a path.',
    });
  }
  const base = new URL(target.endpoint);
  const url = new URL(fill(provider.path ?? '/'), base);
  // A path such as //elsewhere/ would lead away from the replica.
  if (url.origin === base.origin) return url;
  throw new DomainError('refused', `The path leads to ${url.host}, not to the replica.`, {
    code: 'host-not-allowed',
    remedy: 'Begin it with one slash.',
  });
}

async function follow(
  start: URL,
  signal: AbortSignal,
): Promise<{ answer: BoundedAnswer; from: URL }> {
  let url = start;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await requestBounded(url, { method: 'GET', signal });
    const { status, location } = answer;
    const isRedirect = [301, 302, 303, 307, 308].includes(status) && location !== undefined;
    const next =
      isRedirect && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    if (next?.origin !== start.origin || redirects === mostRedirects) return { answer, from: url };
    url = next;
  }
}

function bodyAt(
  pointer: string,
  { body }: BoundedAnswer,
  from: URL,
  isGood: boolean,
): ReturnType<typeof pointInto> {
  try {
    return pointInto(parseAnswer(shown(from), body), pointer);
  } catch (error) {
    if (isGood) throw error;
    return undefined;
  }
}
