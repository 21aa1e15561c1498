import { lacks, type Pattern, type PatternRules } from './pattern-rules.ts';
import { holds, noDemand, together, type Demand } from './machines.ts';
import type { Site } from './sites.ts';

/**
 * Every pattern of a datacentre on every machine that it may be best on: on the cheapest that holds it, and as
 * long as those are scarce on the next.
 *
 * @returns undefined as soon as there are more than `most`.
 */
export function enumeratePatterns(
  rules: PatternRules,
  { machines, allowed, scarce }: Site,
  most: number,
): Pattern[] | undefined {
  const { blocks, conflicts, everywhere } = rules;
  const mandatory = new Map(everywhere.map((one) => [one.block, one]));
  // Those that are on every machine first: leaving one out is then seen to be wrong at once.
  const items = [...allowed].sort(
    (a, b) => Number(mandatory.has(b)) - Number(mandatory.has(a)) || a - b,
  );
  const found: Pattern[] = [];
  const chosen = new Set<number>();
  // Without this, machines that hold many components could be searched for hours before `most` is reached.
  let nodesLeft = most * 50;

  const record = (from: number, used: Demand): void => {
    if (chosen.size === 0 || everywhere.some((one) => lacks(one, chosen))) return;
    const components = [...chosen]
      .flatMap((block) => blocks[block]?.components ?? [])
      .sort((a, b) => a - b);
    for (const [index, machine] of machines.slice(from)) {
      if (!holds(machine, used)) continue;
      found.push({ machine: index, components });
      if (!scarce.has(index)) return;
    }
  };
  const visit = (position: number, from: number, used: Demand): boolean => {
    nodesLeft -= 1;
    if (found.length > most || nodesLeft < 0) return false;
    let first = from;
    for (; ; first += 1) {
      const candidate = machines[first];
      if (candidate === undefined) return true;
      if (holds(candidate[1], used)) break;
    }
    const block = items[position];
    if (block === undefined) {
      record(first, used);
      return true;
    }
    const needs = blocks[block];
    const mayJoin =
      needs !== undefined &&
      (rules.shared || chosen.size === 0) &&
      ![...chosen].some((other) => conflicts[block]?.has(other) === true);
    if (mayJoin) {
      chosen.add(block);
      const within = visit(position + 1, first, together(used, needs));
      chosen.delete(block);
      if (!within) return false;
    }
    return mandatory.get(block)?.unless.size === 0 || visit(position + 1, first, used);
  };
  return visit(0, 0, noDemand) && found.length <= most ? found : undefined;
}
