import { describeRequirement, requirements } from '../../domain/application/nfrs.ts';
import { failedRequirements } from '../../domain/placement/compliance.ts';
import { measured, predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type {
  Conflicting,
  RankedPlacement,
  SimulationInput,
} from '../../domain/placement/simulation.ts';
import { smallestConflict } from '../../domain/placement/smallest-conflict.ts';
import { conditionsOf, describeCondition, leaveOut } from './conditions.ts';
import { demandOf, holds } from './machines.ts';
import { nearestTo } from './nearest.ts';
import { searchPlacements, type NextPlacement, type SearchOptions } from './optimise.ts';
import { createPatternRules } from './pattern-rules.ts';
import { createPlacementProblem } from './placement-problem.ts';
import type { Deadline, Solver } from './solver.ts';

/** Why the best placement does without each datacentre that it does not use. */
export function explainRejections(
  input: SimulationInput,
  solver: Solver,
  best: RankedPlacement,
  { deadline, without }: Pick<SearchOptions, 'deadline' | 'without'>,
): { datacentre: string; reasons: string[] }[] {
  const used = new Set(best.placement.assignments.map(({ datacentre }) => datacentre));
  return input.datacentres
    .filter(({ id }) => !used.has(id))
    .map(({ id, country }) => {
      const { countries } = input.application.nfrs.location;
      if (!countries.includes(country) && without?.has('location') !== true) {
        return {
          datacentre: id,
          reasons: [`it is in ${country}; allowed are ${countries.join(', ')}`],
        };
      }
      const figures = describeMeasurements(input, id);
      const forced: NextPlacement = deadline.isOver()
        ? { status: 'unknown', bound: 0 }
        : searchPlacements(input, solver, {
            using: id,
            deadline,
            ...(without === undefined ? {} : { without }),
          }).next();
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
      const lacks = describeLackOfOffers(input, { id, country });
      return {
        datacentre: id,
        reasons:
          figures.length + lacks.length > 0
            ? [...figures, ...lacks]
            : ['no placement that uses it meets the requirements'],
      };
    });
}

/** Why there is no placement: in sentences with figures, and the same for programs. */
export interface Infeasibility {
  readonly contradictions: string[];
  readonly conflict?: Conflicting[];
}

/**
 * The smallest set of hard conditions that contradict each other, with what would do in place of each; when not
 * even none of them can be met, what there is too little of. What the deadline leaves no time for is left out.
 */
export function explainInfeasibility(
  input: SimulationInput,
  solver: Solver,
  deadline: Deadline,
): Infeasibility {
  const structure = describeStructure(input);
  if (structure.length > 0) return outOfStock(structure);
  const { application } = input;
  const conditions = conditionsOf(application);
  const conflict = smallestConflict(conditions, (kept) => {
    if (deadline.isOver()) return undefined;
    const left = conditions.filter((condition) => !kept.includes(condition));
    const { without, ...relaxed } = leaveOut(input, left);
    const { status } = searchPlacements(relaxed.input, solver, { without, deadline }).next();
    return status === 'unknown' ? undefined : status === 'found';
  });
  if (conflict === undefined) {
    const late =
      'Which requirements contradict each other was not found out within the time limit.';
    return { contradictions: [late] };
  }
  if (conflict.length === 0) {
    return outOfStock([
      'The free machines do not suffice for the least numbers of replicas of all components together, or those that call each other cannot reach each other.',
    ]);
  }
  const explained = conflict.map((condition) => {
    const target = describeCondition(application, condition);
    const others = conflict
      .filter((other) => other !== condition)
      .map((other) => describeCondition(application, other));
    const nearest = nearestTo(input, condition, solver, deadline);
    const against = others.length === 0 ? 'what is offered' : others.join(' and ');
    const sentence = `${target} contradicts ${against}`;
    return {
      sentence: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${nearest === undefined ? '' : `: ${nearest}`}.`,
      conflicting: {
        kind: condition.kind,
        name:
          condition.kind === 'requirement'
            ? condition.requirement
            : `${condition.kind}s.${condition.index}`,
        target,
        ...(nearest === undefined ? {} : { nearest }),
      },
    };
  });
  return {
    contradictions: explained.map(({ sentence }) => sentence),
    conflict: explained.map(({ conflicting }) => conflicting),
  };
}

function outOfStock(sentences: string[]): Infeasibility {
  return {
    contradictions: sentences,
    conflict: sentences.map((target) => ({ kind: 'stock', name: 'offers', target })),
  };
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

function describeLackOfOffers(
  input: SimulationInput,
  { id, country }: { readonly id: string; readonly country: string },
): string[] {
  const all = input.offers.filter((offer) => offer.datacentre === id);
  if (all.length === 0) return ['nothing is offered there'];
  const { nfrs } = input.application;
  const failed = all.map((offer) => failedRequirements(nfrs, offer, country));
  const offers = all.filter((_, index) => failed[index]?.length === 0);
  if (offers.length === 0) {
    return [...new Set(failed.flat())].map(
      (requirement) => `offers there do not meet ${describeRequirement(nfrs, requirement)}`,
    );
  }
  return input.application.components.flatMap(({ name, needs }) => {
    const holding = offers.filter((offer) => holds(offer, demandOf(needs)));
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
