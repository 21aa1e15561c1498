import { timingSafeEqual } from 'node:crypto';
import swagger from '@fastify/swagger';
import fastify from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { frontRequestSchema, frontSchema } from '../../domain/placement/front.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import {
  simulationInputSchema,
  simulationResultSchema,
} from '../../domain/placement/simulation.ts';
import { problemDetails } from '../plugins/problem-details.ts';
import { problems } from '../schemas/common.ts';
import { untilGone } from '../until-gone.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { TypedApp } from '../typed-app.ts';

export interface OptimusAppOptions {
  /** What callers must send as a bearer token; without it everybody may ask. */
  readonly token?: string;
  /** Path in front of the routes, such as `/optimus`; none by default. */
  readonly prefix?: string;
  readonly bodyLimitBytes?: number;
}

const timeLimitSchema = z.object({
  timeLimitMs: z.coerce.number().int().min(100).max(600_000).optional(),
});
const simulateQuerySchema = timeLimitSchema.extend({
  placements: z.coerce.number().int().min(1).max(5).optional(),
  trials: z.coerce.number().int().min(0).max(10_000_000).optional(),
});
/** Ten thousand offers are about two megabytes. */
const usualBodyLimit = 32 * 1024 * 1024;

/** An engine behind the contract that CTC speaks to an external OPTIMUS (docs/optimus-openapi.json). */
export async function buildOptimusApp(
  optimus: Optimus,
  { token, prefix = '', bodyLimitBytes = usualBodyLimit }: OptimusAppOptions = {},
): Promise<TypedApp> {
  const app: TypedApp = fastify({ bodyLimit: bodyLimitBytes, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problemDetails);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'OPTIMUS',
        description:
          'What CTC asks of a simulator. An engine answers the same input with the same placements, keeps the time limit within a tenth, and names its inputs by the SHA-256 (hex) of their canonical JSON (RFC 8785). 429, 502, 503 and 504 are asked again; other refusals are final. Where the client goes away the engine should give up.',
        version: '1.0.0',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  });
  if (token !== undefined) {
    app.addHook('onRequest', (request, _reply, done) => {
      if (isToken(request.headers.authorization, token)) {
        done();
        return;
      }
      done(
        new DomainError('forbidden', 'The bearer token is missing or not the right one.', {
          code: 'wrong-token',
          remedy: 'Send the token that the engine was started with.',
        }),
      );
    });
  }
  app.post(
    `${prefix}/simulations`,
    {
      schema: {
        operationId: 'simulate',
        summary: 'The best placements that meet every requirement, with their proof',
        querystring: simulateQuerySchema,
        body: simulationInputSchema,
        response: { 200: simulationResultSchema, ...problems },
      },
    },
    (request, reply) =>
      optimus.simulate(request.body, {
        ...withoutUndefined(request.query),
        signal: untilGone(reply),
      }),
  );

  app.post(
    `${prefix}/fronts`,
    {
      schema: {
        operationId: 'findFront',
        summary: 'The placements between which two figures are traded',
        querystring: timeLimitSchema,
        body: z.strictObject({ input: simulationInputSchema, request: frontRequestSchema }),
        response: { 200: frontSchema, ...problems },
      },
    },
    (request, reply) => {
      const { input, request: wanted } = request.body;
      return optimus.findFront(input, wanted, {
        ...withoutUndefined(request.query),
        signal: untilGone(reply),
      });
    },
  );
  return app;
}

function isToken(authorization: string | undefined, token: string): boolean {
  const sent = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}
