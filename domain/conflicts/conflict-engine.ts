import type { InventoryDelta } from '../impact/engine/apply-delta.ts';
import type { Company } from '../impact/engine/company.ts';
import { findNode } from '../impact/engine/dependency-graph.ts';
import { createServiceIndex } from '../impact/engine/service-index.ts';
import type { Spreader } from '../impact/engine/spread.ts';
import type { WindowInstants } from '../windows/window-rules.ts';
import type { Conflict, ConflictSettings, Freeze, Intervention } from './conflict.ts';
import { crowdConflicts } from './crowd-conflicts.ts';
import { makeConflict } from './evidence.ts';
import { footprintOf, type Footprint } from './footprint.ts';
import { covers, freezeConflicts } from './freeze-conflicts.ts';
import { createInterventionIndex, type Kept } from './intervention-index.ts';
import { hasNumber } from './number-set.ts';
import { pairConflicts, wouldBlock, type PairRules, type Placed } from './pair-conflicts.ts';

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

type IsAmong = (other: string) => boolean;
const all: IsAmong = () => true;
const changesOf = (interventions: Iterable<Kept>): string[] =>
  [...interventions].map(({ intervention }) => intervention.change);

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
  const interventions = createInterventionIndex();
  /** In the order in which their footprints were computed. */
  const computed = new Set<Kept>();
  let bytes = 0;
  let freezes: readonly Freeze[] = [];

  const drop = (kept: Kept): void => {
    bytes -= kept.footprint?.byteLength ?? 0;
    kept.footprint = undefined;
    computed.delete(kept);
  };
  const hold = (kept: Kept, footprint: Footprint): void => {
    kept.footprint = footprint;
    bytes += footprint.byteLength;
    computed.add(kept);
    interventions.learn(kept, footprint);
    for (const oldest of computed) {
      if (bytes <= footprintBytes || oldest === kept) break;
      drop(oldest);
    }
  };
  const footprintFor = (kept: Kept): Footprint => {
    if (kept.footprint !== undefined) return kept.footprint;
    const footprint = footprintOf(company, spreader, kept.intervention.items);
    hold(kept, footprint);
    return footprint;
  };
  const place = (kept: Kept): Placed => ({
    intervention: kept.intervention,
    footprint: footprintFor(kept),
  });
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
  /** `self` is as it is kept, `placed` perhaps at another time. */
  const pairs = (self: Kept, placed: Placed, isAmong: IsAmong): Conflict[] => {
    const { intervention } = placed;
    const others = new Set([
      ...interventions.rivals(self, intervention.window, settings.customerDistanceMs),
      ...interventions.orderedWith(intervention),
    ]);
    others.delete(self);
    const found: Conflict[] = [];
    for (const other of others) {
      if (!isAmong(other.intervention.change)) continue;
      found.push(...pairConflicts(rules, placed, place(other)));
    }
    return found;
  };
  const crowdsOf = (self: Kept, placed: Placed, isAmong: IsAmong): Conflict[] => {
    const { change, window } = placed.intervention;
    const others = interventions
      .wounding(window)
      .filter((other) => other !== self && isAmong(other.intervention.change));
    return crowdConflicts(rules, [...others.map(place), placed], window).filter(({ changes }) =>
      changes.includes(change),
    );
  };
  const crowdsIn = (range: WindowInstants): Conflict[] =>
    crowdConflicts(rules, interventions.wounding(range).map(place), range);

  return {
    get byteLength() {
      return bytes;
    },
    put(intervention) {
      const before = interventions.get(intervention.change);
      const footprint = before?.footprint;
      if (before !== undefined) drop(before);
      const kept = interventions.put(intervention);
      const isSame =
        JSON.stringify(before?.intervention.items) === JSON.stringify(intervention.items);
      if (isSame && footprint !== undefined) hold(kept, footprint);
    },
    remove(change) {
      const known = interventions.get(change);
      if (known !== undefined) drop(known);
      interventions.remove(change);
    },
    get: (change) => interventions.get(change)?.intervention,
    windowOf: (change) => interventions.get(change)?.intervention.window,
    setFreezes(given) {
      freezes = given;
    },
    touchedBy(delta) {
      const { graph, customers } = company;
      // What a department answers for decides which freezes cover a change: rare, and looked at for all.
      if (delta.solutions.length > 0) return changesOf(interventions.all());
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
      const touched = [...interventions.all()].filter(({ intervention, footprint }) => {
        if (intervention.items.some(({ item }) => items.has(item) || gone.has(item))) return true;
        if (footprint === undefined) return true;
        return (
          [...nodes].some((node) => node >= 0 && hasNumber(footprint.reach, node)) ||
          goneCustomers.some((customer) => hasNumber(footprint.customers, customer))
        );
      });
      return changesOf(touched);
    },
    forget(changes) {
      for (const change of changes ?? changesOf(interventions.all())) {
        const kept = interventions.get(change);
        if (kept === undefined) continue;
        drop(kept);
        interventions.learn(kept, undefined);
      }
    },
    footprint(change) {
      const kept = interventions.get(change);
      return kept === undefined ? undefined : footprintFor(kept);
    },
    conflictsOf(change) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed = place(self);
      return [...singles(placed), ...pairs(self, placed, all)];
    },
    conflictsAmong(change, among) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed = place(self);
      return [...singles(placed), ...pairs(self, placed, among), ...crowdsOf(self, placed, among)];
    },
    crowdsIn,
    all() {
      const found = [...interventions.all()].flatMap((self) => {
        const placed = place(self);
        const { change } = self.intervention;
        return [...singles(placed), ...pairs(self, placed, (other) => other > change)];
      });
      return [...found, ...crowdsIn({ opensAtMs: -Infinity, closesAtMs: Infinity })];
    },
    obstaclesTo(change, range) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed = place(self);
      const { after } = self.intervention;
      return [
        ...interventions
          .obstacles(self, range)
          .filter((other) => wouldBlock(rules, placed, place(other)))
          .map(({ intervention }) => intervention.window),
        // Before what it comes after has closed, and after what comes after it has opened.
        ...interventions
          .orderedWith(self.intervention)
          .map(({ intervention: { change: other, window } }) =>
            after.includes(other)
              ? { opensAtMs: -Infinity, closesAtMs: window.closesAtMs }
              : { opensAtMs: window.opensAtMs, closesAtMs: Infinity },
          ),
        ...freezes
          .filter((freeze) => covers(company, freeze, placed))
          .flatMap((freeze) => freeze.within(range)),
      ];
    },
    conflictsAt(change, window) {
      const self = interventions.get(change);
      if (self === undefined) return [];
      const placed: Placed = {
        intervention: { ...self.intervention, window },
        footprint: footprintFor(self),
      };
      return [...singles(placed), ...pairs(self, placed, all), ...crowdsOf(self, placed, all)];
    },
  };
}
