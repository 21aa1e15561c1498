import { describe, expect, it } from 'vitest';
import { resolveChangeWindow } from './change-window.ts';
import { movedWindowRequest } from './moved-window.ts';
import { windowRequestSchema } from './window.ts';

const datacentres = [
  { id: 'nyc', timeZone: 'America/New_York' },
  { id: 'mad', timeZone: 'Europe/Madrid' },
];
const request = (more: object) =>
  windowRequestSchema.parse({
    start: '2026-11-25T02:00',
    end: '2026-11-25T04:00',
    latestStart: '2026-11-25T03:00',
    zone: 'Europe/Madrid',
    preparationMinutes: 15,
    ...more,
  });
/** By so much later, resolved again. */
function moved(asked: ReturnType<typeof request>, byMs: number) {
  const window = resolveChangeWindow(asked, { afterMs: 0, datacentres });
  const to = movedWindowRequest(asked, window, {
    opensAtMs: Date.parse(window.opensAt) + byMs,
    closesAtMs: Date.parse(window.closesAt) + byMs,
  });
  return { to, resolved: resolveChangeWindow(to, { afterMs: 0, datacentres }) };
}

describe('a window that is moved to given instants', () => {
  it('keeps its parts and its latest start, and leaves its series', () => {
    const { to, resolved } = moved(request({ recurrence: { rule: 'FREQ=DAILY' } }), 3_600_000);
    expect(to).toMatchObject({ start: '2026-11-25T03:00:00', preparationMinutes: 15 });
    expect(to.recurrence).toBeUndefined();
    expect(resolved).toMatchObject({
      opensAt: '2026-11-25T02:00:00Z',
      workFrom: '2026-11-25T02:15:00Z',
      latestStartAt: '2026-11-25T03:00:00Z',
      closesAt: '2026-11-25T04:00:00Z',
    });
  });

  it('gets no latest start that it did not have', () => {
    const reserve = { latestStart: undefined, rollbackReserveMinutes: 30 };
    expect(moved(request(reserve), 0).to.latestStart).toBeUndefined();
  });

  it('stays per datacentre, by the clock of the first that opens', () => {
    const { to, resolved } = moved(request({ perDatacentre: true }), 86_400_000);
    expect(to).toMatchObject({
      start: '2026-11-26T02:00:00',
      end: '2026-11-26T04:00:00',
      latestStart: '2026-11-26T03:00:00',
      perDatacentre: true,
    });
    expect(resolved.sites?.map(({ opensAt }) => opensAt)).toEqual([
      '2026-11-26T07:00:00Z',
      '2026-11-26T01:00:00Z',
    ]);
  });
});
