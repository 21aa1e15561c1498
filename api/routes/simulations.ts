import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { frontSchema } from '../../domain/placement/front.ts';
import { compareResults, unlikeFields } from '../../domain/placement/compare-results.ts';
import type { StoredSimulation } from '../../domain/placement/simulation-ports.ts';
import { assume } from '../../domain/placement/what-if.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import {
  frontQuestionSchema,
  replaySchema,
  simulationListSchema,
  simulationSchema,
  whatIfSchema,
} from '../schemas/simulation.ts';
import type { TypedApp } from '../typed-app.ts';
import { untilGone } from '../until-gone.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['simulations'];
const applicationParams = z.object({ application: z.string().max(100) });
const simulationParams = z.object({ simulation: z.string().max(100) });

/** What Optimus would do, without a change; and what it once said, computed again. */
export function simulationRoutes(app: TypedApp, { simulations, studies, hashOf }: AppDeps): void {
  app.post(
    '/applications/:application/simulations',
    {
      config: { access: 'application.simulate' },
      schema: {
        tags,
        operationId: 'simulateApplication',
        summary: 'What would be best, as things are or as they are assumed to be; changes nothing',
        description:
          'Simulates the application as it is defined and runs now, with the assumptions in their order, and compares with what is best without them. The answer is kept with its inputs.',
        params: applicationParams,
        body: whatIfSchema,
        response: { 200: simulationSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { application } = request.params;
      const { assume: assumptions, datacentres, timeLimitMs, placements, trials } = request.body;
      const now = await simulations.inputNow(application, datacentres);
      const input = candidatesLeft(assume(now, assumptions));
      const signal = untilGone(reply);
      const half = {
        timeLimitMs: assumptions.length === 0 ? timeLimitMs : timeLimitMs / 2,
        signal,
      };
      const wanted = withoutUndefined({ placements, trials });
      const result = await studies.simulate(input, { ...half, ...wanted });
      const asItIs =
        assumptions.length === 0 ? result : await studies.simulate(now, { ...half, placements: 1 });
      const id = await simulations.storeWhatIf({
        application,
        assumptions,
        askedBy: request.actor.id,
        input,
        result,
        difference: compareResults(asItIs, result),
      });
      return toAnswer(await simulations.get(id));
    },
  );

  app.post(
    '/applications/:application/fronts',
    {
      config: { access: 'application.simulate', idempotent: false },
      schema: {
        tags,
        operationId: 'findFront',
        summary: 'The placements between which two figures are traded; stores nothing',
        description:
          'The Pareto front of x and y: every other requirement holds, those on x and y do not count. The best on x first.',
        params: applicationParams,
        body: frontQuestionSchema,
        response: { 200: frontSchema.meta({ id: 'Front' }), ...problems },
      },
    },
    async (request, reply) => {
      const { assume: assumptions, datacentres, timeLimitMs, ...front } = request.body;
      const now = await simulations.inputNow(request.params.application, datacentres);
      return studies.findFront(candidatesLeft(assume(now, assumptions)), front, {
        timeLimitMs,
        signal: untilGone(reply),
      });
    },
  );

  app.get(
    '/applications/:application/simulations',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'listSimulations',
        summary: 'What Optimus was asked about an application, by changes, guardian and people',
        params: applicationParams,
        querystring: pageQuerySchema,
        response: { 200: simulationListSchema, ...problems },
      },
    },
    async (request, reply) =>
      sendPage(request, reply, await simulations.list(request.params.application, request.query)),
  );

  app.get(
    '/simulations/:simulation',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'getSimulation',
        summary: 'A simulation with its answer',
        params: simulationParams,
        response: { 200: simulationSchema, ...problems },
      },
    },
    async (request) => toAnswer(await simulations.get(request.params.simulation)),
  );

  app.get(
    '/simulations/:simulation/input',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'getSimulationInput',
        summary: 'What exactly Optimus was asked',
        params: simulationParams,
        response: { 200: z.looseObject({}), ...problems },
      },
    },
    async (request) => ({ ...(await simulations.inputOf(request.params.simulation)) }),
  );

  app.post(
    '/simulations/:simulation/replays',
    {
      config: { access: 'application.simulate' },
      schema: {
        tags,
        operationId: 'replaySimulation',
        summary:
          'Compute a simulation again from its inputs, and say whether the answer is the same',
        params: simulationParams,
        body: z.strictObject({ timeLimitMs: z.int().min(100).max(60_000).default(30_000) }),
        response: { 200: replaySchema, ...problems },
      },
    },
    async (request, reply) => {
      const { simulation } = request.params;
      const [{ result: before }, input] = await Promise.all([
        simulations.get(simulation),
        simulations.inputOf(simulation),
      ]);
      const [first] = before.placements;
      const result = await studies.simulate(input, {
        timeLimitMs: request.body.timeLimitMs,
        signal: untilGone(reply),
        ...(first?.trial === undefined ? {} : { trials: first.trial.trials }),
      });
      const unlike = unlikeFields(before, result, hashOf);
      const stored = await simulations.storeReplay(simulation, {
        result,
        unlike,
        by: request.actor.id,
      });
      return { ...stored, unlike: [...unlike], simulation, identical: unlike.length === 0 };
    },
  );
}

/** @throws DomainError `invalid` when the assumptions leave no datacentre at all. */
function candidatesLeft<Input extends { readonly datacentres: readonly unknown[] }>(
  input: Input,
): Input {
  if (input.datacentres.length > 0) return input;
  throw new DomainError('invalid', 'No datacentre is left to place anything in.', {
    code: 'no-datacentres',
    complaints: [{ field: 'datacentres', message: 'name more, or let fewer of them fail' }],
  });
}

function toAnswer(stored: StoredSimulation): z.output<typeof simulationSchema> {
  const { assumptions, difference, replays, ...rest } = stored;
  return {
    ...rest,
    replays: replays.map(({ id, engine, unlike, replayedBy, replayedAt }) => ({
      id,
      engine,
      unlike: [...unlike],
      replayedBy,
      replayedAt,
    })),
    ...(assumptions === undefined ? {} : { assumptions: [...assumptions] }),
    ...(difference === undefined
      ? {}
      : {
          difference: {
            ...difference,
            appears: [...difference.appears],
            disappears: [...difference.disappears],
          },
        }),
  };
}
