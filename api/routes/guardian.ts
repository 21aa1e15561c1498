import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { Permission } from '../../domain/access/roles.ts';
import type { GuardianAcknowledgement, GuardianUpdates } from '../../domain/guardian/messages.ts';
import type { AppDeps } from '../app-deps.ts';
import { acknowledgementSchema, problems, reasonSchema } from '../schemas/common.ts';
import { guardianSchema } from '../schemas/guardian.ts';
import { touchedApplication } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['guardian'];
const paramsSchema = z.object({ application: z.string().max(100) });

/** How running applications are guarded, and what people say about it. */
export function guardianRoutes(app: TypedApp, deps: AppDeps): void {
  const { guardians, guardianMessenger, ledger } = deps;
  const touches = touchedApplication(deps);

  app.get(
    '/applications/:application/guardian',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'getGuardian',
        summary: 'Objectives, budgets and burn rates of what runs, and what its guardian waits for',
        params: paramsSchema,
        response: { 200: guardianSchema, ...problems },
      },
    },
    async (request) => (await guardians.view(request.params.application)) as never,
  );

  const send = async <K extends keyof GuardianUpdates>(
    request: FastifyRequest,
    application: string,
    update: K,
    message: GuardianUpdates[K],
  ): Promise<GuardianAcknowledgement> => {
    // What is asked of a guardian, whether or not it agrees: of that, incidents have their own entries.
    await ledger.record({
      actor: request.actor.id,
      action: `guardian.${update}`,
      subject: { kind: 'application', id: application },
      details: { ...message },
    });
    return guardianMessenger.send(
      application,
      update,
      message,
      `${request.actor.id}/${request.idempotencyKey}`,
    );
  };

  const plain = (
    path: string,
    operationId: string,
    update: 'pause' | 'resume' | 'liftHold',
    access: Permission,
    summary: string,
  ): void => {
    app.post(
      `/applications/:application/guardian/${path}`,
      {
        config: { access, touches },
        schema: {
          tags,
          operationId,
          summary,
          params: paramsSchema,
          body: reasonSchema,
          response: { 200: acknowledgementSchema, ...problems },
        },
      },
      async (request) => {
        const { application } = request.params;
        await guardians.view(application);
        const { reason } = request.body;
        return send(request, application, update, { by: request.actor.id, reason });
      },
    );
  };
  plain(
    'pause',
    'pauseGuardian',
    'pause',
    'guardian.hold',
    'Measure and decide nothing until it is resumed; a correction under way goes on',
  );
  plain('resume', 'resumeGuardian', 'resume', 'guardian.hold', 'Go on after a pause');
  plain(
    'lift-hold',
    'liftGuardianHold',
    'liftHold',
    'guardian.decide',
    'Let it move the application again after a rollback',
  );

  const answer = (path: 'approve' | 'decline', operationId: string, summary: string): void => {
    app.post(
      `/applications/:application/guardian/${path}`,
      {
        config: { access: 'guardian.decide', touches },
        schema: {
          tags,
          operationId,
          summary,
          params: paramsSchema,
          body: reasonSchema.extend({
            decision: z.uuid().describe('Id of the proposal that you were shown'),
          }),
          response: { 200: acknowledgementSchema, ...problems },
        },
      },
      async (request) => {
        const { application } = request.params;
        await guardians.view(application);
        const { reason, decision } = request.body;
        return send(request, application, path, { by: request.actor.id, reason, decision });
      },
    );
  };
  answer(
    'approve',
    'approveCorrection',
    'Approve the proposed correction; it is measured and simulated afresh before it begins',
  );
  answer('decline', 'declineCorrection', 'Decline the proposed correction');
}
