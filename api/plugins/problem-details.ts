import { STATUS_CODES } from 'node:http';
import fp from 'fastify-plugin';
import type { FastifyError, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isDomainError, type Complaint, type ErrorKind } from '../../domain/errors.ts';

const statusOf: Readonly<Record<ErrorKind, number>> = {
  invalid: 422,
  'not-found': 404,
  conflict: 409,
  refused: 403,
  forbidden: 403,
  stale: 409,
  unavailable: 503,
};

export interface Problem {
  readonly status: number;
  /** Stable and kebab-case; the type is `urn:ctc:problem:<code>`. */
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly Complaint[];
  readonly remedy?: string;
}

/** Answers with RFC 9457 problem details. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, code, detail, errors = [], remedy } = problem;
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send({
      type: `urn:ctc:problem:${code}`,
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail,
      ...(remedy === undefined ? {} : { remedy }),
      ...(errors.length === 0 ? {} : { errors }),
      instance: `urn:ctc:request:${reply.request.id}`,
    });
}

/** Every error leaves as problem details: 4xx explain, 5xx hide their details and are logged. */
export const problemDetails = fp(
  (app) => {
    app.setNotFoundHandler((request, reply) =>
      sendProblem(reply, {
        status: 404,
        code: 'no-such-route',
        detail: `There is no ${request.method} ${request.url.split('?')[0] ?? ''}.`,
        remedy: 'The routes are described at /docs.',
      }),
    );

    app.setErrorHandler((error: FastifyError, request, reply) => {
      if (hasZodFastifySchemaValidationErrors(error)) {
        return sendProblem(reply, {
          status: 422,
          code: 'invalid-request',
          detail: `The ${error.validationContext ?? 'request'} is not valid.`,
          errors: error.validation.map(({ instancePath, message }) => ({
            field: pathToField(instancePath) || (error.validationContext ?? 'body'),
            message: message ?? 'is not valid',
          })),
        });
      }
      if (isDomainError(error)) {
        if (error.kind === 'unavailable') void reply.header('retry-after', '2');
        return sendProblem(reply, {
          status: statusOf[error.kind],
          code: error.code,
          detail: error.message,
          errors: error.complaints,
          ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
        });
      }
      const status = error.statusCode ?? 500;
      if (status < 500) {
        return sendProblem(reply, {
          status,
          code: codeOfFastify(error),
          detail: error.message,
          ...remedyFor(error),
        });
      }
      request.log.error({ err: error }, 'request failed');
      return sendProblem(reply, {
        status,
        code: status === 503 ? 'overloaded' : 'internal-error',
        detail:
          status === 503
            ? 'The service cannot take the request now.'
            : 'Something went wrong here; the log has it under the instance’s id.',
        remedy: 'Try again later with the same Idempotency-Key.',
      });
    });
  },
  { name: 'problem-details' },
);

/** `/window/start` → `window.start`; `/affects/0/item` → `affects[0].item`. */
function pathToField(instancePath: string): string {
  return instancePath
    .split('/')
    .filter((part) => part !== '')
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

function codeOfFastify(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'body-too-large';
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'unsupported-media-type';
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return 'malformed-json';
    default:
      return error.statusCode === 429 ? 'too-many-requests' : 'bad-request';
  }
}

function remedyFor(error: FastifyError): { remedy?: string } {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { remedy: 'Send less, or use POST /inventory/imports for large files.' };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { remedy: 'Send Content-Type: application/json.' };
    default:
      return {};
  }
}
