import type { WindowInstants } from '../windows/window-rules.ts';
import type { Conflict } from './conflict.ts';
import { collectNodes, makeConflict, nameSome, overlapWords } from './evidence.ts';
import { hasNumber, setOf, subtract, type NumberSet } from './number-set.ts';
import { somethingFalls, type PairRules, type Placed } from './pair-conflicts.ts';

/**
 * Combined outages that need three or more: what goes down while all that run at one moment run, and not by any
 * one or two of them. Looks at every moment within the range, and names for each outage all that contribute to
 * it then.
 *
 * `placed` must hold every intervention that overlaps the range and wounds a group.
 */
export function crowdConflicts(
  rules: PairRules,
  placed: readonly Placed[],
  range: WindowInstants,
): Conflict[] {
  const { graph } = rules.company;
  // What opens closes: at the end all counts are zero again.
  const lostOf = rules.lost();
  const overdrawn = new Set<number>();
  /** Adds up losses; what two lose both counts twice, so that this says "perhaps" or "certainly not". */
  const count = ({ footprint: { wounded, losses } }: Placed, sign: 1 | -1): void => {
    for (let i = 0; i < wounded.length; i += 1) {
      const group = wounded[i] as number;
      const lost = (lostOf[group] as number) + sign * (losses[i] as number);
      lostOf[group] = lost;
      if (lost > (graph.spare[group] as number)) overdrawn.add(group);
      else if (sign < 0) overdrawn.delete(group);
    }
  };
  // Nearly always nothing would fall even if all ran at once.
  for (const each of placed) count(each, 1);
  const isHarmless = overdrawn.size === 0;
  for (const each of placed) count(each, -1);
  if (isHarmless || placed.length < 3) return [];

  const events = placed
    .flatMap((each) => [
      { atMs: each.intervention.window.opensAtMs, opens: true, each },
      { atMs: each.intervention.window.closesAtMs, opens: false, each },
    ])
    // What closes as another opens does not meet it.
    .sort((a, b) => a.atMs - b.atMs || Number(a.opens) - Number(b.opens));
  const emergent = createEmergent(rules);
  const running = new Set<Placed>();
  const outages = new Map<string, { members: Placed[]; nodes: Set<number> }>();
  let sinceMs = -Infinity;
  for (const { atMs, opens, each } of events) {
    const isWithin = sinceMs < range.closesAtMs && atMs > range.opensAtMs && sinceMs < atMs;
    if (isWithin && overdrawn.size > 0 && running.size > 2) {
      const involved = involvedIn(rules, running, overdrawn, lostOf, emergent);
      if (involved.length > 2) collectOutages(rules, involved, emergent, outages);
    }
    sinceMs = atMs;
    if (opens) running.add(each);
    else running.delete(each);
    count(each, opens ? 1 : -1);
  }
  return [...outages.values()].map(({ members, nodes }) => toConflict(rules, members, nodes));
}

/** What goes down with all of these and with none of them alone; each set of them is looked at once. */
type Emergent = (members: readonly Placed[]) => NumberSet;

function createEmergent({ company, spreader }: PairRules): Emergent {
  const known = new Map<string, NumberSet>();
  const nothing = new Int32Array(0);
  return (members) => {
    const key = members.map(({ intervention }) => intervention.change).join();
    let set = known.get(key);
    if (set === undefined) {
      const footprints = members.map(({ footprint }) => footprint);
      if (members.length === 2 && !somethingFalls(company, footprints)) {
        set = nothing;
      } else {
        const down = footprints.flatMap(({ takenDown }) => [...takenDown]);
        const together = setOf(spreader.spreadDown(down).slice());
        set = footprints.reduce((rest, { down: alone }) => subtract(rest, alone), together);
      }
      known.set(key, set);
    }
    return set;
  };
}

/**
 * Those that run and have a part in what falls: they wound a group that has perhaps lost too much, or one that
 * what falls with them wounds too. All others change nothing.
 */
function involvedIn(
  { company: { graph } }: PairRules,
  running: ReadonlySet<Placed>,
  overdrawn: ReadonlySet<number>,
  lostOf: Int32Array,
  emergent: Emergent,
): Placed[] {
  const involved = new Set<Placed>();
  const addWounding = (group: number): void => {
    for (const each of running) {
      if (!involved.has(each) && hasSorted(each.footprint.wounded, group)) involved.add(each);
    }
  };
  for (const group of overdrawn) addWounding(group);
  for (let size = 0; size < involved.size;) {
    size = involved.size;
    const fallen = emergent(inOrder(involved));
    for (let i = 0; i < fallen.length; i += 2) {
      for (let node = fallen[i] as number; node < (fallen[i + 1] as number); node += 1) {
        const from = graph.firstEdge[node] as number;
        const to = from + (graph.edgeCount[node] as number);
        for (let at = from; at < to; at += 1) {
          const edge = graph.edges[at] as number;
          if (edge < 0 && (lostOf[~edge] as number) > 0) addWounding(~edge);
        }
      }
    }
  }
  return inOrder(involved);
}

const inOrder = (placed: Iterable<Placed>): Placed[] =>
  [...placed].sort((a, b) => (a.intervention.change < b.intervention.change ? -1 : 1));

function hasSorted(numbers: Int32Array, wanted: number): boolean {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted;
}

/** Adds the outages of interventions that run together to those found, by who contributes. */
function collectOutages(
  rules: PairRules,
  running: readonly Placed[],
  emergent: Emergent,
  outages: Map<string, { members: Placed[]; nodes: Set<number> }>,
): void {
  const causes: { readonly by: readonly number[]; readonly down: NumberSet }[] = running.map(
    ({ footprint }, i) => ({ by: [i], down: footprint.down }),
  );
  let open = emergent(running);
  running.forEach((b, j) => {
    running.slice(0, j).forEach((a, i) => {
      const pair = emergent([a, b]);
      if (pair.length === 0) return;
      causes.push({ by: [i, j], down: pair });
      open = subtract(open, pair);
    });
  });
  if (open.length === 0) return;
  const nodes = new Set<number>();
  for (let i = 0; i < open.length; i += 2) {
    for (let node = open[i] as number; node < (open[i + 1] as number); node += 1) nodes.add(node);
  }

  const settled = contributorsOf(rules, nodes, (node) => {
    const alone = causes.filter((cause) => cause.by.length === 1 && hasNumber(cause.down, node));
    const because =
      alone.length > 0 ? alone : causes.filter((cause) => hasNumber(cause.down, node));
    return because.flatMap(({ by }) => by);
  });
  for (const [node, by] of settled) {
    const members = inOrder([...by].flatMap((i) => running[i] ?? []));
    const key = members.map(({ intervention }) => intervention.change).join();
    const outage = outages.get(key) ?? { members, nodes: new Set() };
    outage.nodes.add(node);
    outages.set(key, outage);
  }
}

/**
 * Who contributes to each of the open nodes, in rounds: a node's contributors are those of the members that its
 * failing groups had lost by the round before. The same whatever the order.
 */
function contributorsOf(
  { company: { graph } }: PairRules,
  open: ReadonlySet<number>,
  ofExplained: (node: number) => readonly number[],
): Map<number, Set<number>> {
  const settled = new Map<number, Set<number>>();
  const waiting = new Set(open);
  while (waiting.size > 0) {
    const round = new Map<number, Set<number>>();
    for (const node of waiting) {
      const by = new Set<number>();
      const first = graph.firstGroup[node] as number;
      const end = first + (graph.groupCount[node] as number);
      for (let group = first; group < end; group += 1) {
        const from = graph.firstMember[group] as number;
        const to = from + (graph.memberCount[group] as number);
        const counted = graph.counted[group] as number;
        const spare = counted < 0 ? 0 : (graph.spare[counted] as number);
        const lost = [...graph.members.subarray(from, to)].map(
          (member) => settled.get(member) ?? (open.has(member) ? [] : ofExplained(member)),
        );
        const contributing = lost.map((each) => [...each]).filter((each) => each.length > 0);
        if (contributing.length > spare) for (const i of contributing.flat()) by.add(i);
      }
      if (by.size > 0) round.set(node, by);
    }
    if (round.size === 0) throw new Error('a combined outage has no cause');
    for (const [node, by] of round) {
      settled.set(node, by);
      waiting.delete(node);
    }
  }
  return settled;
}

function toConflict(rules: PairRules, members: Placed[], nodes: ReadonlySet<number>): Conflict {
  const interventions = members.map(({ intervention }) => intervention);
  const time = {
    opensAtMs: Math.max(...interventions.map(({ window }) => window.opensAtMs)),
    closesAtMs: Math.min(...interventions.map(({ window }) => window.closesAtMs)),
  };
  const collector = collectNodes(rules.company);
  for (const node of nodes) collector.add(node);
  const shared = collector.shared();
  return makeConflict(
    ...(['combined-outage', 'nodes', interventions, time, shared] as const),
    `${overlapWords(interventions, time)}: any two are harmless to it, all together take down: ${nameSome(shared)}.`,
  );
}
