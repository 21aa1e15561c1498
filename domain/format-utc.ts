/** `2026-11-25 01:00 UTC`: an instant for people, the same wherever it is printed. Workflows may use it. */
export function formatUtc(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
