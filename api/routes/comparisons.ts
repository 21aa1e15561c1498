import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import type { AppDeps } from '../app-deps.ts';
import { changeParamsSchema, problems } from '../schemas/common.ts';
import { driftSchema, previewSchema } from '../schemas/comparison.ts';
import type { TypedApp } from '../typed-app.ts';

const applicationParamsSchema = z.object({ application: z.string().max(100) });

/** What a release would do to the datacentres, and what has drifted there since one was verified. */
export function comparisonRoutes(
  app: TypedApp,
  { applications, changes, comparisons, checkDrift }: AppDeps,
): void {
  app.get(
    '/changes/:change/deployment-preview',
    {
      config: { access: 'change.read' },
      schema: {
        tags: ['changes'],
        operationId: 'getDeploymentPreview',
        summary: 'What its release would do to each datacentre, as the approvers are shown it',
        params: changeParamsSchema,
        response: { 200: previewSchema, ...problems },
      },
    },
    async (request) => {
      const { id, label, revision } = await changes.get(request.params.change);
      const preview = await comparisons.findPreview(id, revision);
      if (preview !== undefined) return preview as z.output<typeof previewSchema>;
      throw new DomainError('not-found', `There is no preview of ${label} yet.`, {
        code: 'no-preview',
        remedy: 'Releases get one when they are assessed; changes made by people have none.',
      });
    },
  );

  app.get(
    '/applications/:application/drift',
    {
      config: { access: 'application.read' },
      schema: {
        tags: ['applications'],
        operationId: 'getDrift',
        summary: 'The last comparison of what runs with what was verified',
        params: applicationParamsSchema,
        response: { 200: driftSchema, ...problems },
      },
    },
    async (request) => {
      const { application } = request.params;
      await applications.get(application);
      const report = await comparisons.latestDrift(application);
      if (report !== undefined) return report as z.output<typeof driftSchema>;
      throw new DomainError('not-found', `The drift of "${application}" was never looked at.`, {
        code: 'no-drift-check',
        remedy: `Look at it: ctc application drift ${application}`,
      });
    },
  );

  app.post(
    '/applications/:application/drift-checks',
    {
      config: { access: 'application.read' },
      schema: {
        tags: ['applications'],
        operationId: 'checkDrift',
        summary: 'Compare what runs with what was verified, now; changes nothing',
        params: applicationParamsSchema,
        response: { 200: driftSchema, ...problems },
      },
    },
    async (request) => {
      const { application } = request.params;
      await applications.get(application);
      return (await checkDrift(application)) as z.output<typeof driftSchema>;
    },
  );
}
