import type { DeploymentPlan, PlannedAction, PlannedObject } from './ports.ts';

/** What is held against a datacentre, without changing anything there: before a change, or long after one. */
export interface ComparedSite {
  readonly datacentre: string;
  readonly actions: readonly PlannedAction[];
  /** Where the datacentre can tell: what differs, object by object. */
  readonly objects?: readonly PlannedObject[];
  /** Why nothing can be said of it. */
  readonly problem?: string;
}

/** What a release would do to each datacentre, as it was shown before approval. */
export interface DeploymentPreview {
  readonly revision: number;
  readonly release: string;
  /** ISO instant. */
  readonly at: string;
  readonly summary: string;
  readonly sites: readonly ComparedSite[];
}

/** What runs, beside what was verified last. */
export interface DriftReport {
  readonly application: string;
  /** ISO instant. */
  readonly at: string;
  /** What was verified: the release, by which change. */
  readonly verified: { readonly release: string; readonly change: string; readonly at: string };
  /** `unknown` where a datacentre could not tell, and nothing is known to differ. */
  readonly verdict: 'in-step' | 'drifted' | 'unknown';
  readonly summary: string;
  readonly sites: readonly ComparedSite[];
}

export function comparedSite({ datacentre, actions, objects }: DeploymentPlan): ComparedSite {
  return { datacentre, actions, ...(objects === undefined ? {} : { objects }) };
}

/** What would have to be done there to get what is wanted; empty where it is so already. */
export function differencesIn({ actions, objects }: ComparedSite): readonly string[] {
  return objects === undefined
    ? actions
        .filter(({ action }) => action !== 'keep')
        .map(({ component, action }) => `${action} ${component}`)
    : objects
        .filter(({ action }) => action !== 'keep')
        .map(({ object, action, changes }) =>
          [`${action} ${object}`, changes.map(({ path }) => path).join(', ')]
            .filter((part) => part !== '')
            .join(': '),
        );
}

/** A line for the log: counts for each datacentre, and whoever stands in the way. */
export function describeSites(sites: readonly ComparedSite[]): string {
  return sites.map(describeSite).join('; ');
}

function describeSite(site: ComparedSite): string {
  const { datacentre, actions, objects, problem } = site;
  if (problem !== undefined) return `${datacentre}: not known (${problem})`;
  const all: readonly { readonly action: string }[] = objects ?? actions;
  const counts = Map.groupBy(
    all.filter(({ action }) => action !== 'keep'),
    ({ action }) => action,
  );
  const words = [...counts].map(([action, some]) => `${action} ${some.length}`).join(', ');
  const managers = new Set(
    (objects ?? []).flatMap(({ conflicts }) => conflicts.map(({ manager }) => manager)),
  );
  const others = managers.size === 0 ? '' : `, against fields of ${[...managers].join(', ')}`;
  return `${datacentre}: ${words === '' ? 'nothing differs' : words}${others}`;
}

/** How what is about to be done differs from what was shown; empty where it does not. */
export function unlikeShown(
  shown: readonly ComparedSite[],
  now: readonly ComparedSite[],
): readonly string[] {
  const before = new Map(shown.map((site) => [site.datacentre, site]));
  const other = now.filter((site) => {
    const then = before.get(site.datacentre);
    return then === undefined || differencesIn(then).join('\n') !== differencesIn(site).join('\n');
  });
  const gone = shown.filter(
    ({ datacentre }) => !now.some((site) => site.datacentre === datacentre),
  );
  return [...other, ...gone].map(({ datacentre }) => datacentre).sort();
}

/** The verdict on sites that were compared with what was verified. */
export function driftVerdict(sites: readonly ComparedSite[]): DriftReport['verdict'] {
  if (sites.some((site) => differencesIn(site).length > 0)) return 'drifted';
  const unknown = sites.length === 0 || sites.some(({ problem }) => problem !== undefined);
  return unknown ? 'unknown' : 'in-step';
}
