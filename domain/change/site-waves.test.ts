import { describe, expect, it } from 'vitest';
import { resolveChangeWindow } from '../windows/change-window.ts';
import type { SiteWindow } from '../windows/window.ts';
import { strategySchema } from './rollout-strategy.ts';
import { complaintsAboutSiteWaves } from './site-waves.ts';

const zones = { mad: 'Europe/Madrid', bcn: 'Europe/Madrid', nyc: 'America/New_York' } as const;
type Id = keyof typeof zones;

function sitesOf(ids: readonly Id[], end = '2026-11-25T04:00'): readonly SiteWindow[] {
  const { sites } = resolveChangeWindow(
    { start: '2026-11-25T02:00', end, zone: 'Europe/Madrid', perDatacentre: true },
    { afterMs: 0, datacentres: ids.map((id) => ({ id, timeZone: zones[id] })) },
  );
  return sites ?? [];
}
function complaints(ids: Id[], strategy: object = {}, end?: string) {
  return complaintsAboutSiteWaves(
    { datacentres: ids, strategy: strategySchema.parse(strategy) },
    sitesOf(ids, end),
  );
}

describe('waves where each datacentre has its own window', () => {
  it('may go round the world with the night', () => {
    expect(complaints(['mad', 'bcn', 'nyc'])).toEqual([]);
    expect(complaints(['mad', 'bcn', 'nyc'], { waves: [['mad', 'bcn'], ['nyc']] })).toEqual([]);
  });

  it('cannot go back to a datacentre whose night is over', () => {
    expect(complaints(['nyc', 'mad'])).toEqual([
      { field: 'datacentres', message: expect.stringContaining('wave 2 (mad)') },
    ]);
  });

  it('need a common time of the datacentres of a wave, for all that it may take', () => {
    const together = { waves: [['mad', 'nyc']], waveBudgetSeconds: 3600 };
    expect(complaints(['mad', 'nyc'], together)).toEqual([
      { field: 'strategy.waves', message: expect.stringContaining('wave 1 (mad, nyc)') },
    ]);
    // 02:00 to 09:00 in both: one hour, from 08:00 in Madrid on.
    expect(complaints(['mad', 'nyc'], together, '2026-11-25T09:00')).toEqual([]);
    expect(complaints(['mad', 'nyc'], together, '2026-11-25T08:59')).toHaveLength(1);
  });

  it('need the time that the waves before them may take', () => {
    const hour = { waveBudgetSeconds: 3600 };
    expect(complaints(['mad', 'bcn'], hour)).toEqual([]);
    expect(complaints(['mad', 'bcn'], hour, '2026-11-25T03:59')).toHaveLength(1);
  });
});
