import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import {
  grantSchema,
  newPrincipalSchema,
  principalParamsSchema,
  principalSchema,
  storedGrantSchema,
} from '../schemas/access.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['access'];

/** Who may call, and the roles that they hold. */
export function principalRoutes(app: TypedApp, { principals }: AppDeps): void {
  app.get(
    '/principals',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'listPrincipals',
        summary: 'Everybody who may call, by id',
        querystring: pageQuerySchema,
        response: {
          200: z.object({ rows: z.array(principalSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) =>
      sendPage(request, reply, await principals.list(withoutUndefined(request.query))),
  );

  app.get(
    '/principals/:principal',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'getPrincipal',
        summary: 'Somebody who may call, with their grants',
        params: principalParamsSchema,
        response: { 200: principalSchema, ...problems },
      },
    },
    (request) => principals.get(request.params.principal),
  );

  app.post(
    '/principals',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'addPrincipal',
        summary: 'Add a person, or a service that only ever has tokens',
        body: newPrincipalSchema,
        response: { 201: principalSchema, ...problems },
      },
    },
    async (request, reply) => {
      const added = await principals.add(request.body, request.actor.id);
      return reply.code(201).send(added);
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
        params: principalParamsSchema,
        body: z.strictObject({ disabled: z.boolean() }),
        response: { 200: principalSchema, ...problems },
      },
    },
    (request) =>
      principals.setDisabled(request.params.principal, request.body.disabled, request.actor.id),
  );

  app.post(
    '/principals/:principal/grants',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'grantRole',
        summary: 'Give a role, everywhere or within departments, datacentres and solutions',
        params: principalParamsSchema,
        body: grantSchema,
        response: { 201: storedGrantSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { principal } = request.params;
      const stored = await principals.grant(principal, request.body, request.actor.id);
      return reply.code(201).send(stored);
    },
  );

  app.delete(
    '/principals/:principal/grants/:grant',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'ungrantRole',
        summary: 'Take a role away; the next call is judged without it',
        params: principalParamsSchema.extend({ grant: z.string().max(100) }),
        response: { 200: storedGrantSchema, ...problems },
      },
    },
    (request) =>
      principals.ungrant(request.params.principal, request.params.grant, request.actor.id),
  );
}
