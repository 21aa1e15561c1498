import { formatUtc } from '../format-utc.ts';
import type { Company } from '../impact/engine/company.ts';
import { nodeId } from '../impact/engine/dependency-graph.ts';
import type { ServiceIndex } from '../impact/engine/service-index.ts';
import type { WindowInstants } from '../windows/window-rules.ts';
import {
  evidenceKept,
  severities,
  type Conflict,
  type ConflictKind,
  type Intervention,
} from './conflict.ts';

/** What is shared, as it is collected: counted in full, named up to `evidenceKept`. */
export interface Shared {
  readonly what: readonly string[];
  readonly count: number;
}

/**
 * Names the first by the numbers that the database gave, which are the same in every process and for ever:
 * what is found again must say the same again.
 */
export function collectNodes({ graph }: Company, index?: ServiceIndex) {
  const kept: { nr: number; node: number }[] = [];
  let count = 0;
  const worst = (): number => (kept.length < evidenceKept ? 0x7fffffff : (kept.at(-1)?.nr ?? 0));
  const keep = (node: number): void => {
    const nr = graph.nr[node] ?? 0;
    if (nr > worst()) return;
    let at = kept.length;
    while (at > 0 && (kept[at - 1]?.nr ?? 0) > nr) at -= 1;
    kept.splice(at, 0, { nr, node });
    if (kept.length > evidenceKept) kept.pop();
  };
  return {
    add(node: number): void {
      count += 1;
      keep(node);
    },
    /** The services of a run of nodes; needs the index. */
    addServices(from: number, to: number): void {
      const services = index?.count(from, to) ?? 0;
      if (services === 0) return;
      count += services;
      index?.visitBelow(from, to, worst, keep);
    },
    shared: (): Shared => ({ what: kept.map(({ node }) => nodeId(graph, node)), count }),
  };
}

/** `a, b, c and 4 more`. */
export function nameSome({ what, count }: Shared): string {
  const rest = count - Math.min(count, 3);
  return `${what.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

export function labelsOf(interventions: readonly Intervention[], word: 'and' | 'or'): string {
  const labels = interventions.map(({ label }) => label);
  const last = labels.pop() ?? '';
  return labels.length === 0 ? last : `${labels.join(', ')} ${word} ${last}`;
}

export function makeConflict(
  kind: ConflictKind,
  subject: string,
  interventions: readonly Intervention[],
  time: WindowInstants,
  shared: Shared,
  explanation: string,
  remedy?: string,
): Conflict {
  const severity = severities[kind];
  const labels = labelsOf(interventions, 'or');
  return {
    kind,
    severity,
    subject,
    changes: interventions.map(({ change }) => change),
    evidence: {
      overlap: {
        from: new Date(time.opensAtMs).toISOString(),
        to: new Date(time.closesAtMs).toISOString(),
      },
      ...shared,
      explanation,
    },
    remedy:
      remedy ??
      (severity === 'blocking'
        ? `Move ${labels} to a window in which they do not meet.`
        : `Agree with the owner of the other change, or move ${labels}.`),
  };
}

/** `CHG-1 and CHG-2 overlap from … to …` */
export function overlapWords(interventions: readonly Intervention[], time: WindowInstants): string {
  return `${labelsOf(interventions, 'and')} overlap from ${formatUtc(time.opensAtMs)} to ${formatUtc(time.closesAtMs)}`;
}
