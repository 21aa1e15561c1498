import type { Intervention } from './conflict.ts';
import type { Footprint } from './footprint.ts';
import type { NumberSet } from './number-set.ts';

/**
 * What can be said of interventions without looking at their footprints: little of each, side by side in memory,
 * so that hundreds are told apart in microseconds. It says "certainly nothing in common" or "perhaps".
 */
export interface InterventionSketches {
  put(place: number, intervention: Intervention): void;
  /** What is found out about its reach; undefined where that is not known (any more). */
  learn(place: number, footprint: Footprint | undefined): void;
  opensAtMs(place: number): number;
  overlaps(place: number, opensAtMs: number, closesAtMs: number): boolean;
  /** Holds until the next `put` or `learn`. */
  comparedWith(self: number): {
    /** Whether both perhaps disturb a customer. */
    readonly mayShareCustomers: (place: number) => boolean;
    /** Whether both perhaps reach a node, or use the same by name: what conflicts if they overlap. */
    readonly mayMeet: (place: number) => boolean;
  };
  /** Whether it perhaps takes something from a group that stands. */
  mayWound(place: number): boolean;
}

/** A set of numbers is drawn into 512 bits, one cache line: numbers that share a bit may be the same. */
const words = 16;
const bits = words * 32;
/** Neighbouring nodes share a bit, as sets of them are runs; customers are disturbed here and there. */
const nodesPerBit = 2048;

export function createInterventionSketches(): InterventionSketches {
  let room = 1024;
  let times = new Float64Array(room * 2);
  let teams = new Int32Array(room);
  let applications = new Int32Array(room);
  let deploys = new Uint8Array(room);
  let wounds = new Uint8Array(room);
  let reach = new Int32Array(room * words);
  let customers = new Int32Array(room * words);
  const names = new Map<string, number>();

  const makeRoom = (): void => {
    room *= 2;
    times = copied(times, new Float64Array(room * 2));
    teams = copied(teams, new Int32Array(room));
    applications = copied(applications, new Int32Array(room));
    deploys = copied(deploys, new Uint8Array(room));
    wounds = copied(wounds, new Uint8Array(room));
    reach = copied(reach, new Int32Array(room * words));
    customers = copied(customers, new Int32Array(room * words));
  };
  /** 0 is no name. */
  const numberOf = (name: string | undefined): number => {
    if (name === undefined) return 0;
    const number = names.get(name) ?? names.size + 1;
    names.set(name, number);
    return number;
  };
  const learn = (place: number, footprint: Footprint | undefined): void => {
    draw(reach, place, footprint?.reach, nodesPerBit);
    draw(customers, place, footprint?.customers, 1);
    wounds[place] = footprint?.wounded.length === 0 ? 0 : 1;
  };
  return {
    put(place, { window, team, application, deploys: isDeployed }) {
      if (place >= room) makeRoom();
      times[place * 2] = window.opensAtMs;
      times[place * 2 + 1] = window.closesAtMs;
      teams[place] = numberOf(team);
      applications[place] = numberOf(application);
      deploys[place] = isDeployed ? 1 : 0;
      learn(place, undefined);
    },
    learn,
    opensAtMs: (place) => times[place * 2] as number,
    overlaps: (place, opensAtMs, closesAtMs) =>
      (times[place * 2] as number) < closesAtMs && opensAtMs < (times[place * 2 + 1] as number),
    comparedWith(self) {
      const [team, application] = [teams[self], applications[self]];
      const mayReach = comparer(reach, self);
      return {
        mayShareCustomers: comparer(customers, self),
        mayMeet: (place) =>
          deploys[place] !== deploys[self] ||
          (team !== 0 && teams[place] === team) ||
          (application !== 0 && applications[place] === application) ||
          mayReach(place),
      };
    },
    mayWound: (place) => wounds[place] === 1,
  };
}

/** Whether a drawing has a bit in common with one of them, of which most words are nearly always empty. */
function comparer(drawings: Int32Array, self: number): (place: number) => boolean {
  const own = drawings.subarray(self * words, (self + 1) * words);
  const drawn = [...own.keys()].filter((word) => own[word] !== 0);
  return (place) => {
    for (const word of drawn) {
      if (((own[word] as number) & (drawings[place * words + word] as number)) !== 0) return true;
    }
    return false;
  };
}

/** Every bit where the set is not known. */
function draw(
  drawings: Int32Array,
  place: number,
  set: NumberSet | undefined,
  numbersPerBit: number,
): void {
  const start = place * words;
  drawings.fill(set === undefined ? -1 : 0, start, start + words);
  if (set === undefined) return;
  for (let i = 0; i < set.length; i += 2) {
    const first = Math.floor((set[i] as number) / numbersPerBit);
    const last = Math.floor(((set[i + 1] as number) - 1) / numbersPerBit);
    for (let at = first; at <= last && at < first + bits; at += 1) {
      const word = start + ((at % bits) >> 5);
      drawings[word] = (drawings[word] as number) | (1 << (at & 31));
    }
  }
}

function copied<A extends Int32Array | Uint8Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
