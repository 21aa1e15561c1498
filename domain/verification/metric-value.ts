/** What a provider measured, as JSON knows it; numbers may also be infinite. */
export type MetricValue =
  | number
  | boolean
  | string
  | null
  | readonly MetricValue[]
  | { readonly [name: string]: MetricValue };

/** Bounds what conditions go through and what is stored. */
export const valueLimits = { characters: 16_384, elements: 500, depth: 8 } as const;

/**
 * Whether nothing was measured: nothing at all, null, NaN, an empty list or map, and a list in which any is
 * NaN or null. `result.all(…)` of an empty list would be true of no measurement.
 */
export function isNoData(value: MetricValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'number') return Number.isNaN(value);
  if (typeof value !== 'object') return false;
  if (isList(value)) return value.length === 0 || value.some((one) => isNoData(one));
  return Object.keys(value).length === 0;
}

/** Why a value is too large to be judged and kept; undefined when it is not. */
export function complaintAboutSize(value: MetricValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  const { characters, elements, depth } = valueLimits;
  if (depthOf(value, depth) > depth) return `it is nested deeper than ${depth}`;
  if (widest(value) > elements) return `it has a list or map of more than ${elements} elements`;
  const length = JSON.stringify(value).length;
  return length > characters ? `it has ${length} characters, more than ${characters}` : undefined;
}

/** As PostgreSQL's JSON can hold it: what is not a finite number becomes text, and NUL is replaced. */
export function storableValue(value: MetricValue | undefined): MetricValue {
  if (value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(storableValue);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [storableText(name), storableValue(one)]),
  );
}

/** Without what PostgreSQL's text cannot hold: NUL, and halves of characters. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** For a person, cut to a line. */
export function formatValue(value: MetricValue): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}

function isList(value: object): value is readonly MetricValue[] {
  return Array.isArray(value);
}

function parts(value: MetricValue): readonly MetricValue[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/** Stops counting past `most`, so that no value exhausts the stack. */
function depthOf(value: MetricValue, most: number): number {
  const inner = parts(value);
  if (inner.length === 0 || most < 0) return 0;
  return 1 + Math.max(...inner.slice(0, 10_000).map((one) => depthOf(one, most - 1)));
}

function widest(value: MetricValue): number {
  const inner = parts(value);
  return inner.reduce<number>((most, one) => Math.max(most, widest(one)), inner.length);
}
