import * as z from 'zod';
import type { ChangeDetail } from '../../domain/change/readers.ts';
import { DomainError } from '../../domain/errors.ts';
import type { RehearsalSummary } from '../../domain/rehearsal/ports.ts';
import {
  mostScenarios,
  requireSomethingToRehearse,
  scenarioSchema,
  usualScenarios,
  whyNotRehearse,
  type Scenario,
} from '../../domain/rehearsal/scenario.ts';
import type { AppDeps } from '../app-deps.ts';
import { changeParamsSchema, problems } from '../schemas/common.ts';
import { rehearsalListSchema, rehearsalSchema } from '../schemas/rehearsal.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['rehearsals'];
const listed = 50;
/** Before anything of it has begun. */
const rehearsable = ['awaiting-approval', 'scheduled'];

/** Changes run ahead of time, with chosen failures; nothing outside is touched. */
export function rehearsalRoutes(
  app: TypedApp,
  { changes, rehearsals, kickOutbox, now }: AppDeps,
): void {
  app.post(
    '/changes/:change/rehearsals',
    {
      config: { access: 'change.rehearse' },
      schema: {
        tags,
        operationId: 'rehearseChange',
        summary: 'Run a change ahead of its time, with chosen failures; touches nothing',
        description:
          'Runs the workflow of the change once for each scenario, in skipped time and with the durations that were recorded of earlier ones. Without scenarios: as expected, slow, and each failure that it is planned for.',
        params: changeParamsSchema,
        body: z.strictObject({
          scenarios: z.array(scenarioSchema).min(1).max(mostScenarios).optional(),
        }),
        response: { 202: rehearsalSchema, ...problems },
      },
    },
    async (request, reply) => {
      const change = await changes.get(request.params.change);
      checkRehearsable(change);
      const scenarios = request.body.scenarios ?? usualScenarios(change.request);
      checkScenarios(change, scenarios);
      const stored = await rehearsals.request(
        {
          changeId: change.id,
          scenarios,
          requestedBy: request.actor.id,
          requestedAt: now().toISOString(),
        },
        change.revision,
      );
      kickOutbox();
      return reply.code(202).send(withChange(change, stored) as never);
    },
  );

  app.get(
    '/changes/:change/rehearsals',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'listRehearsals',
        summary: `The newest ${listed} rehearsals of a change`,
        params: changeParamsSchema,
        response: { 200: rehearsalListSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      const all = await rehearsals.list(change.id, listed);
      return {
        items: all.map((one) => withChange(change, one)),
      };
    },
  );

  app.get(
    '/changes/:change/rehearsals/:rehearsal',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getRehearsal',
        summary: 'A rehearsal with its report',
        params: changeParamsSchema.extend({ rehearsal: z.string().max(100) }),
        response: { 200: rehearsalSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      const stored = await rehearsals.get(change.id, request.params.rehearsal);
      return withChange(change, stored) as never;
    },
  );
}

function checkRehearsable({ label, state, request }: ChangeDetail): void {
  if (!rehearsable.includes(state)) {
    throw new DomainError('conflict', `${label} is ${state}: it cannot be rehearsed.`, {
      code: 'wrong-state',
      remedy:
        state === 'requested' || state === 'assessed'
          ? 'Wait until it asks for its approval.'
          : 'A change is rehearsed before its window opens.',
    });
  }
  requireSomethingToRehearse(label, request);
}

function checkScenarios({ label, request }: ChangeDetail, scenarios: readonly Scenario[]): void {
  const complaints = scenarios.flatMap((scenario, index) => {
    const why = whyNotRehearse(scenario, request);
    return why === undefined ? [] : [{ field: `scenarios[${index}]`, message: why }];
  });
  if (complaints.length === 0) return;
  throw new DomainError('invalid', `${label} cannot be rehearsed so.`, {
    code: 'scenario-does-not-fit',
    complaints,
  });
}

/** A rehearsal as it is told, with whether it is of the plan as it is. */
function withChange<R extends RehearsalSummary>(
  { label, planHash }: ChangeDetail,
  rehearsal: R,
): R & { readonly change: string; readonly current: boolean } {
  const current = rehearsal.planHash === null || rehearsal.planHash === planHash;
  return { ...rehearsal, change: label, current };
}
