import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { isAllowedFor } from '../../domain/access/actor.ts';
import { runbookDecisions } from '../../domain/change/messages.ts';
import { slugSchema } from '../../domain/names.ts';
import type { StepResult } from '../../domain/runbook/runbook-run.ts';
import type { StepSender } from '../../domain/runbook/step-rules.ts';
import type { AppDeps } from '../app-deps.ts';
import {
  acknowledgementSchema,
  changeParamsSchema,
  problems,
  reasonSchema,
} from '../schemas/common.ts';
import { runbookStateSchema } from '../schemas/runbook.ts';
import { createSender } from '../send-to-change.ts';
import { touchedChange } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['runbooks'];

const stepParamsSchema = changeParamsSchema.extend({ step: slugSchema.describe('Id of the step') });
const noteSchema = z.string().trim().max(4000).optional().describe('What is to be said of it');
const evidenceSchema = z
  .string()
  .trim()
  .min(1)
  .max(4000)
  .describe('A text, or the http(s) URL of what shows that it was done');

/** What people carry out step by step; each step is answered by the change's workflow. */
export function runbookRoutes(app: TypedApp, deps: AppDeps): void {
  const { changes, runbooks, messenger } = deps;
  const touches = touchedChange(deps);
  const send = createSender(messenger);

  app.get(
    '/changes/:change/runbook',
    {
      config: { access: 'change.read' },
      schema: {
        tags,
        operationId: 'getRunbook',
        summary: 'The runbook of a change with the state of each step',
        params: changeParamsSchema,
        response: { 200: runbookStateSchema, ...problems },
      },
    },
    async (request) => (await runbooks.view(await changes.get(request.params.change))) as never,
  );

  app.post(
    '/changes/:change/runbook/steps/:step/start',
    {
      config: { access: 'step.carry-out', touches },
      schema: {
        tags,
        operationId: 'startStep',
        summary: 'Begin a step of the runbook',
        params: stepParamsSchema,
        body: z.strictObject({ reason: noteSchema }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const { change, step } = request.params;
      return send(request, await changes.get(change), 'startStep', {
        ...senderOf(request),
        step,
        reason: request.body.reason ?? '',
      });
    },
  );

  const ending = (
    path: string,
    operationId: string,
    summary: string,
    result: StepResult,
    body: z.ZodType<{ reason?: string | undefined; evidence?: string | undefined }>,
  ): void => {
    app.post(
      `/changes/:change/runbook/steps/:step/${path}`,
      {
        config: { access: 'step.carry-out', touches },
        schema: {
          tags,
          operationId,
          summary,
          params: stepParamsSchema,
          body,
          response: { 200: acknowledgementSchema, ...problems },
        },
      },
      async (request) => {
        const { change, step } = request.params;
        const { reason = '', evidence } = request.body;
        return send(request, await changes.get(change), 'endStep', {
          ...senderOf(request),
          step,
          result,
          reason,
          ...(evidence === undefined ? {} : { evidence }),
        });
      },
    );
  };
  ending(
    'complete',
    'completeStep',
    'Complete a step, with the evidence that it asks for',
    'done',
    z.strictObject({ reason: noteSchema, evidence: evidenceSchema.optional() }),
  );
  ending(
    'fail',
    'failStep',
    'Say that a step failed; before the point of no return the rollback begins',
    'failed',
    reasonSchema.extend({ evidence: evidenceSchema.optional() }),
  );
  ending(
    'skip',
    'skipStep',
    'Leave a step out; for operators and change managers',
    'skipped',
    reasonSchema,
  );

  app.post(
    '/changes/:change/runbook/decision',
    {
      config: {
        access: 'runbook.decide',
        touches,
        // Going on past the point where the rollback still fits takes more than rolling back.
        takesAlso: ({ body }) =>
          (body as { decision: string }).decision === 'go-on' ? ['step.coordinate'] : [],
      },
      schema: {
        tags,
        operationId: 'decideOnRunbook',
        summary: 'Roll back now, or go on although the rollback no longer fits into the window',
        params: changeParamsSchema,
        body: reasonSchema.extend({ decision: z.enum(runbookDecisions) }),
        response: { 200: acknowledgementSchema, ...problems },
      },
    },
    async (request) => {
      const { decision, reason } = request.body;
      const change = await changes.get(request.params.change);
      return send(request, change, 'decideOnRunbook', { by: request.actor.id, reason, decision });
    },
  );
}

function senderOf({ actor, target }: FastifyRequest): StepSender {
  return {
    by: actor.id,
    mayImplement: isAllowedFor(actor, 'change.implement', target),
    mayCoordinate: isAllowedFor(actor, 'step.coordinate', target),
  };
}
