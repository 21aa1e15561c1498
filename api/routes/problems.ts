import * as z from 'zod';
import { problemLinkKinds, problemStates } from '../../domain/problems/problem.ts';
import type { AppDeps } from '../app-deps.ts';
import { sendPage } from '../paging.ts';
import { actionSchema, newActionSchema } from '../schemas/actions.ts';
import { pageQuerySchema, problems as errors, reasonSchema } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';
import { withoutUndefined } from '../without-undefined.ts';

const tags = ['problems'];
const paramsSchema = z.object({
  problem: z.string().max(100).describe('Label such as PRB-3, or id'),
});
const text = (most: number) => z.string().trim().min(3).max(most);
const linkSchema = reasonSchema.extend({
  kind: z.enum(problemLinkKinds),
  to: z.string().max(100).describe('An incident such as INC-3, or a change such as CHG-12'),
});

const summaryShape = {
  id: z.string(),
  label: z.string(),
  state: z.enum(problemStates),
  title: z.string(),
  description: z.string(),
  rootCause: z.string().nullable(),
  workaround: z.string().nullable().describe('How to get by until it is corrected'),
  uncorrected: z.string().nullable().describe('Why it was closed without a correction'),
  openedBy: z.string(),
  openedAt: z.string(),
  endedAt: z.string().nullable(),
};
const summarySchema = z.object(summaryShape).meta({ id: 'ProblemSummary' });
const detailSchema = z
  .object({
    ...summaryShape,
    links: z.array(
      z.object({
        kind: z.enum(problemLinkKinds),
        to: z.string(),
        reason: z.string(),
        linkedBy: z.string(),
        linkedAt: z.string(),
        outcome: z.string().nullable().describe('How the change ended'),
      }),
    ),
    actions: z.array(actionSchema),
    openForClosing: z.array(z.string()).describe('What stands against closing it'),
    log: z.array(z.object({ at: z.string(), actor: z.string(), message: z.string() })),
  })
  .meta({ id: 'ProblemDetail' });

/** What lies behind incidents: known errors, how to get by, and what corrects them. */
export function problemRoutes(app: TypedApp, { actions, problems }: AppDeps): void {
  app.post(
    '/problems',
    {
      config: { access: 'problem.manage' },
      schema: {
        tags,
        operationId: 'openProblem',
        summary: 'Open a problem, with the incidents and changes that it comes from',
        body: z.strictObject({
          title: text(200),
          description: text(10_000),
          links: z.array(linkSchema).max(100).default([]),
        }),
        response: { 201: detailSchema, ...errors },
      },
    },
    async (request, reply) => {
      const opened = await problems.open(request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/problems/${opened.label}`)
        .send(opened as never);
    },
  );

  app.get(
    '/problems',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'listProblems',
        summary: 'Problems, newest first; state=known-error lists the known errors',
        querystring: pageQuerySchema.extend({
          state: z
            .string()
            .transform((given) => given.split(','))
            .pipe(z.array(z.enum(problemStates)))
            .optional()
            .describe('One state, or several with commas in between'),
          text: z.string().max(200).optional().describe('Part of title, description or cause'),
        }),
        response: {
          200: z.object({ rows: z.array(summarySchema), nextCursor: z.string().optional() }),
          ...errors,
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor, state, text: part } = request.query;
      const page = await problems.list(
        withoutUndefined({ states: state, text: part }),
        withoutUndefined({ limit, cursor }),
      );
      return sendPage(request, reply, { ...page, rows: page.rows.map((row) => ({ ...row })) });
    },
  );

  app.get(
    '/problems/:problem',
    {
      config: { access: 'incident.read' },
      schema: {
        tags,
        operationId: 'getProblem',
        summary: 'A problem with its links, actions and log, and what stands against closing it',
        params: paramsSchema,
        response: { 200: detailSchema, ...errors },
      },
    },
    async (request) => (await problems.get(request.params.problem)) as never,
  );

  /** Each does one thing to a problem, and answers with what it is then. */
  const post = <Body extends z.ZodType>(
    path: string,
    operationId: string,
    summary: string,
    body: Body,
    act: (problem: string, body: z.output<Body>, by: string) => Promise<void>,
  ): void => {
    app.post(
      `/problems/:problem/${path}`,
      {
        config: { access: 'problem.manage' },
        schema: {
          tags,
          operationId,
          summary,
          params: paramsSchema,
          body,
          response: { 200: detailSchema, ...errors },
        },
      },
      async (request) => {
        const { problem } = request.params;
        await act(problem, request.body as z.output<Body>, request.actor.id);
        return (await problems.get(problem)) as never;
      },
    );
  };
  post(
    'diagnosis',
    'diagnoseProblem',
    'Write down the root cause, and how to get by: it is a known error then',
    z.strictObject({ rootCause: text(10_000), workaround: text(10_000) }),
    (problem, body, by) => problems.diagnose(problem, body, by),
  );
  post('links', 'linkProblem', 'Link an incident or a change', linkSchema, (problem, body, by) =>
    problems.link(problem, body, by),
  );
  post(
    'links/withdrawal',
    'unlinkProblem',
    'Withdraw a link; it stays in the record',
    linkSchema,
    (problem, body, by) => problems.unlink(problem, body, by),
  );
  post(
    'closure',
    'closeProblem',
    'Close a problem whose corrections are done',
    reasonSchema.extend({
      uncorrected: text(4000)
        .nullable()
        .default(null)
        .describe('Why it is closed although nothing has corrected it'),
    }),
    (problem, body, by) => problems.close(problem, body, by),
  );
  post(
    'dismissal',
    'dismissProblem',
    'Say why it is no problem',
    reasonSchema,
    (problem, body, by) => problems.dismiss(problem, body.reason, by),
  );
  post('reopening', 'reopenProblem', 'Say why it is not over', reasonSchema, (problem, body, by) =>
    problems.reopen(problem, body.reason, by),
  );

  app.post(
    '/problems/:problem/actions',
    {
      config: { access: 'problem.manage' },
      schema: {
        tags,
        operationId: 'addProblemAction',
        summary: 'Add what somebody has to do to correct it, until when',
        params: paramsSchema,
        body: newActionSchema,
        response: { 201: actionSchema, ...errors },
      },
    },
    async (request, reply) => {
      const subject = { kind: 'problem', of: request.params.problem } as const;
      const added = await actions.add(subject, request.body, request.actor.id);
      return reply
        .code(201)
        .header('location', `/actions/${added.label}`)
        .send({ ...added });
    },
  );
}
