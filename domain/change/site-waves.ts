import type { Complaint } from '../errors.ts';
import type { SiteWindow } from '../windows/window.ts';
import type { ReleaseChange } from './change-request.ts';
import { waveSeconds } from './rollout-strategy.ts';

/**
 * What in the order of a release's waves cannot be kept where each datacentre has its own window: a wave
 * whose datacentres are never open together, or all of whose time is over before the wave before it begins.
 */
export function complaintsAboutSiteWaves(
  { datacentres, strategy }: Pick<ReleaseChange, 'datacentres' | 'strategy'>,
  sites: readonly SiteWindow[],
): Complaint[] {
  const field = strategy.waves === undefined ? 'datacentres' : 'strategy.waves';
  const waves = strategy.waves ?? datacentres.map((datacentre) => [datacentre]);
  const neededSeconds = waveSeconds(strategy);
  const waveMs = neededSeconds * 1000;
  const complaints: Complaint[] = [];
  let beforeEndsMs = -Infinity;
  for (const [index, wave] of waves.entries()) {
    const own = sites.filter(({ datacentre }) => wave.includes(datacentre));
    if (own.length === 0) continue;
    const opensMs = Math.max(...own.map(({ workFrom }) => Date.parse(workFrom)));
    const startsByMs = Math.min(
      ...own.map(({ latestStartAt, workUntil }) =>
        Math.min(Date.parse(latestStartAt), Date.parse(workUntil) - waveMs),
      ),
    );
    const name = `wave ${index + 1} (${wave.join(', ')})`;
    if (opensMs > startsByMs) {
      const message = `${name} can never begin: its datacentres' windows leave no common time of ${neededSeconds} s; split it, or make the window longer`;
      complaints.push({ field, message });
    } else if (beforeEndsMs > startsByMs) {
      const message = `${name} comes after a wave that ends when its own window is over; put it before that one`;
      complaints.push({ field, message });
    }
    beforeEndsMs = Math.max(beforeEndsMs, opensMs) + waveMs;
  }
  return complaints;
}
