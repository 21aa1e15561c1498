import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import type { AppDeps } from '../app-deps.ts';
import { principalParamsSchema, sessionSchema } from '../schemas/access.ts';
import { problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['access'];
const passwordSchema = z.string().max(1000);
const codeSchema = z.string().trim().min(1).max(100);
const doneSchema = { 204: z.null(), ...problems };

/** One's own account: password, second factor, and the browsers that are signed in. */
export function accountRoutes(app: TypedApp, { accounts, secondFactor, sessions }: AppDeps): void {
  app.get(
    '/me/sessions',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'listOwnSessions',
        summary: 'The browsers in which you are signed in',
        response: { 200: z.object({ rows: z.array(sessionSchema) }), ...problems },
      },
    },
    async ({ actor, session }) => ({
      rows: (await sessions.list(actor.id)).map((one) => ({
        ...one,
        current: one.id === session?.id,
      })),
    }),
  );

  app.delete(
    '/me/sessions/:session',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'endOwnSession',
        summary: 'End one of your sessions',
        params: z.object({ session: z.uuid() }),
        response: doneSchema,
      },
    },
    async (request, reply) => {
      demandWholeAccount(request);
      await sessions.end(request.params.session, request.actor.id);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/me/sessions',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'endOtherSessions',
        summary: 'End all your sessions but this one',
        response: { 200: z.object({ ended: z.int() }), ...problems },
      },
    },
    async (request) => {
      demandWholeAccount(request);
      return { ended: await sessions.endOthers(request.actor.id, request.session?.id ?? null) };
    },
  );

  app.put(
    '/me/password',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'changePassword',
        summary: 'Change your password, which ends your other sessions',
        body: z.strictObject({ current: passwordSchema, next: passwordSchema }),
        response: doneSchema,
      },
    },
    async (request, reply) => {
      demandWholeAccount(request);
      const { actor, body, ip, session } = request;
      await accounts.changePassword(actor.id, { ...body, source: ip }, session?.id ?? null);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/me/account',
    {
      config: { access: 'signed-in' },
      schema: {
        tags,
        operationId: 'getOwnAccount',
        summary: 'How you can sign in: whether you have a password and a second factor',
        response: {
          200: z.object({
            hasPassword: z.boolean(),
            hasSecondFactor: z.boolean(),
            recoveryCodesLeft: z.int(),
          }),
          ...problems,
        },
      },
    },
    async ({ actor }) => {
      const [hasPassword, factor] = await Promise.all([
        accounts.hasPassword(actor.id),
        secondFactor.state(actor.id),
      ]);
      const { confirmed, recoveryCodesLeft } = factor;
      return { hasPassword, hasSecondFactor: confirmed, recoveryCodesLeft };
    },
  );

  app.post(
    '/me/second-factor',
    {
      // Its answer is a secret, which must not be kept for a replay.
      config: { access: 'signed-in', idempotent: false },
      schema: {
        tags,
        operationId: 'startSecondFactor',
        summary: 'Begin to add a second factor: what your authenticator reads; told this once',
        response: { 201: z.object({ secret: z.string(), uri: z.string() }), ...problems },
      },
    },
    async (request, reply) => {
      demandWholeAccount(request);
      const started = await secondFactor.start(request.actor.id);
      return reply.code(201).header('cache-control', 'no-store').send(started);
    },
  );

  app.post(
    '/me/second-factor/confirmation',
    {
      config: { access: 'signed-in', idempotent: false },
      schema: {
        tags,
        operationId: 'confirmSecondFactor',
        summary: 'Confirm it with a code; answers with recovery codes, told this once',
        body: z.strictObject({ code: codeSchema }),
        response: { 201: z.object({ recoveryCodes: z.array(z.string()) }), ...problems },
      },
    },
    async (request, reply) => {
      demandWholeAccount(request);
      const recoveryCodes = await secondFactor.confirm(request.actor.id, request.body.code);
      return reply.code(201).header('cache-control', 'no-store').send({ recoveryCodes });
    },
  );

  app.post(
    '/me/second-factor/removal',
    {
      config: {
        access: 'signed-in',
        rateLimit: {
          ...{ max: 5, timeWindow: '15 minutes' },
          // Whoever has a session must not try codes until one fits.
          keyGenerator: ({ actor }: FastifyRequest) => `second-factor/${actor.id}`,
        },
      },
      schema: {
        tags,
        operationId: 'removeSecondFactor',
        summary: 'Remove your second factor, with a code or a recovery code',
        body: z.strictObject({ code: codeSchema }),
        response: doneSchema,
      },
    },
    async (request, reply) => {
      demandWholeAccount(request);
      const { actor, body } = request;
      await secondFactor.remove(actor.id, actor.id, body.code);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/principals/:principal/second-factor',
    {
      config: { access: 'principal.manage' },
      schema: {
        tags,
        operationId: 'resetSecondFactor',
        summary: 'Remove the second factor of somebody who has lost it',
        params: principalParamsSchema,
        response: doneSchema,
      },
    },
    async ({ actor, params }, reply) => {
      await secondFactor.remove(params.principal, actor.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/principals/:principal/sign-in-links',
    {
      config: { access: 'principal.manage', idempotent: false },
      schema: {
        tags,
        operationId: 'createSignInLink',
        summary: 'A link that lets somebody set a password, once; told this once',
        params: principalParamsSchema,
        response: { 201: z.object({ path: z.string(), expiresAt: z.string() }), ...problems },
      },
    },
    async ({ actor, params }, reply) => {
      const { secret, expiresAt } = await accounts.createLink(params.principal, actor.id);
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ path: `/welcome?link=${secret}`, expiresAt });
    },
  );
}

/** Who has only a token for some things must not take the account over with it. */
function demandWholeAccount({ actor }: FastifyRequest): void {
  if (actor.limitedTo === null) return;
  throw new DomainError('forbidden', 'A limited token cannot change the account it is of.', {
    code: 'not-allowed',
    remedy: 'Sign in at /login, or use a token without limits.',
  });
}
