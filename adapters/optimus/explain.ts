import { describeRestriction } from '../../domain/application/restrictions.ts';
import { availabilityPercent, measured, predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type {
  Placement,
  RankedPlacement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';
import { searchPlacements, type NextPlacement } from './optimise.ts';
import { createPatternRules } from './pattern-rules.ts';
import { createPlacementProblem, type Requirement } from './placement-problem.ts';
import { holds } from './machines.ts';
import type { Deadline, Solver } from './solver.ts';

const requirements: readonly Requirement[] = [
  'availability',
  'responseTime',
  'monthlyCost',
  'location',
];

/** Why the best placement does without each datacentre that it does not use. */
export function explainRejections(
  input: SimulationInput,
  solver: Solver,
  best: RankedPlacement,
  deadline: Deadline,
): { datacentre: string; reasons: string[] }[] {
  const used = new Set(best.placement.assignments.map(({ datacentre }) => datacentre));
  return input.datacentres
    .filter(({ id }) => !used.has(id))
    .map(({ id, country }) => {
      const { countries } = input.application.nfrs.location;
      if (!countries.includes(country)) {
        return {
          datacentre: id,
          reasons: [`it is in ${country}; allowed are ${countries.join(', ')}`],
        };
      }
      const figures = describeMeasurements(input, id);
      const forced: NextPlacement = deadline.isOver()
        ? { status: 'unknown', bound: 0 }
        : searchPlacements(input, solver, { using: id, deadline }).next();
      if (forced.status === 'unknown' || (forced.status === 'found' && !forced.isProven)) {
        return {
          datacentre: id,
          reasons: [...figures, 'what using it would cost was not found out within the time limit'],
        };
      }
      if (forced.status === 'found') {
        const more = predictNfrs(input, forced.placement).monthlyCost - best.predicted.monthlyCost;
        const { currency } = best.predicted;
        return {
          datacentre: id,
          reasons: [
            ...figures,
            `the cheapest placement that uses it costs ${more.toFixed(2)} ${currency} a month more`,
          ],
        };
      }
      const lacks = describeLackOfOffers(input, id);
      return {
        datacentre: id,
        reasons:
          figures.length + lacks.length > 0
            ? [...figures, ...lacks]
            : ['no placement that uses it meets the requirements'],
      };
    });
}

/**
 * The requirements that contradict each other, in sentences with figures; when not even the structure can be
 * met, the restrictions that contradict each other. What the deadline leaves no time for is left out.
 */
export function explainInfeasibility(
  input: SimulationInput,
  solver: Solver,
  deadline: Deadline,
): string[] {
  const structure = describeStructure(input);
  if (structure.length > 0) return structure;
  const late = [
    'Which requirements contradict each other was not found out within the time limit.',
  ];
  const feasibleWithout = (...without: Requirement[]): Placement | undefined => {
    if (deadline.isOver()) return undefined;
    const next = searchPlacements(input, solver, { without: new Set(without), deadline }).next();
    return next.status === 'found' ? next.placement : undefined;
  };

  const unrestricted = feasibleWithout(...requirements);
  if (unrestricted === undefined) {
    return deadline.isOver() ? late : describeRestrictions(input, solver, deadline);
  }
  const single = requirements.flatMap((requirement) => {
    const placement = feasibleWithout(requirement);
    return placement === undefined ? [] : [describeContradiction(input, requirement, placement)];
  });
  if (single.length > 0) return single;
  for (const [index, one] of requirements.entries()) {
    for (const other of requirements.slice(index + 1)) {
      const placement = feasibleWithout(one, other);
      if (placement === undefined) continue;
      return [
        describeContradiction(input, one, placement),
        describeContradiction(input, other, placement),
      ];
    }
  }
  if (deadline.isOver()) return late;
  return requirements.map((requirement) => describeContradiction(input, requirement, unrestricted));
}

/** Restrictions of which none can be left out without the others becoming possible. */
function describeRestrictions(
  input: SimulationInput,
  solver: Solver,
  deadline: Deadline,
): string[] {
  const tooFew =
    'The free machines do not suffice for the least numbers of replicas of all components together.';
  const isPossible = (restrictions: typeof all): boolean => {
    const { application } = input;
    const relaxed = { ...input, application: { ...application, restrictions: [...restrictions] } };
    const next = searchPlacements(relaxed, solver, {
      without: new Set(requirements),
      deadline,
    }).next();
    return next.status !== 'none';
  };
  const all = input.application.restrictions ?? [];
  if (!isPossible([])) return [tooFew];
  let culprits = all;
  for (const restriction of all) {
    if (deadline.isOver()) break;
    const others = culprits.filter((one) => one !== restriction);
    if (!isPossible(others)) culprits = others;
  }
  return [
    `The restrictions ${culprits.map((one) => `"${describeRestriction(one)}"`).join(' and ')} contradict each other on the machines that are offered.`,
  ];
}

function describeContradiction(
  input: SimulationInput,
  requirement: Requirement,
  /** The cheapest placement when the requirement is left out. */
  placement: Placement,
): string {
  const { nfrs } = input.application;
  const predicted = predictNfrs(input, placement);
  switch (requirement) {
    case 'availability': {
      const { pairs, components, sites } = createPlacementProblem(input);
      const everywhere = pairs.map(({ component, site }) => ({
        component: components[component] ?? '',
        datacentre: sites[site] ?? '',
        offer: '-',
      }));
      const most = availabilityPercent(input, { assignments: everywhere });
      return most < nfrs.availability.minPercent
        ? `An availability of at least ${nfrs.availability.minPercent} % cannot be met: all allowed datacentres together reach ${most.toFixed(4)} %.`
        : `An availability of at least ${nfrs.availability.minPercent} % contradicts the other requirements: the cheapest placement that meets those reaches ${predicted.availabilityPercent.toFixed(4)} %.`;
    }
    case 'responseTime':
      return `A response time (p95) of at most ${nfrs.responseTime.p95MaxMs} ms contradicts the other requirements: the cheapest placement that meets those answers in ${predicted.responseTimeP95Ms.toFixed(0)} ms.`;
    case 'monthlyCost':
      return `A monthly cost of at most ${nfrs.monthlyCost.max.toFixed(2)} ${nfrs.monthlyCost.currency} contradicts the other requirements: the cheapest placement that meets those costs ${predicted.monthlyCost.toFixed(2)}.`;
    case 'location':
      return `The location ${nfrs.location.countries.join(' or ')} contradicts the other requirements: they could be met with ${predicted.countries.join(', ')}.`;
  }
}

/** Components for which there are not enough machines or datacentres, whatever the requirements are. */
function describeStructure(input: SimulationInput): string[] {
  const { pairs, components, sites } = createPlacementProblem(input, new Set(requirements));
  const { blocks } = createPatternRules(input.application);
  const isShared = input.application.machines === 'shared';
  return input.application.components.flatMap(({ name, replicas }, index) => {
    const block = blocks.find((one) => one.components.includes(index));
    const own = pairs.filter(({ component }) => components[component] === name);
    const places = own.reduce((sum, { most }) => sum + most, 0);
    if (block === undefined || places >= replicas.min) return [];
    const failed = input.datacentres.filter(
      ({ id }) => measured(input, name, id)?.availabilityPercent === 0,
    );
    const where = own.map(({ site }) => sites[site] ?? '').sort();
    const together = block.components.flatMap((one) =>
      one === index ? [] : [components[one] ?? ''],
    );
    const needed = `${block.cores} cores, ${block.memoryMb} MB and ${block.storageGb} GB${together.length > 0 ? ` (with ${together.join(', ')})` : ''}`;
    const there = `there ${places === 1 ? 'is' : 'are'} ${places}${where.length > 0 ? ` (${where.join(', ')})` : ''}${failed.length > 0 ? `; it failed in ${failed.map(({ id }) => id).join(', ')}` : ''}`;
    return [
      isShared
        ? `${name} needs ${replicas.min} free machine${replicas.min === 1 ? '' : 's'} of ${needed}: ${there}.`
        : `${name} needs ${replicas.min} datacentres with a free machine of ${needed}: ${there}.`,
    ];
  });
}

function describeMeasurements(input: SimulationInput, datacentre: string): string[] {
  return input.application.components.flatMap(({ name, serviceTimeP95Ms }) => {
    const figure = measured(input, name, datacentre);
    if (figure === undefined) return [];
    const said: string[] = [];
    if (figure.serviceTimeP95Ms !== undefined && figure.serviceTimeP95Ms > serviceTimeP95Ms) {
      said.push(
        `measured p95 of ${name} there is ${figure.serviceTimeP95Ms.toFixed(0)} ms over ${figure.samples} samples, defined are ${serviceTimeP95Ms} ms`,
      );
    }
    if (figure.availabilityPercent !== undefined && figure.availabilityPercent < 100) {
      said.push(
        `measured availability of ${name} there is ${figure.availabilityPercent.toFixed(2)} %`,
      );
    }
    return said;
  });
}

function describeLackOfOffers(input: SimulationInput, datacentre: string): string[] {
  const offers = input.offers.filter((offer) => offer.datacentre === datacentre);
  if (offers.length === 0) return ['nothing is offered there'];
  return input.application.components.flatMap(({ name, needs }) => {
    const holding = offers.filter((offer) => holds(offer, needs));
    if (holding.length === 0) {
      return [
        `no offer there holds ${name} (${needs.cores} cores, ${needs.memoryMb} MB, ${needs.storageGb} GB)`,
      ];
    }
    return holding.every(({ available }) => available === 0)
      ? [`no machine that holds ${name} is free there`]
      : [];
  });
}
