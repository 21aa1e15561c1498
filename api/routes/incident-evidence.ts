import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { DomainError } from '../../domain/errors.ts';
import type { AppDeps } from '../app-deps.ts';
import { problems } from '../schemas/common.ts';
import { evidenceSchema } from '../schemas/incidents.ts';
import { touchedIncident } from '../touched.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['incidents'];
/** What is larger stays where it is, and is known here by its hash. */
const largestFileBytes = 32 * 1024 * 1024;

const incidentParams = z.object({
  incident: z.string().max(100).describe('Label such as INC-3, or id'),
});
const evidenceParams = incidentParams.extend({
  evidence: z.string().max(20).describe('Label within the incident, such as E1'),
});
const instant = z.iso.datetime({ offset: true });
const line = z.string().trim().min(1).max(500);
const givenSchema = z.strictObject({
  what: z.string().trim().min(3).max(2000),
  how: z.string().trim().min(3).max(2000).describe('How it was obtained'),
  location: line.describe('Where it was found or, of a reference, where it is'),
  obtainedBy: line.describe('Who obtained it, and has it now'),
  obtainedAt: instant,
});

/** Evidence: what, how obtained, by whom, its hash, and each hand-over. */
export function incidentEvidenceRoutes(app: TypedApp, deps: AppDeps): void {
  const { evidence } = deps;
  const touches = touchedIncident(deps);

  app.post(
    '/incidents/:incident/evidence',
    {
      bodyLimit: largestFileBytes + 65_536,
      config: { access: 'evidence.manage', touches },
      schema: {
        tags,
        operationId: 'addEvidence',
        summary: 'Take a file into evidence; the server hashes it, and nobody can change it then',
        description: `multipart/form-data: the fields what, how, location, obtainedBy and obtainedAt (an instant with zone), and then the file in the field "file", of at most ${largestFileBytes} bytes.`,
        consumes: ['multipart/form-data'],
        params: incidentParams,
        response: { 201: evidenceSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { given, file } = await readParts(request);
      const stored = await evidence.addFile(
        request.params.incident,
        { ...given, ...file },
        request.actor.id,
      );
      return reply.code(201).send({ ...stored, handovers: [...stored.handovers] });
    },
  );

  app.post(
    '/incidents/:incident/evidence-references',
    {
      config: { access: 'evidence.manage', touches },
      schema: {
        tags,
        operationId: 'addEvidenceReference',
        summary: 'Take into evidence what stays elsewhere, by its hash',
        params: incidentParams,
        body: givenSchema.extend({
          sha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/, 'use the 64 lower-case hex digits that sha256sum prints'),
        }),
        response: { 201: evidenceSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { params, body, actor } = request;
      const stored = await evidence.addReference(params.incident, body, actor.id);
      return reply.code(201).send({ ...stored, handovers: [...stored.handovers] });
    },
  );

  app.post(
    '/incidents/:incident/evidence/:evidence/handovers',
    {
      config: { access: 'evidence.manage', touches },
      schema: {
        tags,
        operationId: 'handOverEvidence',
        summary: 'Record who has it from now on, and why',
        params: evidenceParams,
        body: z.strictObject({
          to: line,
          reason: z.string().trim().min(3).max(2000),
          at: instant,
        }),
        response: { 200: evidenceSchema, ...problems },
      },
    },
    async (request) => {
      const { params, body, actor } = request;
      const stored = await evidence.handOver(params.incident, params.evidence, body, actor.id);
      return { ...stored, handovers: [...stored.handovers] };
    },
  );

  app.get(
    '/incidents/:incident/evidence/:evidence/content',
    {
      config: { access: 'evidence.read', touches },
      schema: {
        tags,
        operationId: 'readEvidence',
        summary: 'The content, checked against its hash; that you read it stands in the log',
        params: evidenceParams,
        produces: ['application/octet-stream'],
        response: { 200: z.string(), ...problems },
      },
    },
    async (request, reply) => {
      const { params, actor } = request;
      const read = await evidence.read(params.incident, params.evidence, actor.id);
      // Quotes, brackets and stars have a meaning of their own in the header (RFC 8187).
      const name = encodeURIComponent(read.evidence.fileName ?? read.evidence.label).replaceAll(
        /['()*]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      );
      // Never shown by a browser: evidence may be hostile.
      void reply
        .type('application/octet-stream')
        .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
        .header('digest', `sha-256=${Buffer.from(read.evidence.sha256, 'hex').toString('base64')}`);
      return reply.serializer((content: unknown) => content as string).send(read.content as never);
    },
  );
}

/** Fields come before the file, so that nothing is read for a request that lacks them. */
async function readParts(request: FastifyRequest) {
  if (!request.isMultipart()) {
    throw new DomainError('invalid', 'Evidence is sent as multipart/form-data with one file.', {
      code: 'not-multipart',
      remedy: 'Use ctc incident evidence add, or curl -F what=… -F file=@disk.log.',
    });
  }
  const fields: Record<string, unknown> = {};
  const limits = { fileSize: largestFileBytes, files: 1, fields: 10, fieldSize: 10_000 };
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field') {
      fields[part.fieldname] = part.value;
      continue;
    }
    const given = givenSchema.safeParse(fields);
    if (!given.success) {
      throw new DomainError('invalid', 'What is said about the evidence is not valid.', {
        code: 'invalid-evidence',
        complaints: given.error.issues.map(({ path, message }) => ({
          field: path.join('.') || 'body',
          message,
        })),
        remedy: 'Send the fields before the file.',
      });
    }
    const content = await part.toBuffer().catch(explainSize);
    const file = { fileName: part.filename, mediaType: part.mimetype, content };
    return { given: given.data, file };
  }
  throw new DomainError('invalid', 'There is no file in the request.', {
    code: 'no-file',
    remedy: 'Send it in the field "file", after all others.',
  });
}

function explainSize(error: unknown): never {
  if ((error as { code?: string }).code !== 'FST_REQ_FILE_TOO_LARGE') throw error;
  throw new DomainError('invalid', `The file is larger than ${largestFileBytes} bytes.`, {
    code: 'evidence-too-large',
    remedy:
      'Keep it where it is, and take it into evidence by its hash: ctc incident evidence refer.',
    cause: error,
  });
}
