import type { components } from './generated/api.d.ts';

export type ImportReport = components['schemas']['ImportReport'];

/** Says on a terminal's standard error, once a second, how far the import is. */
export function watchImport(url: string, headers: Record<string, string>): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const show = async (): Promise<void> => {
    const response = await fetch(url, { headers });
    if (!response.ok) return;
    const { phase, kind, rows } =
      (await response.json()) as components['schemas']['ImportProgress'];
    process.stderr.write(`\r\u001b[K${phase} ${kind ?? ''} ${rows.toLocaleString('en')} rows`);
  };
  const timer = setInterval(() => {
    // The import itself says what went wrong; this only watches.
    show().catch(() => undefined);
  }, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001b[K');
  };
}

/** Counts by kind, then every bad line that was kept. */
export function describeReport(report: ImportReport): string {
  const counts = Object.entries(report.counts).map(
    ([kind, { rows, inserted, updated, removed, kept }]) =>
      `${kind}: ${rows} rows, ${inserted} new, ${updated} changed${removed > 0 ? `, ${removed} removed` : ''}${kept > 0 ? `, ${kept} kept as their own source has them` : ''}`,
  );
  const bad = report.badLines.map(
    ({ kind, line, column, message }) =>
      `${kind} line ${line}${column === undefined ? '' : `, ${column}`}: ${message}`,
  );
  const more = report.badLineCount - report.badLines.length;
  return [...counts, ...bad, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
