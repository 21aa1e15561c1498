import { formatUtc } from '../format-utc.ts';
import type { Company } from '../impact/engine/company.ts';
import type { ServiceIndex } from '../impact/engine/service-index.ts';
import type { Spreader } from '../impact/engine/spread.ts';
import { overlapOf, overlaps, type WindowInstants } from '../windows/window-rules.ts';
import type { Conflict, ConflictSettings, Intervention } from './conflict.ts';
import { collectNodes, makeConflict, nameSome, overlapWords, type Shared } from './evidence.ts';
import type { Footprint } from './footprint.ts';
import { eachCommonRun, hasNumber } from './number-set.ts';

/** An intervention with what it reaches. */
export interface Placed {
  readonly intervention: Intervention;
  readonly footprint: Footprint;
}

export interface PairRules {
  readonly company: Company;
  readonly spreader: Spreader;
  readonly services: ServiceIndex;
  /** By counted group; all zero between uses. */
  readonly lost: () => Int32Array;
  readonly settings: ConflictSettings;
}

/** Every conflict of two interventions, the same whichever is asked for. */
export function pairConflicts(rules: PairRules, one: Placed, two: Placed): Conflict[] {
  const [a, b] = one.intervention.change < two.intervention.change ? [one, two] : [two, one];
  const windows = [a.intervention.window, b.intervention.window] as const;
  const found = orderViolations(a.intervention, b.intervention);
  if (overlaps(...windows)) {
    found.push(...meetingConflicts(rules, a, b, overlapOf(...windows)));
  }
  const customers = sharedCustomers(rules, a, b);
  if (customers !== undefined) found.push(customers);
  return found;
}

/**
 * Whether two interventions would conflict so that neither may be approved beside the other, if their windows
 * overlapped.
 */
export function wouldBlock(rules: PairRules, a: Placed, b: Placed): boolean {
  const [one, two] = [a.intervention, b.intervention];
  return (
    (one.application !== undefined && one.application === two.application) ||
    (one.team !== undefined && one.team === two.team) ||
    (one.deploys !== two.deploys && common(one.datacentres, two.datacentres).length > 0) ||
    commonItems(a.footprint, b.footprint).length > 0 ||
    dependencies(rules.company, a.footprint, b.footprint).count > 0 ||
    combinedOutage(rules, a, b) !== undefined
  );
}

/** What conflicts because both run at the same time. */
function meetingConflicts(
  rules: PairRules,
  a: Placed,
  b: Placed,
  time: WindowInstants,
): Conflict[] {
  const { company } = rules;
  const both = [a.intervention, b.intervention] as const;
  const [one, two] = both;
  const when = (): string => overlapWords(both, time);
  const found: Conflict[] = [];
  const single = (kind: Conflict['kind'], type: string, id: string, words: string): void => {
    const shared = { what: [id], count: 1 };
    found.push(
      makeConflict(kind, `${type}:${id}`, both, time, shared, `${when()}: ${words} ${id}.`),
    );
  };
  for (const item of commonItems(a.footprint, b.footprint)) {
    const [id = ''] = named(company, [item]).what;
    single('same-item', 'item', id, 'both work on');
  }
  if (one.application !== undefined && one.application === two.application) {
    single('same-application', 'application', one.application, 'both deploy');
  }
  // Two releases share a datacentre: what is free for each of them is Optimus' to count when it is placed.
  if (one.deploys !== two.deploys) {
    for (const site of common(one.datacentres, two.datacentres)) {
      single('capacity', 'datacentre', site, 'one deploys to what the other works on, datacentre');
    }
  }
  if (one.team !== undefined && one.team === two.team) {
    single('team', 'team', one.team, 'both are carried out by team');
  }
  const hit = dependencies(company, a.footprint, b.footprint);
  if (hit.count > 0) {
    const words = 'what one works on depends on what the other disturbs';
    found.push(
      makeConflict(
        'dependency',
        'items',
        both,
        time,
        hit,
        `${when()}: ${words}: ${nameSome(hit)}.`,
      ),
    );
  }
  const outage = combinedOutage(rules, a, b);
  if (outage !== undefined) {
    const words = 'each alone is harmless, both together take down';
    found.push(
      makeConflict(
        'combined-outage',
        'nodes',
        both,
        time,
        outage,
        `${when()}: ${words}: ${nameSome(outage)}.`,
      ),
    );
  }
  const services = sharedServices(rules, a.footprint, b.footprint);
  if (services.count > 0) {
    found.push(
      makeConflict(
        ...(['shared-services', 'services', both, time, services] as const),
        `${when()}: both reach ${services.count === 1 ? 'the service' : `${services.count} services`}: ${nameSome(services)}.`,
      ),
    );
  }
  return found;
}

function commonItems({ items: a }: Footprint, { items: b }: Footprint): number[] {
  const found: number[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [left, right] = [a[i] as number, b[j] as number];
    if (left === right) found.push(left);
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return found;
}

const common = (a: readonly string[], b: readonly string[]): string[] =>
  [...new Set(a)].filter((id) => b.includes(id)).sort();

function named(company: Company, nodes: readonly number[]): Shared {
  const collector = collectNodes(company);
  for (const node of nodes) collector.add(node);
  return collector.shared();
}

/** Items of one that the other takes down or degrades, other than by working on them too. */
function dependencies(company: Company, a: Footprint, b: Footprint): Shared {
  const hit = new Set<number>();
  const through = (reached: Footprint, works: Footprint): void => {
    for (const item of works.items) {
      const isHit = hasNumber(reached.down, item) || hasNumber(reached.degraded, item);
      if (isHit && !reached.items.includes(item)) hit.add(item);
    }
  };
  through(a, b);
  through(b, a);
  return named(company, [...hit]);
}

function sharedServices({ company, services }: PairRules, a: Footprint, b: Footprint): Shared {
  const collector = collectNodes(company, services);
  eachCommonRun(a.reach, b.reach, (from, to) => {
    collector.addServices(from, to);
  });
  return collector.shared();
}

/** What goes down with both and with neither alone; undefined if nothing. */
export function combinedOutage(rules: PairRules, a: Placed, b: Placed): Shared | undefined {
  const { company, spreader } = rules;
  const footprints = [a.footprint, b.footprint];
  if (!somethingFalls(company, footprints)) return undefined;
  const found = spreader.spreadDown([...a.footprint.takenDown, ...b.footprint.takenDown]);
  const collector = collectNodes(company);
  for (const node of found) {
    if (!footprints.some(({ down }) => hasNumber(down, node))) collector.add(node);
  }
  return collector.shared();
}

/**
 * Whether anything goes down that none of them takes down alone. The first such node would have a group that
 * stands in each of them, having lost members in two: only those need to be looked at.
 */
export function somethingFalls(company: Company, footprints: readonly Footprint[]): boolean {
  const [a, b] = footprints;
  if (a === undefined || b === undefined) return false;
  let [i, j] = [0, 0];
  while (i < a.wounded.length && j < b.wounded.length) {
    const [left, right] = [a.wounded[i] as number, b.wounded[j] as number];
    if (left < right) i += 1;
    else if (right < left) j += 1;
    else {
      if (isBroken(company, left, footprints)) return true;
      i += 1;
      j += 1;
    }
  }
  return false;
}

/** Whether a counted group that stands in each falls by what they take down together. */
function isBroken({ graph }: Company, counted: number, footprints: readonly Footprint[]): boolean {
  const group = graph.groupOf[counted] as number;
  const from = graph.firstMember[group] as number;
  const to = from + (graph.memberCount[group] as number);
  let lost = 0;
  for (let i = from; i < to; i += 1) {
    const member = graph.members[i] as number;
    if (footprints.some(({ down }) => hasNumber(down, member))) lost += 1;
  }
  return lost > (graph.spare[counted] as number);
}

/** A customer disturbed twice within the distance, whether or not the windows overlap. */
function sharedCustomers({ settings }: PairRules, a: Placed, b: Placed): Conflict | undefined {
  const [one, two] = [a.intervention.window, b.intervention.window];
  if (!areWithin(one, two, settings.customerDistanceMs)) return undefined;
  let count = 0;
  eachCommonRun(a.footprint.customers, b.footprint.customers, (from, to) => {
    count += to - from;
  });
  if (count === 0) return undefined;
  const both = [a.intervention, b.intervention];
  const meet = overlaps(one, two);
  const time = meet ? overlapOf(one, two) : gapOf(one, two);
  const when = meet
    ? overlapWords(both, time)
    : `${a.intervention.label} and ${b.intervention.label} are ${Math.round((time.closesAtMs - time.opensAtMs) / 60_000)} minutes apart`;
  // Not who they are: explanations are read by people who may not see customers.
  return makeConflict(
    ...(['shared-customers', 'customers', both, time] as const),
    { what: [], count },
    `${when}: both disturb services of ${count === 1 ? 'one customer' : `${count} customers`}.`,
  );
}

/** Whether two windows overlap or are closer than the distance. */
export function areWithin(a: WindowInstants, b: WindowInstants, distanceMs: number): boolean {
  return a.opensAtMs < b.closesAtMs + distanceMs && b.opensAtMs < a.closesAtMs + distanceMs;
}

function gapOf(a: WindowInstants, b: WindowInstants): WindowInstants {
  const [first, second] = a.opensAtMs < b.opensAtMs ? [a, b] : [b, a];
  return { opensAtMs: first.closesAtMs, closesAtMs: second.opensAtMs };
}

function orderViolations(a: Intervention, b: Intervention): Conflict[] {
  const found: Conflict[] = [];
  if (a.after.length + b.after.length === 0) return found;
  for (const [later, earlier] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!later.after.includes(earlier.change)) continue;
    if (later.window.opensAtMs >= earlier.window.closesAtMs) continue;
    found.push(
      makeConflict(
        'order',
        `after:${earlier.change}`,
        [a, b],
        {
          opensAtMs: Math.min(later.window.opensAtMs, earlier.window.closesAtMs),
          closesAtMs: earlier.window.closesAtMs,
        },
        { what: [earlier.label], count: 1 },
        `${later.label} comes after ${earlier.label} but opens at ${formatUtc(later.window.opensAtMs)}, before that closes at ${formatUtc(earlier.window.closesAtMs)}.`,
        `Move ${later.label} to a window that opens at ${formatUtc(earlier.window.closesAtMs)} or later, or ${earlier.label} to an earlier one.`,
      ),
    );
  }
  return found;
}
