import type { Optimus } from '../../domain/placement/ports.ts';
import { createEmbeddedOptimus } from './embedded-optimus.ts';
import { createHttpOptimus } from './http-optimus.ts';

export type OptimusSettings =
  | { readonly mode: 'embedded'; readonly timeoutMs: number }
  | {
      readonly mode: 'http';
      readonly url: string;
      readonly token?: string;
      readonly timeoutMs: number;
    };

/** The simulator that the configuration chose. */
export function createOptimus(settings: OptimusSettings): Optimus & { close(): Promise<void> } {
  if (settings.mode === 'embedded') {
    return createEmbeddedOptimus({ timeLimitMs: settings.timeoutMs });
  }
  const { url, token, timeoutMs } = settings;
  const optimus = createHttpOptimus({
    baseUrl: url,
    timeoutMs,
    ...(token === undefined ? {} : { token }),
  });
  return { ...optimus, close: () => Promise.resolve() };
}
