import { availabilityPercent, measured, predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type {
  Placement,
  RankedPlacement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';
import { searchPlacements, type SolveLp } from './optimise.ts';
import { createPlacementProblem, fits, type Requirement } from './placement-problem.ts';

const requirements: readonly Requirement[] = [
  'availability',
  'responseTime',
  'monthlyCost',
  'location',
];

/** Why the best placement does without each datacentre that it does not use. */
export function explainRejections(
  input: SimulationInput,
  solve: SolveLp,
  best: RankedPlacement,
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
      const forced = searchPlacements(input, solve, { using: id }).next();
      if (forced !== undefined) {
        const more = predictNfrs(input, forced).monthlyCost - best.predicted.monthlyCost;
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

/** The requirements that contradict each other, in sentences with figures. */
export function explainInfeasibility(input: SimulationInput, solve: SolveLp): string[] {
  const structure = describeStructure(input);
  if (structure.length > 0) return structure;
  const feasibleWithout = (...without: Requirement[]): Placement | undefined =>
    searchPlacements(input, solve, { without: new Set(without) }).next();

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
  const placement = feasibleWithout(...requirements);
  return placement === undefined
    ? [
        'The free machines do not suffice for the least numbers of replicas of all components together.',
      ]
    : requirements.map((requirement) => describeContradiction(input, requirement, placement));
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
      const everywhere = [...createPlacementProblem(input).pairs.values()].map((pair) => ({
        ...pair,
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

/** Components for which there are not enough datacentres, whatever the requirements are. */
function describeStructure(input: SimulationInput): string[] {
  const { pairs } = createPlacementProblem(
    input,
    new Set<Requirement>(['availability', 'responseTime', 'monthlyCost', 'location']),
  );
  return input.application.components.flatMap(({ name, needs, replicas }) => {
    const sites = [...pairs.values()].filter(({ component }) => component === name);
    if (sites.length >= replicas.min) return [];
    const failed = input.datacentres.filter(
      ({ id }) => measured(input, name, id)?.availabilityPercent === 0,
    );
    const where = sites.map(({ datacentre }) => datacentre).sort();
    return [
      `${name} needs ${replicas.min} datacentres with a free machine of ${needs.cores} cores, ${needs.memoryMb} MB and ${needs.storageGb} GB: there ${sites.length === 1 ? 'is' : 'are'} ${sites.length}${where.length > 0 ? ` (${where.join(', ')})` : ''}${failed.length > 0 ? `; it failed in ${failed.map(({ id }) => id).join(', ')}` : ''}.`,
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
    const holding = offers.filter((offer) => fits(needs, offer));
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
