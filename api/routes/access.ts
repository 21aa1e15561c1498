import * as z from 'zod';
import { roles } from '../../domain/access/roles.ts';
import { slugSchema } from '../../domain/names.ts';
import type { AppDeps } from '../app-deps.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['access'];

const principalShape = {
  id: slugSchema,
  name: z.string().trim().min(1).max(200),
  email: z.email(),
  roles: z.array(z.enum(roles)).min(1),
};
const principalSchema = z
  .object({ ...principalShape, email: z.string(), disabledAt: z.string().nullable() })
  .meta({ id: 'Principal' });
const tokenSchema = z
  .object({
    id: z.string(),
    principal: z.string(),
    label: z.string(),
    createdAt: z.string(),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: 'AccessToken' });
const paramsSchema = z.object({ principal: z.string().max(100) });

/** Who may call: principals with their roles, and their tokens. */
export function accessRoutes(app: TypedApp, { access }: AppDeps): void {
  app.get(
    '/me',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'whoAmI',
        summary: 'Who you are, and your roles',
        response: {
          200: z.object({ id: z.string(), name: z.string(), roles: z.array(z.enum(roles)) }),
          ...problems,
        },
      },
    },
    ({ actor }) => Promise.resolve({ ...actor, roles: [...actor.roles] }),
  );

  app.get(
    '/principals',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'listPrincipals',
        summary: 'Everybody who may call',
        response: { 200: z.object({ rows: z.array(principalSchema) }), ...problems },
      },
    },
    async () => ({
      rows: (await access.listPrincipals()).map((one) => ({ ...one, roles: [...one.roles] })),
    }),
  );

  app.post(
    '/principals',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'addPrincipal',
        summary: 'Add somebody',
        body: z.strictObject(principalShape),
        response: { 201: principalSchema, ...problems },
      },
    },
    async (request, reply) => {
      const added = await access.addPrincipal(request.body, request.actor.id);
      return reply.code(201).send({ ...added, roles: [...added.roles] });
    },
  );

  app.put(
    '/principals/:principal/disabled',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'setPrincipalDisabled',
        summary: 'Disable somebody, which refuses all their tokens at once, or enable them again',
        params: paramsSchema,
        body: z.strictObject({ disabled: z.boolean() }),
        response: { 200: principalSchema, ...problems },
      },
    },
    async (request) => {
      const { principal } = request.params;
      const { disabled } = request.body;
      const changed = await access.setDisabled(principal, disabled, request.actor.id);
      return { ...changed, roles: [...changed.roles] };
    },
  );

  app.get(
    '/principals/:principal/tokens',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'listTokens',
        summary: 'The tokens of a principal, without their secrets',
        params: paramsSchema,
        response: { 200: z.object({ rows: z.array(tokenSchema) }), ...problems },
      },
    },
    async (request) => ({ rows: await access.listTokens(request.params.principal) }),
  );

  app.post(
    '/principals/:principal/tokens',
    {
      // The answer holds a secret, which must not be kept for a replay: a repetition issues another token.
      config: { access: 'principal.manage', idempotent: false },
      schema: {
        tags,
        operationId: 'issueToken',
        summary: 'Issue a token; its secret is shown this once',
        params: paramsSchema,
        body: z.strictObject({
          label: z.string().trim().min(1).max(200),
          expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
        }),
        response: { 201: z.object({ secret: z.string(), token: tokenSchema }), ...problems },
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(
          await access.issueToken(
            { principal: request.params.principal, ...request.body },
            request.actor.id,
          ),
        ),
  );

  app.delete(
    '/tokens/:token',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'revokeToken',
        summary: 'Revoke a token; its next call is refused',
        params: z.object({ token: z.uuid() }),
        response: { 200: tokenSchema, ...problems },
      },
    },
    (request) => access.revokeToken(request.params.token, request.actor.id),
  );
}
