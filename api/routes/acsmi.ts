import * as z from 'zod';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { applicationSlaSchema, proposalSchema } from '../schemas/acsmi.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['acsmi'];

/** What applications are promised where they stand, and what is proposed when that comes to an end. */
export function acsmiRoutes(app: TypedApp, { slas, proposals }: AppDeps): void {
  app.get(
    '/applications/:application/sla',
    {
      config: { access: 'contract.read' },
      schema: {
        tags,
        operationId: 'getApplicationSla',
        summary: 'The availability that an application is promised, against what it requires',
        params: z.object({ application: z.string().max(100) }),
        response: { 200: applicationSlaSchema, ...problems },
      },
    },
    async (request) => (await slas.sla(request.params.application)) as never,
  );

  app.get(
    '/acsmi/proposals',
    {
      config: { access: 'contract.read' },
      schema: {
        tags,
        operationId: 'listProposals',
        summary: 'What is proposed because a contract ends or an offer was withdrawn, newest first',
        querystring: pageQuerySchema.extend({
          application: z.string().max(100).optional(),
          includeClosed: z.stringbool().default(false),
        }),
        response: {
          200: z.object({ rows: z.array(proposalSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, application, includeClosed } = request.query;
      const page = await proposals.list(
        { includeClosed, ...withoutUndefined({ application }) },
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, page as { rows: z.input<typeof proposalSchema>[] });
    },
  );

  app.get(
    '/acsmi/proposals/:proposal',
    {
      config: { access: 'contract.read' },
      schema: {
        tags,
        operationId: 'getProposal',
        summary: 'A proposal, with the request for the change that it proposes',
        params: z.object({ proposal: z.string().max(100).describe('Label such as PRO-3') }),
        response: { 200: proposalSchema, ...problems },
      },
    },
    async (request) => (await proposals.get(request.params.proposal)) as never,
  );
}
