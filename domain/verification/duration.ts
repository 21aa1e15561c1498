import * as z from 'zod';

const pattern = /^(?=\d)(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,6})s)?(?:(\d{1,9})ms)?$/;

/** A length of time as Argo Rollouts and Go write it: `500ms`, `30s`, `5m`, `1h30m`. Stays text. */
export const durationSchema = z
  .string()
  .max(30)
  .regex(pattern, 'use a length of time such as 500ms, 30s, 5m or 1h30m');

/** Milliseconds of what `durationSchema` takes. */
export function durationMs(text: string): number {
  const [, hours = '0', minutes = '0', seconds = '0', ms = '0'] = pattern.exec(text) ?? [];
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms);
}
