import { DomainError } from '../../domain/errors.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { createEmbeddedOptimus } from './embedded-optimus.ts';
import { createHttpOptimus } from './http-optimus.ts';

export interface OptimusSettings {
  /** For applications that do not choose. */
  readonly mode: 'embedded' | 'http';
  /** Of the external one, if there is one. */
  readonly url?: string;
  readonly token?: string;
  readonly timeoutMs: number;
}

/** The simulator that the application chose, or the configuration. */
export function createOptimus({
  mode,
  url,
  token,
  timeoutMs,
}: OptimusSettings): Optimus & { close(): Promise<void> } {
  const embedded = createEmbeddedOptimus({ timeLimitMs: timeoutMs });
  const external =
    url === undefined
      ? undefined
      : createHttpOptimus({ baseUrl: url, timeoutMs, ...(token === undefined ? {} : { token }) });

  const engineFor = ({ application }: SimulationInput): Optimus => {
    const chosen = application.optimus ?? (mode === 'http' ? 'external' : 'embedded');
    if (chosen === 'embedded') return embedded;
    if (external !== undefined) return external;
    throw new DomainError(
      'unavailable',
      `${application.name} is placed by an external OPTIMUS, and none is configured.`,
      {
        code: 'no-external-optimus',
        remedy: 'Set CTC_OPTIMUS_URL, or let the definition choose "optimus: embedded".',
      },
    );
  };
  return {
    simulate: async (input, options) => engineFor(input).simulate(input, options),
    findFront: async (input, request, options) =>
      engineFor(input).findFront(input, request, options),
    close: () => embedded.close(),
  };
}
