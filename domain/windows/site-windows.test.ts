import { describe, expect, it } from 'vitest';
import { resolveSiteWindows } from './site-windows.ts';

const madrid = { id: 'mad-1', timeZone: 'Europe/Madrid' };
const newYork = { id: 'nyc-1', timeZone: 'America/New_York' };
const request = (start: string, end: string, more: object = {}) => ({ start, end, ...more });

describe('windows per datacentre', () => {
  it('open and close by the clock of each', () => {
    const sites = resolveSiteWindows(
      request('2026-11-25T02:00', '2026-11-25T04:00', { latestStart: '2026-11-25T03:00' }),
      [newYork, madrid, { ...madrid, id: 'mad-2' }],
    );
    expect(sites.map(({ datacentre, window }) => [datacentre, window.opensAt])).toEqual([
      ['nyc-1', '2026-11-25T07:00:00Z'],
      ['mad-1', '2026-11-25T01:00:00Z'],
      ['mad-2', '2026-11-25T01:00:00Z'],
    ]);
    expect(sites[0]?.window).toMatchObject({
      latestStartAt: '2026-11-25T08:00:00Z',
      zone: 'America/New_York',
    });
  });

  it('name each datacentre whose clock skips a time, or has it twice', () => {
    const skipped = request('2026-03-29T02:30', '2026-03-29T05:00');
    expect(() => resolveSiteWindows(skipped, [newYork, madrid])).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'invalid-window',
        complaints: [
          {
            field: 'window.start',
            message: expect.stringMatching(/^in datacentre mad-1: .* does not exist in Europe/),
          },
        ],
      }),
    );
    const twice = { start: '2026-10-25T02:30', end: '2026-10-25T05:00' };
    const both = [madrid, { ...madrid, id: 'mad-2' }];
    expect(() => resolveSiteWindows(request(twice.start, twice.end), both)).toThrow(
      expect.objectContaining({
        complaints: ['mad-1', 'mad-2'].map((id) => ({
          field: 'window.start',
          message: expect.stringContaining(id),
        })),
      }),
    );
    const later = request(twice.start, twice.end, { disambiguation: 'later' });
    expect(resolveSiteWindows(later, both)[0]?.window.opensAt).toBe('2026-10-25T01:30:00Z');
  });

  it('need a datacentre', () => {
    expect(() => resolveSiteWindows(request('2026-11-25T02:00', '2026-11-25T04:00'), [])).toThrow(
      expect.objectContaining({
        complaints: [expect.objectContaining({ field: 'window.perDatacentre' })],
      }),
    );
  });
});
