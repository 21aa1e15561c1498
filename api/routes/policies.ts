import * as z from 'zod';
import { approvalPolicySchema, type PolicyInForce } from '../../domain/approvals/policy.ts';
import { approvalTerms, fewestSignatures, inWords } from '../../domain/approvals/terms.ts';
import type { AppDeps } from '../app-deps.ts';
import {
  policyTestResultSchema,
  policyTestSchema,
  policyVersionSchema,
} from '../schemas/approvals.ts';
import { problems, reasonSchema } from '../schemas/common.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['policies'];
const policyParamsSchema = z.object({ policy: z.string().max(100) });
const versionParamsSchema = policyParamsSchema.extend({ version: z.coerce.number().int().min(1) });
const rowsSchema = z.object({ rows: z.array(policyVersionSchema) });

/** Which approvals changes need, as versioned data that two people agree on. */
export function policyRoutes(app: TypedApp, { policies, approvals }: AppDeps): void {
  app.get(
    '/policies',
    {
      config: { access: 'policy.read' },
      schema: {
        tags,
        operationId: 'listPolicies',
        summary: 'Approval policies: those in force and proposed, or every version',
        querystring: z.object({ all: z.stringbool().default(false) }),
        response: { 200: rowsSchema, ...problems },
      },
    },
    async ({ query }) => ({
      rows: (await policies.versions()).filter(
        ({ state }) => query.all || state === 'in-force' || state === 'proposed',
      ),
    }),
  );

  app.get(
    '/policies/:policy',
    {
      config: { access: 'policy.read' },
      schema: {
        tags,
        operationId: 'getPolicy',
        summary: 'Every version of a policy, newest first: who proposed and approved it, and when',
        params: policyParamsSchema,
        response: { 200: rowsSchema, ...problems },
      },
    },
    async ({ params }) => ({ rows: await policies.versions(params.policy) }),
  );

  app.post(
    '/policies',
    {
      config: { access: 'policy.manage' },
      schema: {
        tags,
        operationId: 'proposePolicy',
        summary: 'Propose a policy, or another version of it; somebody else approves it',
        body: reasonSchema.extend({ policy: approvalPolicySchema }),
        response: { 201: policyVersionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { policy, reason } = request.body;
      const proposed = await policies.propose(policy, reason, request.actor.id);
      return reply.code(201).header('location', `/policies/${policy.id}`).send(proposed);
    },
  );

  app.post(
    '/policies/:policy/versions/:version/approval',
    {
      config: { access: 'policy.manage' },
      schema: {
        tags,
        operationId: 'approvePolicy',
        summary: 'Put the newest proposed version in force; not by whoever proposed it',
        params: versionParamsSchema,
        body: reasonSchema,
        response: { 200: policyVersionSchema, ...problems },
      },
    },
    ({ params, body, actor }) =>
      policies.approve(params.policy, params.version, body.reason, actor.id),
  );

  app.post(
    '/policies/:policy/retirement',
    {
      config: { access: 'policy.manage' },
      schema: {
        tags,
        operationId: 'retirePolicy',
        summary: 'Take a policy out of force; plans that were assessed under it keep it',
        params: policyParamsSchema,
        body: reasonSchema,
        response: { 200: policyVersionSchema, ...problems },
      },
    },
    ({ params, body, actor }) => policies.retire(params.policy, body.reason, actor.id),
  );

  app.post(
    '/policies/test',
    {
      config: { access: 'policy.read', idempotent: false },
      schema: {
        tags,
        operationId: 'testPolicies',
        summary: 'What the policies would ask for of made-up changes; nothing is stored',
        body: policyTestSchema,
        response: { 200: z.object({ rows: z.array(policyTestResultSchema) }), ...problems },
      },
    },
    async ({ body }) => {
      const tried = (body.policies ?? []).map((policy): PolicyInForce => ({ policy, version: 0 }));
      const others = (await policies.inForce()).filter(
        ({ policy }) => !tried.some((one) => one.policy.id === policy.id),
      );
      const rows = await Promise.all(
        body.examples.map(async ({ name, ...facts }) => {
          const terms = approvalTerms([...others, ...tried], facts, {
            departments: [facts.department],
            datacentres: facts.datacentres,
            solutions: [],
          });
          return {
            name,
            policies: terms.policies.map(({ policy, version, title }) => ({
              policy,
              version,
              title,
            })),
            asks: inWords(terms.policies),
            fewestSignatures: fewestSignatures(terms.policies),
            steps: (await approvals.whoMay(terms)).map((step) => ({ ...step, may: [...step.may] })),
            requires: [...terms.requires],
            separateImplementer: terms.separateImplementer,
            review: terms.review,
            afterwards:
              terms.afterwards === undefined
                ? null
                : `${inWords(terms.afterwards.policies)} within ${terms.afterwards.withinHours} hours`,
          };
        }),
      );
      return { rows };
    },
  );
}
