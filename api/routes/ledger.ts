import { Readable } from 'node:stream';
import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { pageQuerySchema, problems, reasonSchema } from '../schemas/common.ts';
import {
  checkpointSchema,
  consistencyProofSchema,
  inclusionProofSchema,
  ledgerEntrySchema,
  ledgerKeySchema,
} from '../schemas/ledger.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['log'];
const position = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const instant = z.iso.datetime({ offset: true });
const word = z.string().min(1).max(200).optional();

/** The intervention log: what it says, and what proves it. */
export function ledgerRoutes(app: TypedApp, { ledger }: AppDeps): void {
  app.get(
    '/log',
    {
      config: { access: 'log.read' },
      schema: {
        tags,
        operationId: 'listLog',
        summary: 'Entries of the intervention log, newest first',
        querystring: pageQuerySchema.extend({
          actor: word,
          action: word,
          subjectKind: word,
          subjectId: word,
          from: instant.optional(),
          before: instant.optional(),
        }),
        response: {
          200: z.object({ rows: z.array(ledgerEntrySchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const page = await ledger.list(withoutUndefined(request.query));
      return sendPage(request, reply, {
        ...page,
        rows: page.rows.map(({ revealed, ...row }) => ({
          ...row,
          details: { ...row.details },
          ...(revealed === undefined ? {} : { revealed: revealed && { ...revealed } }),
        })),
      });
    },
  );

  app.get(
    '/log/checkpoints',
    {
      config: { access: 'log.read' },
      schema: {
        tags,
        operationId: 'listLogCheckpoints',
        summary: 'Signed checkpoints of the log, newest first; keep one elsewhere',
        querystring: pageQuerySchema,
        response: {
          200: z.object({ rows: z.array(checkpointSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) =>
      sendPage(request, reply, await ledger.checkpoints(withoutUndefined(request.query))),
  );

  app.get(
    '/log/keys',
    {
      config: { access: 'log.read' },
      schema: {
        tags,
        operationId: 'listLogKeys',
        summary: 'The public keys that have signed checkpoints, the one in use last',
        response: { 200: z.object({ rows: z.array(ledgerKeySchema) }), ...problems },
      },
    },
    async () => ({ rows: await ledger.keys() }),
  );

  app.get(
    '/log/proofs/inclusion',
    {
      config: { access: 'log.read' },
      schema: {
        tags,
        operationId: 'proveLogInclusion',
        summary: 'That an entry is in the tree of a size (RFC 9162, section 2.1.3)',
        querystring: z.object({ sequence: position, treeSize: position }),
        response: { 200: inclusionProofSchema, ...problems },
      },
    },
    async ({ query }) => {
      const proof = await ledger.inclusionProof(query.sequence, query.treeSize);
      return { ...proof, proof: [...proof.proof] };
    },
  );

  app.get(
    '/log/proofs/consistency',
    {
      config: { access: 'log.read' },
      schema: {
        tags,
        operationId: 'proveLogConsistency',
        summary: 'That a larger tree begins with a smaller one (RFC 9162, section 2.1.4)',
        querystring: z.object({ from: position, to: position }),
        response: { 200: consistencyProofSchema, ...problems },
      },
    },
    async ({ query }) => {
      const proof = await ledger.consistencyProof(query.from, query.to);
      return { ...proof, proof: [...proof.proof] };
    },
  );

  app.get(
    '/log/export',
    {
      config: { access: 'log.read' },
      schema: {
        tags,
        operationId: 'exportLog',
        summary: 'The whole log with its checkpoints, for ctc log verify',
        produces: ['application/x-ndjson'],
        response: { 200: z.string(), ...problems },
      },
    },
    async (request, reply) => {
      const lines = await ledger.export(request.actor.id);
      void reply
        .type('application/x-ndjson; charset=utf-8')
        .header('content-disposition', 'attachment; filename="log.ndjson"');
      return reply.send(Readable.from(lines) as never);
    },
  );

  app.post(
    '/log/erasures',
    {
      config: { access: 'log.erase' },
      schema: {
        tags,
        operationId: 'eraseFromLog',
        summary: 'Erase what is sealed about a subject, for good; the log stays provable',
        body: reasonSchema.extend({
          subject: z.strictObject({
            kind: z.string().min(1).max(200),
            id: z.string().min(1).max(200),
          }),
        }),
        response: { 200: z.object({ keys: z.int() }), ...problems },
      },
    },
    (request) => ledger.erase({ ...request.body, by: request.actor.id }),
  );

  app.post(
    '/log/prunings',
    {
      config: { access: 'log.prune' },
      schema: {
        tags,
        operationId: 'pruneLog',
        summary:
          'Remove entries up to the last checkpoint before an instant; the rest stays provable',
        body: reasonSchema.extend({ before: instant }),
        response: { 200: z.object({ upTo: z.int(), removed: z.int() }), ...problems },
      },
    },
    (request) => ledger.prune({ ...request.body, by: request.actor.id }),
  );
}
