import type { Nfrs, Requirement } from '../../domain/application/nfrs.ts';
import { axes } from '../../domain/placement/front.ts';
import { furthest, type Reached } from '../../domain/placement/furthest.ts';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type { PredictedNfrs, SimulationInput } from '../../domain/placement/simulation.ts';
import { leaveOut, type Condition } from './conditions.ts';
import { withLimit } from './limits.ts';
import { searchPlacements } from './optimise.ts';
import type { Deadline, Solver } from './solver.ts';

/** Requirements the limit of which can be moved bit by bit: how near is near enough, and how it is said. */
const moved = {
  availability: {
    target: ({ availability }: Nfrs) => availability.minPercent,
    within: 1e-7,
    say: (figure: number) => `what meets the others reaches at most ${percent(figure)} %`,
  },
  responseTime: {
    target: ({ responseTime }: Nfrs) => responseTime.p95MaxMs,
    within: 0.01,
    say: (figure: number) => `what meets the others answers in ${Math.ceil(figure)} ms at best`,
  },
  throughput: {
    target: ({ throughput }: Nfrs) => throughput?.minPerSecond ?? 0,
    within: 0.01,
    say: (figure: number) =>
      `what meets the others gives at most ${figure.toFixed(1)} answers a second`,
  },
} as const;

const levels = {
  securityLevel: { field: 'min', others: [4, 3, 2, 1] },
  financialRisk: { field: 'max', others: [2, 3, 4, 5] },
  technologicalRisk: { field: 'max', others: [2, 3, 4, 5] },
} as const;

/**
 * What would do in place of a condition that cannot be met, all others kept: the nearest there is. Undefined
 * when the deadline leaves no time to find it out, or when leaving it out does not help either.
 */
export function nearestTo(
  input: SimulationInput,
  condition: Condition,
  solver: Solver,
  deadline: Deadline,
): string | undefined {
  const { nfrs } = input.application;
  /** The cheapest with other requirements; `left`: conditions that are left out. */
  const cheapest = (
    others: Nfrs,
    left: readonly Condition[] = [],
  ): PredictedNfrs | 'none' | 'unknown' => {
    if (deadline.isOver()) return 'unknown';
    const changed = { ...input, application: { ...input.application, nfrs: others } };
    const relaxed = leaveOut(changed, left);
    const { without } = relaxed;
    const next = searchPlacements(relaxed.input, solver, { without, deadline }).next();
    if (next.status !== 'found') return next.status;
    return predictNfrs(relaxed.input, next.placement);
  };
  const isPossible = (others: Nfrs): boolean => typeof cheapest(others) === 'object';
  const unlimited = cheapest(nfrs, [condition]);
  if (typeof unlimited === 'string') return undefined;
  if (condition.kind !== 'requirement') return 'without it the others can be met';

  const { requirement } = condition;
  switch (requirement) {
    case 'monthlyCost':
      return `the cheapest placement that meets the others costs ${unlimited.monthlyCost.toFixed(2)}`;
    case 'availability':
    case 'responseTime':
    case 'throughput': {
      const { target, within, say } = moved[requirement];
      const { figure } = axes[requirement];
      const ask = (value: number): Reached => {
        const answer = cheapest(withLimit(nfrs, requirement, value));
        return typeof answer === 'string' ? answer : figure(answer);
      };
      return say(furthest(figure(unlimited), target(nfrs), within, ask));
    }
    case 'location':
      return nearestLocation(input, unlimited, isPossible);
    case 'certifications': {
      const all = nfrs.certifications?.all ?? [];
      const one = all.find((name) =>
        isPossible({ ...nfrs, certifications: { all: all.filter((other) => other !== name) } }),
      );
      return one === undefined || all.length === 1
        ? 'the others can be met without any'
        : `the others can be met without ${one}`;
    }
    case 'securityLevel':
    case 'financialRisk':
    case 'technologicalRisk': {
      const { field, others } = levels[requirement];
      const limit = limitOf(nfrs, requirement);
      const level = others
        .filter((other) => (field === 'min' ? other < limit : other > limit))
        .find((other) => isPossible({ ...nfrs, [requirement]: { [field]: other } }));
      return level === undefined
        ? 'the others can be met where it is not known'
        : `the others can be met with ${level}`;
    }
  }
}

/** One more country if that helps, else those of the cheapest placement without any limit. */
function nearestLocation(
  { application: { nfrs }, datacentres }: SimulationInput,
  unlimited: PredictedNfrs,
  isPossible: (others: Nfrs) => boolean,
): string {
  const { countries } = nfrs.location;
  const further = [...new Set(datacentres.map(({ country }) => country))]
    .filter((country) => !countries.includes(country))
    .sort();
  const one = further.find((country) =>
    isPossible({ ...nfrs, location: { ...nfrs.location, countries: [...countries, country] } }),
  );
  if (one !== undefined) return `the others could be met with ${one} as well`;
  return nfrs.location.jurisdictions !== undefined &&
    isPossible({ ...nfrs, location: { ...nfrs.location, jurisdictions: undefined } })
    ? 'the others could be met under any law'
    : `the others could be met with ${unlimited.countries.join(', ')}`;
}

function limitOf(nfrs: Nfrs, requirement: Requirement & keyof typeof levels): number {
  const limit = nfrs[requirement];
  return limit === undefined ? 0 : 'min' in limit ? limit.min : limit.max;
}

function percent(figure: number): string {
  // Rounded down: never more than can be had.
  return String(Math.floor(figure * 1e6) / 1e6);
}
