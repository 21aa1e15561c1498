import type { Assignment } from '../placement/simulation.ts';
import { composeSla } from './compose-sla.ts';
import type { SlaTerms } from './contract.ts';
import { coveringContract, type Footing, type LabelledContract } from './covering-contract.ts';

/** What is promised of one footing, and by whom; kept with a deployment as it was then. */
export interface SlaTerm {
  readonly source: 'contract' | 'catalogue' | 'none';
  /** Label of the contract. */
  readonly contract: string | null;
  /** In per cent of a calendar month; null where nothing is promised. */
  readonly promisedPercent: number | null;
  readonly terms: SlaTerms | null;
}

export const nothingPromised: SlaTerm = {
  source: 'none',
  contract: null,
  promisedPercent: null,
  terms: null,
};

/** The contract in force counts, then what the catalogue promises of the offer. */
export function termOf(
  footing: Footing & { readonly slaPercent?: number | undefined },
  contracts: readonly LabelledContract[],
  day: string,
): SlaTerm {
  const contract = coveringContract(contracts, footing, day);
  if (contract !== undefined) {
    const { label, terms } = contract;
    const promisedPercent = terms.availabilityPercent;
    return { source: 'contract', contract: label, promisedPercent, terms };
  }
  if (footing.slaPercent === undefined) return nothingPromised;
  return { ...nothingPromised, source: 'catalogue', promisedPercent: footing.slaPercent };
}

/** Where a component stands, and what is promised of it there. */
export interface StandingComponent extends Pick<Assignment, 'component' | 'datacentre' | 'offer'> {
  readonly term: SlaTerm;
}

export interface ComposedSla {
  readonly verdict: 'meets' | 'misses' | 'unknown';
  readonly requiredPercent: number;
  /** Null where something is promised nothing; then it lies between the two. */
  readonly promisedPercent: number | null;
  readonly atLeastPercent: number;
  readonly atMostPercent: number;
  /** Each is up or down as a whole, and independently of the others. */
  readonly units: readonly {
    readonly unit: string;
    readonly datacentre: string;
    readonly source: SlaTerm['source'];
    readonly contract: string | null;
    readonly promisedPercent: number | null;
    /** Of the contract. */
    readonly terms: SlaTerms | null;
  }[];
  /** Up while one of its units is; all of them are needed. */
  readonly components: readonly {
    readonly component: string;
    readonly units: readonly string[];
    readonly atLeastPercent: number;
    readonly atMostPercent: number;
    readonly computation: string;
  }[];
  readonly summary: string;
}

/**
 * What an application is promised by the terms of where it stands: all of its components are needed (serial), and
 * of each one datacentre is enough (parallel). Replicas in the same datacentre go down together: there the better
 * term of a component counts. Where nothing is promised, it is anything from 0 to 100 %.
 */
export function applicationSla(
  standing: readonly StandingComponent[],
  requiredPercent: number,
): ComposedSla {
  const units = new Map<string, ComposedSla['units'][number]>();
  const groups = new Map<string, Map<string, StandingComponent>>();
  for (const one of standing) {
    const sites = groups.get(one.component) ?? new Map<string, StandingComponent>();
    groups.set(one.component, sites);
    const known = sites.get(one.datacentre);
    if (known === undefined || promiseOf(one) > promiseOf(known)) sites.set(one.datacentre, one);
  }
  const components = [...groups].map(([component, sites]) => {
    const own = [...sites.values()].map((one) => {
      const unit = unitOf(one);
      units.set(unit, { unit, datacentre: one.datacentre, ...one.term });
      return unit;
    });
    return { component, units: own.sort() };
  });
  const all = [...units.values()].sort((a, b) => a.unit.localeCompare(b.unit));
  const composed = (unknown: number, of: readonly (readonly string[])[]): number => {
    const up = all.map(({ unit: id, promisedPercent }) => ({
      id,
      up: promisedPercent === null ? unknown : promisedPercent / 100,
    }));
    return 100 * composeSla(up, of);
  };
  const bounds = (of: readonly (readonly string[])[]) => ({
    atLeastPercent: composed(0, of),
    atMostPercent: composed(1, of),
  });
  const whole = bounds(components.map((one) => one.units));
  const { atLeastPercent, atMostPercent } = whole;
  const isKnown = all.length > 0 && all.every(({ promisedPercent }) => promisedPercent !== null);
  const verdict =
    all.length > 0 && atLeastPercent + rounding >= requiredPercent
      ? 'meets'
      : atMostPercent + rounding < requiredPercent
        ? 'misses'
        : 'unknown';
  const promisedPercent = isKnown ? atLeastPercent : null;
  return {
    verdict,
    requiredPercent,
    promisedPercent,
    ...whole,
    units: all,
    components: components.map((one) => ({
      ...one,
      ...bounds([one.units]),
      computation: describeParallel(one.units.map((unit) => units.get(unit)?.promisedPercent)),
    })),
    summary: summarise(verdict, requiredPercent, promisedPercent, whole),
  };
}

/** Shares as binary fractions are not exact: what is promised to the digit is enough. */
const rounding = 1e-9;

const promiseOf = ({ term }: StandingComponent): number => term.promisedPercent ?? -1;

function unitOf({ datacentre, offer, term }: StandingComponent): string {
  switch (term.source) {
    case 'contract':
      return `${datacentre} by ${term.contract ?? ''}`;
    case 'catalogue':
      return `${datacentre} by the catalogue (${offer})`;
    case 'none':
      return `${datacentre} (nothing promised)`;
  }
}

function describeParallel(promised: readonly (number | null | undefined)[]): string {
  const shares = promised.map((percent) => percent ?? null);
  const show = (percent: number | null): string => (percent === null ? '?' : `${percent} %`);
  const [only] = shares;
  if (shares.length === 1 && only !== undefined) return show(only);
  return `1 − ${shares.map((percent) => `(1 − ${show(percent)})`).join(' × ')}`;
}

/** Digits enough to tell nines apart. */
export const showPercent = (percent: number): string => `${Number(percent.toFixed(6))} %`;

function summarise(
  verdict: ComposedSla['verdict'],
  requiredPercent: number,
  promisedPercent: number | null,
  { atLeastPercent, atMostPercent }: Pick<ComposedSla, 'atLeastPercent' | 'atMostPercent'>,
): string {
  const promised =
    promisedPercent === null
      ? `between ${showPercent(atLeastPercent)} and ${showPercent(atMostPercent)}, as not everything it stands on is promised,`
      : showPercent(promisedPercent);
  const words = {
    meets: 'is enough for',
    misses: 'is not enough for',
    unknown: 'may not be enough for',
  } as const;
  return `Promised are ${promised} which ${words[verdict]} the ${showPercent(requiredPercent)} it requires.`;
}
