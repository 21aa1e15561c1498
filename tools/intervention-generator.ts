import type { Disturbance } from '../domain/impact/impact.ts';
import {
  createChooser,
  createItemChooser,
  teamFor,
  typicalPart,
  type ChosenItem,
  type GeneratorOptions,
  type ItemPart,
} from './inventory-generator.ts';

export interface InterventionOptions {
  /** Those of the generated inventory that the interventions work on. */
  readonly inventory: Pick<GeneratorOptions, 'services'>;
  readonly count?: number;
  readonly seed: number;
  readonly fromMs: number;
  readonly days?: number;
}

export interface GeneratedIntervention {
  readonly key: string;
  readonly title: string;
  readonly department: string;
  readonly opensAtMs: number;
  readonly closesAtMs: number;
  /** Where the items are; the first is that of the first item. */
  readonly datacentres: readonly string[];
  readonly items: readonly Disturbance[];
  /** One of the generated inventory's teams. */
  readonly team?: string;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const stepMs = 15 * minuteMs;

/** In a hundred interventions: on something large, on a rack, at two places, with a team that is booked. */
const largeShare = 3;
const rackShare = 5;
const twoPlacesShare = 3;
const teamShare = 40;
const largeParts = ['row', 'core', 'agg', 'ups', 'pdu', 'san'] as const satisfies ItemPart[];

const works = {
  facilities: ['Inspection of', 'Recabling of', 'Power measurement in', 'Cleaning of'],
  others: ['Firmware of', 'Security update of', 'Part replacement in', 'New configuration of'],
} as const;

/**
 * Interventions as a hosting company plans them: on one to four neighbouring items, some on a rack, few
 * on a row or a core switch; from 30 minutes to 8 hours long, most of them begun between 21:00 and 03:00
 * UTC, all begun within the days. The same options give the same list.
 */
export function generateInterventions({
  inventory,
  count = 10_000,
  seed,
  fromMs,
  days = 90,
}: InterventionOptions): GeneratedIntervention[] {
  const chooseItems = createItemChooser(inventory);
  const ofWork = createChooser(seed, 31);
  const ofPlace = createChooser(seed, 32);
  const ofPart = createChooser(seed, 33);
  const ofWindow = createChooser(seed, 34);
  const ofDay = createChooser(seed, 35);
  const ofTeam = createChooser(seed, 36);
  const ofSecondPlace = createChooser(seed, 37);
  const firstMidnightMs = fromMs - (((fromMs % dayMs) + dayMs) % dayMs);

  const itemsOf = (i: number): readonly ChosenItem[] => {
    const work = ofWork(i);
    const where = ofPlace(i);
    const share = work % 100;
    if (share < largeShare) {
      return chooseItems(largeParts[(work >>> 8) % largeParts.length] ?? 'row', where);
    }
    if (share < largeShare + rackShare) return chooseItems('rack', where);
    const part = typicalPart(ofPart(i));
    if (part === 'rack') return chooseItems('rack', where);
    if (share >= 100 - twoPlacesShare) {
      // The second place may be the first again.
      const both = [...chooseItems(part, where), ...chooseItems(part, ofSecondPlace(i))];
      return both.filter(({ item }, n) => n === 0 || item !== both[0]?.item);
    }
    // Half of the changes are to one item, the others to one of four numbers.
    return chooseItems(part, where, (work >>> 16) & 1 ? 1 : ((work >>> 8) % 4) + 1);
  };

  const windowOf = (i: number) => {
    const chosen = ofWindow(i);
    const atNight = chosen % 100 < 85;
    const startMs = atNight
      ? (21 * 60 * minuteMs + ((chosen >>> 8) % 25) * stepMs) % dayMs
      : 8 * 60 * minuteMs + ((chosen >>> 8) % 36) * stepMs;
    let opensAtMs = firstMidnightMs + (ofDay(i) % days) * dayMs + startMs;
    // What would begin before the first moment of the first day begins on the last.
    if (opensAtMs < fromMs) opensAtMs += days * dayMs;
    // The smaller of two: short ones are more frequent than long ones; 2 to 32 quarters of an hour.
    const quarters = 2 + Math.min((chosen >>> 16) % 31, (chosen >>> 21) % 31);
    return { opensAtMs, closesAtMs: opensAtMs + quarters * stepMs };
  };

  return Array.from({ length: count }, (_, i) => {
    const chosen = itemsOf(i);
    const work = ofWork(i);
    const { item = '', department = '', datacentre = '' } = chosen[0] ?? {};
    const titles = works[department === 'facilities' ? 'facilities' : 'others'];
    const others = chosen.length > 1 ? ` and ${chosen.length - 1} more` : '';
    const effect = (work >>> 20) % 10 < 8 ? 'down' : 'degraded';
    return {
      key: `intervention-${i + 1}`,
      title: `${titles[(work >>> 24) % titles.length] ?? ''} ${item}${others}`,
      department,
      ...windowOf(i),
      datacentres: [...new Set(chosen.map((one) => one.datacentre))],
      items: chosen.map((one) => ({ item: one.item, effect })),
      ...(ofTeam(i) % 100 < teamShare ? { team: teamFor(department, datacentre) } : {}),
    };
  });
}
