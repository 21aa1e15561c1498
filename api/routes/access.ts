import * as z from 'zod';
import { isAllowed, rolesOf } from '../../domain/access/actor.ts';
import { allPermissions } from '../../domain/access/roles.ts';
import type { AppDeps } from '../app-deps.ts';
import {
  issuedTokenSchema,
  meSchema,
  newTokenSchema,
  principalParamsSchema,
  tokenSchema,
} from '../schemas/access.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['access'];

/** Who you are, and the tokens that say so. */
export function accessRoutes(app: TypedApp, { access }: AppDeps): void {
  app.get(
    '/me',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'whoAmI',
        summary: 'Who you are, your roles, and what you may',
        response: { 200: meSchema, ...problems },
      },
    },
    ({ actor }) => {
      const { id, name, limitedTo } = actor;
      return Promise.resolve({
        ...{ id, name, limitedTo },
        roles: rolesOf(actor),
        grants: actor.grants.map(({ role, departments, datacentres, solutions }) => ({
          ...{ role, departments, datacentres, solutions },
        })),
        permissions: allPermissions.filter((permission) => isAllowed(actor, permission)),
      });
    },
  );

  app.get(
    '/me/tokens',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'listOwnTokens',
        summary: 'Your tokens, without their secrets',
        response: { 200: z.object({ rows: z.array(tokenSchema) }), ...problems },
      },
    },
    async ({ actor }) => ({ rows: await access.listTokens(actor.id) }),
  );

  app.post(
    '/me/tokens',
    {
      // As with those of others: a repetition issues another token.
      config: { access: 'signed-in', idempotent: false },
      schema: {
        tags,
        operationId: 'issueOwnToken',
        summary: 'Issue a token of your own; its secret is shown this once',
        body: newTokenSchema,
        response: { 201: issuedTokenSchema, ...problems },
      },
    },
    async ({ actor, body }, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await access.issueToken(actor.id, body, actor)),
  );

  app.delete(
    '/me/tokens/:token',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'revokeOwnToken',
        summary: 'Revoke a token of your own; its next call is refused',
        params: z.object({ token: z.uuid() }),
        response: { 200: tokenSchema, ...problems },
      },
    },
    ({ actor, params }) => access.revokeToken(params.token, actor.id, actor.id),
  );

  app.get(
    '/principals/:principal/tokens',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'listTokens',
        summary: 'The tokens of a principal, without their secrets',
        params: principalParamsSchema,
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
        params: principalParamsSchema,
        body: newTokenSchema,
        response: { 201: issuedTokenSchema, ...problems },
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await access.issueToken(request.params.principal, request.body, request.actor)),
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
