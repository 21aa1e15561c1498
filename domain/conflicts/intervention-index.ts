import type { WindowInstants } from '../windows/window-rules.ts';
import type { Intervention } from './conflict.ts';
import type { Footprint } from './footprint.ts';
import { createInterventionSketches } from './intervention-sketches.ts';

/** Most interventions have a part in one stretch of time or two; a stretch has few enough to look at all. */
const stretchMs = 6 * 3_600_000;
/** What has a part in more of them is looked at always. */
const mostStretches = 64;

/** An intervention, and what it reaches as soon as that was computed. */
export interface Kept {
  readonly intervention: Intervention;
  /** Its place in the index. */
  readonly place: number;
  footprint: Footprint | undefined;
}

/** Interventions by change, by time and by what they come after. What it finds is in no order. */
export interface InterventionIndex {
  /** Adds an intervention, or replaces it; nothing is known of its reach. */
  put(intervention: Intervention): Kept;
  remove(change: string): void;
  get(change: string): Kept | undefined;
  all(): Iterable<Kept>;
  /** Keeps in mind what to leave out by; undefined when what was said before is no longer true. */
  learn(kept: Kept, footprint: Footprint | undefined): void;
  /**
   * Those that may conflict with a change whose window were this: they overlap it, or are closer than the
   * distance and perhaps disturb the same customers. None that only comes before or after it.
   */
  rivals(self: Kept, window: WindowInstants, distanceMs: number): Kept[];
  /** Those in the range that would perhaps conflict with a change if they overlapped. */
  obstacles(self: Kept, range: WindowInstants): Kept[];
  /** Those in the range that perhaps take something from a group that stands. */
  wounding(range: WindowInstants): Kept[];
  /** Those that the intervention comes after, and those that come after it. */
  orderedWith(intervention: Intervention): Kept[];
}

export function createInterventionIndex(): InterventionIndex {
  const byChange = new Map<string, Kept>();
  const byPlace: (Kept | undefined)[] = [];
  const freePlaces: number[] = [];
  const sketches = createInterventionSketches();
  const byStretch = new Map<number, number[]>();
  const long: number[] = [];
  const followers = new Map<string, string[]>();

  const eachStretch = (window: WindowInstants, visit: (places: number[]) => void): void => {
    const [first, last] = stretchesOf(window);
    if (!(last - first < mostStretches)) {
      visit(long);
      return;
    }
    for (let at = first; at <= last; at += 1) {
      const places = byStretch.get(at) ?? [];
      byStretch.set(at, places);
      visit(places);
      if (places.length === 0) byStretch.delete(at);
    }
  };
  const remove = (change: string): void => {
    const known = byChange.get(change);
    if (known === undefined) return;
    const { place, intervention } = known;
    byChange.delete(change);
    byPlace[place] = undefined;
    freePlaces.push(place);
    eachStretch(intervention.window, (places) => {
      takeOut(places, place);
    });
    for (const earlier of intervention.after) {
      const later = followers.get(earlier) ?? [];
      takeOut(later, change);
      if (later.length === 0) followers.delete(earlier);
    }
  };
  const collect = (
    { opensAtMs, closesAtMs }: WindowInstants,
    isWanted: (place: number) => boolean,
  ): Kept[] => {
    const found: Kept[] = [];
    const take = (place: number): void => {
      if (!sketches.overlaps(place, opensAtMs, closesAtMs) || !isWanted(place)) return;
      const kept = byPlace[place];
      if (kept !== undefined) found.push(kept);
    };
    const [first, last] = stretchesOf({ opensAtMs, closesAtMs });
    if (!(last - first < byStretch.size)) {
      for (const { place } of byChange.values()) take(place);
      return found;
    }
    long.forEach(take);
    for (let at = first; at <= last; at += 1) {
      for (const place of byStretch.get(at) ?? []) {
        // What has a part in several stretches is taken in the first of them.
        if (at === first || sketches.opensAtMs(place) >= at * stretchMs) take(place);
      }
    }
    return found;
  };

  return {
    put(intervention) {
      const { change, window, after } = intervention;
      remove(change);
      const place = freePlaces.pop() ?? byPlace.length;
      const kept = { intervention, place, footprint: undefined };
      byChange.set(change, kept);
      byPlace[place] = kept;
      sketches.put(place, intervention);
      eachStretch(window, (places) => places.push(place));
      for (const earlier of after) {
        followers.set(earlier, [...(followers.get(earlier) ?? []), change]);
      }
      return kept;
    },
    remove,
    get: (change) => byChange.get(change),
    all: () => byChange.values(),
    learn({ place }, footprint) {
      sketches.learn(place, footprint);
    },
    rivals(self, { opensAtMs, closesAtMs }, distanceMs) {
      const near = { opensAtMs: opensAtMs - distanceMs, closesAtMs: closesAtMs + distanceMs };
      const { mayShareCustomers, mayMeet } = sketches.comparedWith(self.place);
      return collect(
        near,
        (place) =>
          place !== self.place &&
          (mayShareCustomers(place) ||
            (sketches.overlaps(place, opensAtMs, closesAtMs) && mayMeet(place))),
      );
    },
    obstacles(self, range) {
      const { mayMeet } = sketches.comparedWith(self.place);
      return collect(range, (place) => place !== self.place && mayMeet(place));
    },
    wounding: (range) => collect(range, (place) => sketches.mayWound(place)),
    orderedWith({ change, after }) {
      const changes = new Set([...after, ...(followers.get(change) ?? [])]);
      return [...changes].flatMap((each) => byChange.get(each) ?? []);
    },
  };
}

/** The first and the last stretch of time that a window has a part in, or ends at. */
function stretchesOf({ opensAtMs, closesAtMs }: WindowInstants): [first: number, last: number] {
  return [Math.floor(opensAtMs / stretchMs), Math.floor(closesAtMs / stretchMs)];
}

function takeOut<T>(list: T[], each: T): void {
  const at = list.indexOf(each);
  if (at < 0) return;
  list[at] = list.at(-1) as T;
  list.pop();
}
