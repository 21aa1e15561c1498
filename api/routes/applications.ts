import * as z from 'zod';
import {
  applicationDefinitionSchema,
  type ApplicationDefinition,
} from '../../domain/application/application-definition.ts';
import { releaseDefinitionSchema } from '../../domain/application/release-definition.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  complaintsAboutMetrics,
  refuseBadMetrics,
} from '../../domain/verification/metric-checks.ts';
import type { AppDeps } from '../app-deps.ts';
import { etagOf, optionalVersion } from '../etag.ts';
import { problems } from '../schemas/common.ts';
import { touchedApplication } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['applications'];
const paramsSchema = z.object({ application: z.string().max(100) });

const applicationSchema = z
  .object({
    definition: z.looseObject({ name: z.string() }),
    version: z.int(),
    updatedAt: z.string(),
    updatedBy: z.string(),
    running: z
      .object({
        release: z.string(),
        change: z.string(),
        verifiedAt: z.string(),
        placement: z.unknown(),
      })
      .nullable(),
  })
  .meta({ id: 'Application' });

const releaseSchema = z
  .object({
    application: z.string(),
    version: z.string(),
    digest: z.string(),
    definition: z.looseObject({}),
    registeredAt: z.string(),
    registeredBy: z.string(),
  })
  .meta({ id: 'Release' });

/** Applications with their requirements, and their releases. */
export function applicationRoutes(
  app: TypedApp,
  { applications, targets, hashOf, expressions, whyNotMeasurable }: AppDeps,
): void {
  app.get(
    '/applications',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'listApplications',
        summary: 'All applications',
        response: { 200: z.object({ rows: z.array(applicationSchema) }), ...problems },
      },
    },
    async () => ({ rows: await applications.list() }),
  );

  app.get(
    '/applications/:application',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'getApplication',
        summary: 'An application: its definition, and what runs of it',
        params: paramsSchema,
        response: { 200: applicationSchema, ...problems },
      },
    },
    async (request, reply) => {
      const application = await applications.get(request.params.application);
      return reply.header('etag', etagOf(application.version)).send(application);
    },
  );

  app.put(
    '/applications/:application',
    {
      config: {
        access: 'application.register',
        touches: ({ body }) => {
          const { name, department } = body as ApplicationDefinition;
          return targets.ofApplication(name, department);
        },
        ifMatch: 'optional',
      },
      schema: {
        tags,
        operationId: 'putApplication',
        summary: 'Register an application, or change it (If-Match)',
        params: paramsSchema,
        body: applicationDefinitionSchema,
        response: { 200: applicationSchema, ...problems },
      },
    },
    async (request, reply) => {
      requireSame(request.params.application, request.body.name, 'name');
      const { metrics = [] } = request.body.verification;
      refuseBadMetrics(complaintsAboutMetrics(metrics, expressions, whyNotMeasurable));
      const application = await applications.put(
        request.body,
        request.actor.id,
        optionalVersion(request),
      );
      return reply.header('etag', etagOf(application.version)).send(application);
    },
  );

  app.get(
    '/applications/:application/releases',
    {
      config: { access: 'application.read' },
      schema: {
        tags,
        operationId: 'listReleases',
        summary: 'The releases of an application, newest first',
        params: paramsSchema,
        response: { 200: z.object({ rows: z.array(releaseSchema) }), ...problems },
      },
    },
    async (request) => ({ rows: await applications.releases(request.params.application) }),
  );

  app.post(
    '/applications/:application/releases',
    {
      config: { access: 'application.register', touches: touchedApplication({ targets }) },
      schema: {
        tags,
        operationId: 'registerRelease',
        summary: 'Register a release; it never changes afterwards',
        params: paramsSchema,
        body: releaseDefinitionSchema,
        response: { 201: releaseSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { body } = request;
      requireSame(request.params.application, body.application, 'application');
      const { definition } = await applications.get(body.application);
      const names = definition.components.map(({ name }) => name);
      const complaints = [
        ...names
          .filter((name) => body.components[name] === undefined)
          .map((name) => ({
            field: `components.${name}`,
            message: 'is missing: say how this component runs',
          })),
        ...Object.keys(body.components)
          .filter((name) => !names.includes(name))
          .map((name) => ({
            field: `components.${name}`,
            message: `is no component of ${body.application}; known: ${names.join(', ')}`,
          })),
      ];
      if (complaints.length > 0) {
        throw new DomainError('invalid', 'The release does not fit the application.', {
          code: 'release-does-not-fit',
          complaints,
        });
      }
      const release = await applications.addRelease(body, hashOf(body), request.actor.id);
      return reply.code(201).send(release);
    },
  );
}

function requireSame(inPath: string, inBody: string, field: string): void {
  if (inPath === inBody) return;
  throw new DomainError('invalid', 'Address and body disagree.', {
    code: 'invalid-request',
    complaints: [{ field, message: `"${inBody}" is not "${inPath}", which the address names` }],
  });
}
