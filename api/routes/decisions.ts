import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { Permission } from '../../domain/access/roles.ts';
import type { DecisionOverride } from '../../domain/change/messages.ts';
import type { ChangeDetail } from '../../domain/change/readers.ts';
import { DomainError } from '../../domain/errors.ts';
import { movedWindowRequest } from '../../domain/windows/moved-window.ts';
import {
  windowRequestSchema,
  type ResolvedWindow,
  type WindowRequest,
} from '../../domain/windows/window.ts';
import type { AppDeps } from '../app-deps.ts';
import { nextOccurrenceOf, windowFor } from '../change-window.ts';
import { requireVersion } from '../etag.ts';
import { createSender } from '../send-to-change.ts';
import {
  acknowledgementSchema,
  changeParamsSchema,
  problems,
  reasonSchema,
} from '../schemas/common.ts';
import { touchedChange } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';
import { nextFree } from './changes.ts';

const tags = ['decisions'];

/** What people decide about a change; each is answered by the change's workflow. */
export function decisionRoutes(app: TypedApp, deps: AppDeps): void {
  const { changes, messenger } = deps;
  const touches = touchedChange(deps);

  const send = createSender(messenger);

  app.post(
    '/changes/:change/decisions',
    {
      config: { access: 'change.decide', touches, takesAlso: overridden, ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'decideOnChange',
        summary: 'Approve or reject the plan that you were shown (If-Match)',
        params: changeParamsSchema,
        body: reasonSchema.extend({
          decision: z.enum(['approved', 'rejected']),
          override: z
            .strictObject({
              reason: z.string().trim().min(10, 'say why in at least ten characters').max(2000),
              conflicts: z.boolean().default(false),
              freezes: z.boolean().default(false),
            })
            .refine(({ conflicts, freezes }) => conflicts || freezes, {
              message: 'say what is overridden: conflicts, freezes or both',
            })
            .optional()
            .describe(
              'Approves in spite of blocking conflicts; each kind needs its own permission',
            ),
        }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const { decision, reason, override } = request.body;
      const change = await changes.get(request.params.change);
      requireVersion(request, change.version, change.label);
      return send(request, change, 'decide', {
        by: request.actor.id,
        reason,
        decision,
        planHash: change.planHash ?? '',
        ...(override === undefined ? {} : { override }),
      });
    },
  );

  app.post(
    '/changes/:change/window',
    {
      config: { access: 'change.move', touches, ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'moveWindow',
        summary:
          'Move the window (If-Match): to a given one, the next free one, or the next of its series',
        params: changeParamsSchema,
        body: z.union([
          reasonSchema.extend({ window: windowRequestSchema }),
          reasonSchema.extend({ toNextFree: z.literal(true) }),
          reasonSchema.extend({ toNextOccurrence: z.literal(true) }),
        ]),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      requireVersion(request, change.version, change.label);
      const { body } = request;
      const { asked, resolved } = await whereTo(deps, change, body);
      return send(request, change, 'moveWindow', {
        by: request.actor.id,
        reason: body.reason,
        revision: change.revision + 1,
        window: {
          request: { asked, resolved },
          opensAt: resolved.opensAt,
          closesAt: resolved.closesAt,
        },
      });
    },
  );

  const plain = (
    path: string,
    operationId: string,
    update: 'cancel' | 'pause' | 'resume' | 'retryRollback' | 'startReview',
    access: Permission,
    summary: string,
  ): void => {
    app.post(
      `/changes/:change/${path}`,
      {
        config: { access, touches },
        schema: {
          tags,
          operationId,
          summary,
          params: changeParamsSchema,
          body: reasonSchema,
          response: { 200: acknowledgementSchema, ...problems },
        },
      },
      async (request) => {
        const change = await changes.get(request.params.change);
        return send(request, change, update, {
          by: request.actor.id,
          reason: request.body.reason,
        });
      },
    );
  };
  plain(
    'cancellation',
    'cancelChange',
    'cancel',
    'change.cancel',
    'Cancel it; what was deployed is rolled back',
  );
  plain('hold', 'pauseChange', 'pause', 'change.hold', 'Hold at the next step that can wait');
  plain('resumption', 'resumeChange', 'resume', 'change.hold', 'Go on after a hold');
  plain(
    'rollback',
    'retryRollback',
    'retryRollback',
    'change.implement',
    'Try an incomplete rollback again',
  );
  plain('review', 'startReview', 'startReview', 'change.review', 'Start the review');

  app.post(
    '/changes/:change/outcome',
    {
      config: { access: 'change.implement', touches },
      schema: {
        tags,
        operationId: 'reportOutcome',
        summary: 'Report the outcome of a change that people carry out',
        params: changeParamsSchema,
        body: reasonSchema.extend({ result: z.enum(['implemented', 'backed-out', 'left-broken']) }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      const { reason, result } = request.body;
      return send(request, change, 'report', { by: request.actor.id, reason, result });
    },
  );

  app.post(
    '/changes/:change/closure',
    {
      config: { access: 'change.review', touches },
      schema: {
        tags,
        operationId: 'closeChange',
        summary: 'Close the review with its outcome and lessons',
        params: changeParamsSchema,
        body: reasonSchema.extend({ lessons: z.string().trim().max(10_000).default('') }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const change = await changes.get(request.params.change);
      const { reason, lessons } = request.body;
      return send(request, change, 'close', { by: request.actor.id, reason, lessons });
    },
  );
}

/** Each kind of override has a permission of its own. */
function overridden({ body }: FastifyRequest): Permission[] {
  const { override } = body as { override?: DecisionOverride };
  return [
    ...(override?.conflicts === true ? (['conflict.override'] as const) : []),
    ...(override?.freezes === true ? (['freeze.override'] as const) : []),
  ];
}

/** The window that a change is moved to, as it is asked for and as it is resolved. */
async function whereTo(
  deps: AppDeps,
  change: ChangeDetail,
  body: { window: WindowRequest } | { toNextFree: true } | { toNextOccurrence: true },
): Promise<{ asked: WindowRequest; resolved: ResolvedWindow }> {
  if ('toNextOccurrence' in body) {
    return { asked: change.request.window, resolved: await nextOccurrenceOf(deps, change) };
  }
  const asked = 'window' in body ? body.window : await nextFreeAsRequest(deps, change);
  return { asked, resolved: await windowFor(deps, { ...change.request, window: asked }) };
}

async function nextFreeAsRequest(deps: AppDeps, change: ChangeDetail): Promise<WindowRequest> {
  const [free] = await nextFree(deps, change, 1, 90);
  if (free === undefined) {
    throw new DomainError('refused', 'There is no free window within 90 days.', {
      code: 'no-free-window',
      remedy: 'Ask for a shorter window, or move the interventions that are in the way.',
    });
  }
  return movedWindowRequest(change.request.window, change.window, free);
}
