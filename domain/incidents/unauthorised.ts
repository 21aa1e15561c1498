import { differencesIn, type DriftReport } from '../deployment/comparison.ts';
import type { EventReport } from './event.ts';

/** The principal that reports what it finds changed; nobody signs in as it. */
export const changeDetector = 'change-detector';

/** Things that an event names; the rest is counted. */
const namesAtMost = 20;
const longestText = 10_000;

/** What of a drift makes it the same drift: what differs, and from what. */
export function driftOf({ verified, sites }: DriftReport): unknown {
  return {
    verified: verified.change,
    sites: sites
      .map((site) => ({ datacentre: site.datacentre, differences: differencesIn(site) }))
      .filter(({ differences }) => differences.length > 0),
  };
}

/** Something other than a change has changed what runs. */
export function driftEvent({ application, verified, sites, at }: DriftReport): EventReport {
  const drifted = sites.filter((site) => differencesIn(site).length > 0);
  const where = drifted.map(({ datacentre }) => datacentre);
  const lines = drifted.map(
    (site) => `${site.datacentre}: ${named(differencesIn(site))} to be as it was verified.`,
  );
  return {
    title: fitting(`${application} differs in ${where.join(', ')}, and no change did it`, 200),
    description: fitting(
      `What runs is not what ${verified.change} verified (release ${verified.release}), and no change is at work on it. It would take: ${lines.join(' ')} Look at it: ctc application drift ${application}.`,
      longestText,
    ),
    noticedAt: at,
    application,
  };
}

export interface TouchedItem {
  readonly id: string;
  readonly how: 'added' | 'changed' | 'removed';
  readonly department: string;
  readonly datacentre: string;
}

/** The inventory has items otherwise than before, and no change was to touch them. */
export function inventoryEvent(input: {
  readonly version: number;
  readonly source: string;
  readonly by: string;
  /** Of the import of this source before. */
  readonly since: string;
  readonly at: string;
  readonly items: readonly TouchedItem[];
}): EventReport {
  const { version, source, by, since, at, items } = input;
  const lines = (['added', 'changed', 'removed'] as const).flatMap((how) => {
    const some = items.filter((item) => item.how === how).map(({ id }) => id);
    return some.length === 0 ? [] : [`${some.length} ${how}: ${named(some)}.`];
  });
  const count = `${items.length} ${items.length === 1 ? 'item' : 'items'}`;
  return {
    title: fitting(`${count} changed in the inventory without a change`, 200),
    description: fitting(
      `Version ${version} of the inventory, imported from "${source}" by ${by}: no change that was carried out since ${since} names these, nor works on their kind in their department and datacentre. ${lines.join(' ')}`,
      longestText,
    ),
    noticedAt: at,
  };
}

function named(some: readonly string[]): string {
  const more = some.length - namesAtMost;
  return `${some.slice(0, namesAtMost).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function fitting(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
