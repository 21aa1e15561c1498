import { createHmac } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';
import { fillArguments } from '../../domain/verification/metric-arguments.ts';
import type { MetricProvider } from '../../domain/verification/metric-ports.ts';
import { allowedUrl } from './allowed-hosts.ts';
import { requestBounded, shown } from './bounded-request.ts';
import { parseAnswer, pointInto } from './json-answer.ts';

export interface WebhookMetricOptions {
  readonly hosts: readonly string[];
  /** `whsec_…` in base64 as Standard Webhooks has it, or any text. */
  readonly secret?: string;
  readonly nowMs?: () => number;
}

/**
 * POSTs what is being verified, signed as Standard Webhooks has it, and measures the JSON that is answered.
 * The id of the message stays the same when a measurement is taken again after a crash.
 */
export function createWebhookMetric({
  hosts,
  secret,
  nowMs = Date.now,
}: WebhookMetricOptions): MetricProvider<'webhook'> {
  return {
    async measure({ provider, metric, number, args }, { signal }) {
      const url = allowedUrl(hosts, fillArguments(provider.url, args, encodeURIComponent));
      if (secret === undefined) {
        throw new DomainError('refused', 'Webhooks are not asked without a secret to sign with.', {
          code: 'no-webhook-secret',
          remedy: 'Set CTC_VERIFICATION_WEBHOOK_SECRET, and give it to whoever answers.',
        });
      }
      const place = [args.component, args.datacentre].filter((part) => part !== undefined);
      const id = [args.change, args.attempt, metric, place.join('@'), number].join('/');
      const seconds = Math.floor(nowMs() / 1000);
      const body = JSON.stringify({
        type: 'verification.measure',
        timestamp: new Date(seconds * 1000).toISOString(),
        data: { ...args, attempt: Number(args.attempt), metric, number },
      });
      const answer = await requestBounded(url, {
        method: 'POST',
        signal,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(seconds),
          'webhook-signature': sign(secret, `${id}.${seconds}.${body}`),
        },
        body,
      });
      const { status } = answer;
      if (status < 200 || status > 299) throw refusal(url, status, answer.body);
      const detail = `POST ${shown(url)} answers ${status}`;
      if (status === 204) return { value: undefined, detail };
      const document = parseAnswer(shown(url), answer.body);
      return { value: pointInto(document, provider.pointer), detail };
    },
  };
}

function sign(secret: string, content: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

function refusal(url: URL, status: number, body: string): DomainError {
  if (status >= 300 && status < 400) {
    return new DomainError('invalid', `${shown(url)} redirects (${status}).`, {
      code: 'webhook-redirects',
      remedy: 'Give the address it redirects to: what is signed is sent nowhere else.',
    });
  }
  const said = body.trim().slice(0, 200);
  return new DomainError(
    status === 429 || status >= 500 ? 'unavailable' : 'invalid',
    `${shown(url)} answers ${status}${said === '' ? '' : `: ${said}`}.`,
    {
      code: 'webhook-refused',
      remedy: 'Let it answer 200 with JSON, whatever the value is.',
    },
  );
}
