import type { WindowInstants } from '../windows/window-rules.ts';
import type { Conflict } from './conflict.ts';
import { collectNodes, makeConflict, nameSome, overlapWords } from './evidence.ts';
import { hasNumber, setOf, type NumberSet } from './number-set.ts';
import { somethingFalls, type PairRules, type Placed } from './pair-conflicts.ts';

/**
 * Combined outages that need three or more: what goes down while all that run at one moment run, and not by any
 * one or two of them. Looks at every moment within the range, and names for each outage all that contribute to
 * it then.
 *
 * `placed` must hold every intervention that overlaps one that overlaps the range.
 */
export function crowdConflicts(
  rules: PairRules,
  placed: readonly Placed[],
  range: WindowInstants,
): Conflict[] {
  const { graph } = rules.company;
  const lostOf = new Int32Array(graph.countedGroups);
  let overdrawn = 0;
  /** Adds up losses; what two lose both counts twice, so that this says "perhaps" or "certainly not". */
  const count = ({ footprint }: Placed, sign: 1 | -1): void => {
    for (let i = 0; i < footprint.wounded.length; i += 1) {
      const group = footprint.wounded[i] as number;
      const spare = graph.spare[group] as number;
      const before = lostOf[group] as number;
      const after = before + sign * (footprint.losses[i] as number);
      lostOf[group] = after;
      if (before <= spare && after > spare) overdrawn += 1;
      else if (before > spare && after <= spare) overdrawn -= 1;
    }
  };

  const events = placed
    .flatMap((each) => [
      { atMs: each.intervention.window.opensAtMs, opens: true, each },
      { atMs: each.intervention.window.closesAtMs, opens: false, each },
    ])
    // What closes as another opens does not meet it.
    .sort((a, b) => a.atMs - b.atMs || Number(a.opens) - Number(b.opens));
  const running = new Set<Placed>();
  const outages = new Map<string, { members: Placed[]; nodes: Set<number> }>();
  let sinceMs = -Infinity;
  for (const { atMs, opens, each } of events) {
    const isWithin = sinceMs < range.closesAtMs && atMs > range.opensAtMs && sinceMs < atMs;
    if (isWithin && overdrawn > 0 && running.size > 2) collectOutages(rules, [...running], outages);
    sinceMs = atMs;
    if (opens) running.add(each);
    else running.delete(each);
    count(each, opens ? 1 : -1);
  }
  return [...outages.values()].map(({ members, nodes }) => toConflict(rules, members, nodes));
}

/** Adds the outages of interventions that run together to those found, by who contributes. */
function collectOutages(
  rules: PairRules,
  running: readonly Placed[],
  outages: Map<string, { members: Placed[]; nodes: Set<number> }>,
): void {
  const { company, spreader } = rules;
  const together = spreader.spreadDown(
    running.flatMap(({ footprint }) => [...footprint.takenDown]),
  );
  const down = together.found.slice();
  const causes: { readonly by: readonly number[]; readonly down: NumberSet }[] = running.map(
    ({ footprint }, i) => ({ by: [i], down: footprint.down }),
  );
  running.forEach((a, i) => {
    running.slice(0, i).forEach((b, j) => {
      if (!somethingFalls(company, [a.footprint, b.footprint])) return;
      const pair = spreader.spreadDown([...a.footprint.takenDown, ...b.footprint.takenDown]);
      causes.push({ by: [i, j], down: setOf(pair.found.slice()) });
    });
  });
  const explained = (node: number) => causes.some((cause) => hasNumber(cause.down, node));
  const open = new Set([...down].filter((node) => !explained(node)));
  if (open.size === 0) return;

  const settled = contributorsOf(rules, open, (node) => {
    const alone = causes.filter((cause) => cause.by.length === 1 && hasNumber(cause.down, node));
    const because =
      alone.length > 0 ? alone : causes.filter((cause) => hasNumber(cause.down, node));
    return because.flatMap(({ by }) => by);
  });
  for (const [node, by] of settled) {
    const members = [...by]
      .flatMap((i) => running[i] ?? [])
      .sort((a, b) => (a.intervention.change < b.intervention.change ? -1 : 1));
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
