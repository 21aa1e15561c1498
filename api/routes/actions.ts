import * as z from 'zod';
import { isAllowed } from '../../domain/access/actor.ts';
import type { Permission } from '../../domain/access/roles.ts';
import { actionStates, actionSubjects, type ActionSubject } from '../../domain/actions/action.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { actionSchema } from '../schemas/actions.ts';
import { pageQuerySchema, problems } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['actions'];
const paramsSchema = z.object({
  action: z.string().max(100).describe('Label such as ACT-3, or id'),
});
const readBy: Readonly<Record<ActionSubject, Permission>> = {
  incident: 'incident.read',
  risk: 'risk.read',
  problem: 'incident.read',
};
const managedBy: Readonly<Record<ActionSubject, Permission>> = {
  incident: 'incident.manage',
  risk: 'risk.manage',
  problem: 'problem.manage',
};

/** What has to be done because of incidents, risks and problems, until it is done. */
export function actionRoutes(app: TypedApp, { actions }: AppDeps): void {
  app.get(
    '/actions',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listActions',
        summary: 'Actions of all registers that you may read, and your own, newest first',
        querystring: pageQuerySchema.extend({
          state: z.enum(actionStates).optional(),
          owner: z.string().max(100).optional(),
          overdue: z.stringbool().optional().describe('Only open ones whose day is over'),
        }),
        response: {
          200: z.object({ rows: z.array(actionSchema), nextCursor: z.string().optional() }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, state, owner, overdue } = request.query;
      const { actor } = request;
      // One's own are one's own, whatever they come from.
      const subjects =
        owner === actor.id
          ? undefined
          : actionSubjects.filter((kind) => isAllowed(actor, readBy[kind]));
      const states = state === undefined ? undefined : [state];
      const page = await actions.list(
        withoutUndefined({ states, owner, overdue, subjects }),
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, { ...page, rows: page.rows.map((row) => ({ ...row })) });
    },
  );

  app.post(
    '/actions/:action/settlement',
    {
      config: { access: 'action.settle' },
      schema: {
        tags,
        operationId: 'settleAction',
        summary: 'Say that an action is done, or dropped and why; its owner, or who manages it',
        params: paramsSchema,
        body: z.strictObject({
          state: z.enum(['done', 'dropped']),
          outcome: z.string().trim().min(3).max(4000),
        }),
        response: { 200: actionSchema, ...problems },
      },
    },
    async (request) => {
      const { actor } = request;
      const manages = Object.entries(managedBy)
        .filter(([, permission]) => isAllowed(actor, permission))
        .map(([subject]) => subject as ActionSubject);
      const settled = await actions.settle(request.params.action, request.body, {
        id: actor.id,
        manages,
      });
      return { ...settled };
    },
  );
}
