import type { InventoryDelta } from '../impact/engine/apply-delta.ts';
import type { Company } from '../impact/engine/company.ts';
import { findNode } from '../impact/engine/dependency-graph.ts';
import { createServiceIndex } from '../impact/engine/service-index.ts';
import type { Spreader } from '../impact/engine/spread.ts';
import { overlaps, type WindowInstants } from '../windows/window-rules.ts';
import type { Conflict, ConflictSettings, Freeze, Intervention } from './conflict.ts';
import { crowdConflicts } from './crowd-conflicts.ts';
import { makeConflict } from './evidence.ts';
import { footprintOf, type Footprint } from './footprint.ts';
import { covers, freezeConflicts } from './freeze-conflicts.ts';
import { hasNumber } from './number-set.ts';
import {
  areWithin,
  pairConflicts,
  wouldBlock,
  type PairRules,
  type Placed,
} from './pair-conflicts.ts';

/** All interventions that have not ended, and the conflicts between them. */
export interface ConflictEngine {
  /** Adds an intervention, or replaces it. */
  put(intervention: Intervention): void;
  remove(change: string): void;
  get(change: string): Intervention | undefined;
  windowOf(change: string): WindowInstants | undefined;
  setFreezes(freezes: readonly Freeze[]): void;
  /** Called with a delta before it is applied, and again after: returns whose reach it may have changed. */
  touchedBy(delta: InventoryDelta): string[];
  /** Forgets what was computed of these, or of all. */
  forget(changes?: readonly string[]): void;
  footprint(change: string): Footprint | undefined;
  /** Conflicts of one with a freeze, a failed change, or one other intervention. */
  conflictsOf(change: string): Conflict[];
  /** As `conflictsOf`, as if it were the only one besides those that `among` keeps, and crowds included. */
  conflictsAmong(change: string, among: (other: string) => boolean): Conflict[];
  /** Combined outages of three or more at any moment within the range. */
  crowdsIn(range: WindowInstants): Conflict[];
  /** Everything, computed anew. */
  all(): Conflict[];
  /** What an intervention at another time would be in the way of: see `freeWindows`. */
  obstaclesTo(change: string, range: WindowInstants): WindowInstants[];
  /** Its conflicts as if its window were another. */
  conflictsAt(change: string, window: WindowInstants): Conflict[];
  /** Bytes held by footprints. */
  readonly byteLength: number;
}

/** What footprints may take; those that were not asked for longest are computed again when needed. */
const footprintBytes = 128 * 1024 * 1024;

export function createConflictEngine(
  company: Company,
  spreader: Spreader,
  settings: ConflictSettings,
): ConflictEngine {
  let lost = new Int32Array(0);
  const rules: PairRules = {
    company,
    spreader,
    settings,
    services: createServiceIndex(company.graph),
    lost: () => {
      if (lost.length < company.graph.countedGroups) {
        lost = new Int32Array(Math.ceil(company.graph.countedGroups * 1.05));
      }
      return lost;
    },
  };
  const interventions = new Map<string, Intervention>();
  const footprints = new Map<string, Footprint>();
  let bytes = 0;
  let freezes: readonly Freeze[] = [];

  const forgetOne = (change: string): void => {
    bytes -= footprints.get(change)?.byteLength ?? 0;
    footprints.delete(change);
  };
  const footprintFor = (intervention: Intervention): Footprint => {
    const known = footprints.get(intervention.change);
    if (known !== undefined) return known;
    const footprint = footprintOf(company, spreader, intervention.items);
    footprints.set(intervention.change, footprint);
    bytes += footprint.byteLength;
    for (const oldest of footprints.keys()) {
      if (bytes <= footprintBytes || oldest === intervention.change) break;
      forgetOne(oldest);
    }
    return footprint;
  };
  const place = (intervention: Intervention): Placed => ({
    intervention,
    footprint: footprintFor(intervention),
  });
  const overlapping = (range: WindowInstants): Intervention[] =>
    [...interventions.values()].filter(({ window }) => overlaps(window, range));

  const singles = (placed: Placed): Conflict[] => [
    ...freezeConflicts(company, placed, freezes),
    ...placed.intervention.brokenAfter.map((label) =>
      makeConflict(
        'order',
        `failed:${label}`,
        [placed.intervention],
        placed.intervention.window,
        { what: [label], count: 1 },
        `${placed.intervention.label} comes after ${label}, which has ended without success.`,
        `Carry ${label} out by a new change first, or cancel ${placed.intervention.label}.`,
      ),
    ),
  ];
  const pairs = (placed: Placed, isAmong: (other: string) => boolean): Conflict[] => {
    const self = placed.intervention;
    const found: Conflict[] = [];
    for (const other of interventions.values()) {
      const isNear = areWithin(self.window, other.window, settings.customerDistanceMs);
      const isOrdered =
        !isNear && (self.after.includes(other.change) || other.after.includes(self.change));
      if (!isNear && !isOrdered) continue;
      if (other.change === self.change || !isAmong(other.change)) continue;
      found.push(...pairConflicts(rules, placed, place(other)));
    }
    return found;
  };
  /** All that overlap one that overlaps the range: enough to know how many run at any moment in it. */
  const crowds = (range: WindowInstants, among: readonly Intervention[]): Conflict[] => {
    const near = among.filter(({ window }) => overlaps(window, range));
    const hull = {
      opensAtMs: Math.min(...near.map(({ window }) => window.opensAtMs)),
      closesAtMs: Math.max(...near.map(({ window }) => window.closesAtMs)),
    };
    // What takes nothing down contributes to no outage.
    const able = among.filter(
      ({ window, items }) =>
        overlaps(window, hull) && items.some(({ effect }) => effect === 'down'),
    );
    return able.length < 3 ? [] : crowdConflicts(rules, able.map(place), range);
  };
  const crowdsOf = (self: Intervention, among: readonly Intervention[]): Conflict[] =>
    crowds(self.window, among).filter(({ changes }) => changes.includes(self.change));

  return {
    get byteLength() {
      return bytes;
    },
    put(intervention) {
      const before = interventions.get(intervention.change);
      const isSame = JSON.stringify(before?.items) === JSON.stringify(intervention.items);
      if (!isSame) forgetOne(intervention.change);
      interventions.set(intervention.change, intervention);
    },
    remove(change) {
      forgetOne(change);
      interventions.delete(change);
    },
    get: (change) => interventions.get(change),
    windowOf: (change) => interventions.get(change)?.window,
    setFreezes(given) {
      freezes = given;
    },
    touchedBy(delta) {
      const { graph, customers } = company;
      // What a department answers for decides which freezes cover a change: rare, and looked at for all.
      if (delta.solutions.length > 0) return [...interventions.keys()];
      const nodes = new Set<number>();
      const add = (id: string) => nodes.add(findNode(graph, id));
      for (const [dependent, groups] of delta.requirements) {
        add(dependent);
        for (const { members } of groups) members.forEach(add);
      }
      delta.goneNodes.forEach(add);
      delta.services.forEach(({ id }) => add(id));
      const items = new Set(delta.items.map(({ id }) => id));
      const gone = new Set(delta.goneNodes);
      const goneCustomers = delta.goneCustomers.map((id) => customers.ids.findText(id));
      return [...interventions.values()]
        .filter(({ change, items: own }) => {
          if (own.some(({ item }) => items.has(item) || gone.has(item))) return true;
          const footprint = footprints.get(change);
          if (footprint === undefined) return true;
          return (
            [...nodes].some((node) => node >= 0 && hasNumber(footprint.reach, node)) ||
            goneCustomers.some((customer) => hasNumber(footprint.customers, customer))
          );
        })
        .map(({ change }) => change);
    },
    forget(changes) {
      for (const change of changes ?? [...footprints.keys()]) forgetOne(change);
    },
    footprint(change) {
      const intervention = interventions.get(change);
      return intervention === undefined ? undefined : footprintFor(intervention);
    },
    conflictsOf(change) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed = place(self);
      return [...singles(placed), ...pairs(placed, () => true)];
    },
    conflictsAmong(change, among) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed = place(self);
      const others = [...interventions.values()].filter(
        (other) => other.change === change || among(other.change),
      );
      return [...singles(placed), ...pairs(placed, among), ...crowdsOf(self, others)];
    },
    crowdsIn: (range) => crowds(range, [...interventions.values()]),
    all() {
      const everything = [...interventions.values()];
      const found = everything.flatMap((self) => {
        const placed = place(self);
        return [...singles(placed), ...pairs(placed, (other) => other > self.change)];
      });
      const always = { opensAtMs: -Infinity, closesAtMs: Infinity };
      return [...found, ...crowds(always, everything)];
    },
    obstaclesTo(change, range) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed = place(self);
      const others = overlapping(range).filter((other) => other.change !== change);
      return [
        ...others
          .filter((other) => wouldBlock(rules, placed, place(other)))
          .map(({ window }) => window),
        // Before what it comes after has closed, and after what comes after it has opened.
        ...[...interventions.values()].flatMap((other) =>
          self.after.includes(other.change)
            ? [{ opensAtMs: -Infinity, closesAtMs: other.window.closesAtMs }]
            : other.after.includes(change)
              ? [{ opensAtMs: other.window.opensAtMs, closesAtMs: Infinity }]
              : [],
        ),
        ...freezes
          .filter((freeze) => covers(company, freeze, placed))
          .flatMap((freeze) => freeze.within(range)),
      ];
    },
    conflictsAt(change, window) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const moved: Intervention = { ...self, window };
      const placed: Placed = { intervention: moved, footprint: footprintFor(self) };
      const others = [...interventions.values()].filter((other) => other.change !== change);
      return [
        ...singles(placed),
        ...pairs(placed, () => true),
        ...crowdsOf(moved, [...others, moved]),
      ];
    },
  };
}
