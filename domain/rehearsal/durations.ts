/** How long something took, newest first, in milliseconds. */
export interface RecordedDurations {
  /** Until the application was ready there, by datacentre. */
  readonly sites: Readonly<Record<string, readonly number[]>>;
  /** The same of all applications, by datacentre. */
  readonly anyApplication: Readonly<Record<string, readonly number[]>>;
  /** From the question to Optimus' answer. */
  readonly simulations: readonly number[];
}

export interface ExpectedDuration {
  /** `datacentre mad`, `Optimus`, `verification`. */
  readonly of: string;
  readonly expectedMs: number;
  /** The longest that is known. */
  readonly worstMs: number;
  /** What it was taken from, in words. */
  readonly from: string;
}

/** How long a datacentre takes, by its record; else by what its components are given. */
export function expectSite(
  datacentre: string,
  recorded: RecordedDurations,
  readyTimeoutMs: number,
): ExpectedDuration {
  const of = `datacentre ${datacentre}`;
  const own = recorded.sites[datacentre] ?? [];
  if (own.length > 0) return fromRecord(of, own, 'of this application there');
  const others = recorded.anyApplication[datacentre] ?? [];
  if (others.length > 0) return fromRecord(of, others, 'of other applications there');
  return {
    of,
    expectedMs: readyTimeoutMs / 2,
    worstMs: readyTimeoutMs,
    from: 'no deployment there yet: half of its ready time-out, and all of it',
  };
}

export function expectSimulation({ simulations }: RecordedDurations): ExpectedDuration {
  return simulations.length > 0
    ? fromRecord('Optimus', simulations, 'of this application')
    : {
        of: 'Optimus',
        expectedMs: 1_000,
        worstMs: 10_000,
        from: 'no simulation of it yet: assumed',
      };
}

function fromRecord(of: string, durations: readonly number[], which: string): ExpectedDuration {
  const sorted = durations.toSorted((a, b) => a - b);
  return {
    of,
    expectedMs: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0,
    worstMs: sorted.at(-1) ?? 0,
    from: `median and longest of the last ${durations.length} ${which}`,
  };
}
