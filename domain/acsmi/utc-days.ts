/** The day of UTC, such as 2026-12-31, that an instant is in. */
export const dayOf = (at: number | string | Date): string =>
  new Date(at).toISOString().slice(0, 10);

/** Midnight at the beginning of a day of UTC. */
export const startOfDayMs = (day: string): number => Date.parse(`${day}T00:00:00.000Z`);

/** The month of UTC, such as 2026-12, that an instant is in. */
export const monthOf = (atMs: number): string => dayOf(atMs).slice(0, 7);

export const firstDayOf = (month: string): string => `${month}-01`;

/** From the first instant of a month of UTC to the first of the next. */
export function monthInstants(month: string): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = startOfDayMs(firstDayOf(month));
  const next = new Date(fromMs);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return { fromMs, toMs: next.getTime() };
}
