import * as z from 'zod';
import { changeTemplateSchema } from '../../domain/approvals/template.ts';
import type { AppDeps } from '../app-deps.ts';
import { templateVersionSchema } from '../schemas/approvals.ts';
import { problems, reasonSchema } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['policies'];
const templateParamsSchema = z.object({ template: z.string().max(100) });
const versionParamsSchema = templateParamsSchema.extend({
  version: z.coerce.number().int().min(1),
});
const rowsSchema = z.object({ rows: z.array(templateVersionSchema) });

/** Standard changes, approved once for many times until they expire. */
export function templateRoutes(app: TypedApp, { templates }: AppDeps): void {
  app.get(
    '/templates',
    {
      config: { access: 'policy.read' },
      schema: {
        tags,
        operationId: 'listTemplates',
        summary: 'Templates of standard changes: those in force and proposed, or every version',
        querystring: z.object({ all: z.stringbool().default(false) }),
        response: { 200: rowsSchema, ...problems },
      },
    },
    async ({ query }) => ({
      rows: (await templates.versions()).filter(
        ({ state }) => query.all || state === 'in-force' || state === 'proposed',
      ),
    }),
  );

  app.get(
    '/templates/:template',
    {
      config: { access: 'policy.read' },
      schema: {
        tags,
        operationId: 'getTemplate',
        summary: 'Every version of a template, newest first',
        params: templateParamsSchema,
        response: { 200: rowsSchema, ...problems },
      },
    },
    async ({ params }) => ({ rows: await templates.versions(params.template) }),
  );

  app.post(
    '/templates',
    {
      config: { access: 'template.propose' },
      schema: {
        tags,
        operationId: 'proposeTemplate',
        summary: 'Propose a template, or another version of it; somebody else approves it',
        body: reasonSchema.extend({ template: changeTemplateSchema }),
        response: { 201: templateVersionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { template, reason } = request.body;
      const proposed = await templates.propose(template, reason, request.actor.id);
      return reply.code(201).header('location', `/templates/${template.id}`).send(proposed);
    },
  );

  app.post(
    '/templates/:template/versions/:version/approval',
    {
      config: { access: 'policy.manage' },
      schema: {
        tags,
        operationId: 'approveTemplate',
        summary: 'Put the newest proposed version in force; not by whoever proposed it',
        params: versionParamsSchema,
        body: reasonSchema,
        response: { 200: templateVersionSchema, ...problems },
      },
    },
    ({ params, body, actor }) =>
      templates.approve(params.template, params.version, body.reason, actor.id),
  );

  app.post(
    '/templates/:template/retirement',
    {
      config: { access: 'policy.manage' },
      schema: {
        tags,
        operationId: 'retireTemplate',
        summary: 'Take a template out of force: people decide on what names it',
        params: templateParamsSchema,
        body: reasonSchema,
        response: { 200: templateVersionSchema, ...problems },
      },
    },
    ({ params, body, actor }) => templates.retire(params.template, body.reason, actor.id),
  );
}
