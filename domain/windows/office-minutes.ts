import { Temporal } from 'temporal-polyfill';

const officeFrom = 8;
const officeUntil = 20;
const lastWorkday = 5;

/** Minutes of an interval that lie between 8 and 20 o'clock, Monday to Friday, by the clock of a zone. */
export function officeMinutes(opensAt: string, closesAt: string, zone: string): number {
  const opens = Temporal.Instant.from(opensAt).toZonedDateTimeISO(zone);
  const closes = Temporal.Instant.from(closesAt).toZonedDateTimeISO(zone);
  let minutes = 0;
  for (
    let day = opens.toPlainDate();
    Temporal.PlainDate.compare(day, closes.toPlainDate()) <= 0;
    day = day.add({ days: 1 })
  ) {
    if (day.dayOfWeek > lastWorkday) continue;
    const at = (hour: number): number =>
      day.toZonedDateTime({ timeZone: zone, plainTime: { hour } }).epochMilliseconds;
    const from = Math.max(at(officeFrom), opens.epochMilliseconds);
    const until = Math.min(at(officeUntil), closes.epochMilliseconds);
    minutes += Math.max(0, until - from) / 60_000;
  }
  return minutes;
}
