import { furthest, type Reached } from '../../domain/placement/furthest.ts';
import {
  axes,
  type Front,
  type FrontAxis,
  type FrontRequest,
} from '../../domain/placement/front.ts';
import { predictNfrs } from '../../domain/placement/predict-nfrs.ts';
import type { SimulationInput } from '../../domain/placement/simulation.ts';
import { withLimit } from './limits.ts';
import { searchPlacements } from './optimise.ts';
import type { Deadline, Solver } from './solver.ts';

type Point = Front['points'][number];

/** What no placement reaches: where the search for the best of a figure ends. */
const unreachable: Readonly<Record<FrontAxis, number>> = {
  availability: 100,
  responseTime: 0,
  throughput: 1e7,
  monthlyCost: 0,
};

/**
 * The placements of which none is as good as another on both figures: the best on x first, and then again and
 * again the best on x among those that are better on y. Every other requirement holds; those on x and y do not
 * count. Exact up to the resolution on y, and where x is not the cost up to that of x.
 */
export function findFront(
  input: SimulationInput,
  request: FrontRequest,
  solver: Solver,
  deadline: Deadline,
  /** Called with what is known whenever another point was found. */
  onProgress: (front: Front) => void = () => {},
): Front {
  const { x, y, points: most } = request;
  const resolution = request.resolution ?? axes[y].resolution;
  const points: Point[] = [];
  const answer = (isComplete: boolean): Front => ({
    x,
    y,
    resolution,
    points: [...points],
    isComplete,
  });
  const better = axes[y].isLessBetter ? -resolution : resolution;
  for (;;) {
    const last = points.at(-1);
    const limit = last === undefined ? undefined : axes[y].figure(last.predicted) + better;
    const next = limit !== undefined && isBeyond(y, limit) ? 'none' : bestOnX(limit);
    if (next === 'unknown') return answer(false);
    if (next === 'none') return answer(true);
    // As good on x and better on y: what was found before is no choice.
    if (last !== undefined && isAsGood(x, next, last)) points.pop();
    if (points.length === most) return answer(false);
    points.push(next);
    onProgress(answer(false));
  }

  /** `limit`: on y at least that good. */
  function bestOnX(limit: number | undefined): Point | 'none' | 'unknown' {
    const first = find(limit, undefined);
    if (x === 'monthlyCost' || typeof first === 'string') return first;
    let best = first;
    furthest(
      axes[x].figure(first.predicted),
      unreachable[x],
      axes[x].resolution,
      (wanted): Reached => {
        const found = find(limit, wanted);
        if (typeof found === 'string') return found;
        best = found;
        return axes[x].figure(found.predicted);
      },
    );
    return best;
  }

  /** The cheapest that is at least so good on both. */
  function find(onY: number | undefined, onX: number | undefined): Point | 'none' | 'unknown' {
    if (deadline.isOver()) return 'unknown';
    let { nfrs } = input.application;
    if (onY !== undefined) nfrs = withLimit(nfrs, y, onY);
    if (onX !== undefined) nfrs = withLimit(nfrs, x, onX);
    const asked = { ...input, application: { ...input.application, nfrs } };
    const without = new Set([...(onX === undefined ? [x] : []), ...(onY === undefined ? [y] : [])]);
    const next = searchPlacements(asked, solver, { without, deadline }).next();
    if (next.status !== 'found') return next.status;
    if (!next.isProven) return 'unknown';
    const { placement } = next;
    return { placement, predicted: predictNfrs(input, placement) };
  }
}

function isBeyond(axis: FrontAxis, limit: number): boolean {
  return axes[axis].isLessBetter ? limit < 0 : axis === 'availability' && limit >= 100;
}

function isAsGood(axis: FrontAxis, one: Point, other: Point): boolean {
  const [a, b] = [axes[axis].figure(one.predicted), axes[axis].figure(other.predicted)];
  return axes[axis].isLessBetter ? a <= b + 1e-9 : a >= b - 1e-9;
}
