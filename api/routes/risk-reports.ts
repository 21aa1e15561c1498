import { stringify } from 'csv-stringify/sync';
import * as z from 'zod';
import { riskCriteriaSchema } from '../../domain/risks/criteria.ts';
import {
  reportAsMarkdown,
  statementOfApplicability,
  treatmentPlan,
} from '../../domain/risks/reports.ts';
import { controlDecisionSchema } from '../../domain/risks/risk.ts';
import type { AppDeps } from '../app-deps.ts';
import { etagOf, seenVersion } from '../etag.ts';
import { problems, reasonSchema } from '../schemas/common.ts';
import {
  criteriaVersionShape,
  decidedControlSchema,
  storedCriteriaSchema,
} from '../schemas/risks.ts';
import type { TypedApp } from '../typed-app.ts';

const tags = ['risks'];
const reports = ['statement-of-applicability', 'treatment-plan'] as const;
const formats = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
} as const;

/** Risk criteria in their versions, decisions about the controls of Annex A, and the reports on both. */
export function riskReportRoutes(app: TypedApp, { ledger, risks, now }: AppDeps): void {
  app.get(
    '/risk-criteria',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'getRiskCriteria',
        summary: 'The criteria in force: scales, bands, and up to which one risks are accepted',
        response: { 200: storedCriteriaSchema, ...problems },
      },
    },
    async (_request, reply) => {
      const stored = await risks.criteria();
      return reply.header('etag', etagOf(stored.version)).send({ ...stored });
    },
  );

  app.put(
    '/risk-criteria',
    {
      config: { access: 'risk-criteria.manage', ifMatch: 'required' },
      schema: {
        tags,
        operationId: 'adoptRiskCriteria',
        summary: 'Adopt new criteria (If-Match); every risk is to be assessed again by them',
        body: reasonSchema.extend({ criteria: riskCriteriaSchema }),
        response: { 200: storedCriteriaSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { criteria, reason } = request.body;
      const given = { reason, seenVersion: seenVersion(request) };
      const stored = await risks.adoptCriteria(criteria, given, request.actor.id);
      return reply.header('etag', etagOf(stored.version)).send({ ...stored });
    },
  );

  app.get(
    '/risk-criteria/versions',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'listRiskCriteriaVersions',
        summary: 'Who adopted which criteria when and why, newest first',
        response: {
          200: z.object({ rows: z.array(z.object(criteriaVersionShape)) }),
          ...problems,
        },
      },
    },
    async () => ({ rows: (await risks.criteriaVersions()).map((row) => ({ ...row })) }),
  );

  app.get(
    '/risk-criteria/versions/:version',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'getRiskCriteriaVersion',
        summary: 'The criteria as they were',
        params: z.object({ version: z.coerce.number().int().min(0).max(1_000_000) }),
        response: { 200: storedCriteriaSchema, ...problems },
      },
    },
    async (request) => ({ ...(await risks.criteriaOf(request.params.version)) }),
  );

  app.get(
    '/controls',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'listControls',
        summary: 'All 93 controls of Annex A in their order, and what is decided about each',
        response: { 200: z.object({ rows: z.array(decidedControlSchema) }), ...problems },
      },
    },
    async () => ({ rows: (await risks.controls()) as never }),
  );

  app.put(
    '/controls/:control',
    {
      config: { access: 'control.manage' },
      schema: {
        tags,
        operationId: 'decideControl',
        summary: 'Decide whether a control applies, why, and how far it is; earlier ones are kept',
        params: z.object({ control: z.string().max(10).describe('Such as 5.15') }),
        body: controlDecisionSchema,
        response: { 200: decidedControlSchema, ...problems },
      },
    },
    async (request) => {
      const { params, body, actor } = request;
      return (await risks.decideControl(params.control, body, actor.id)) as never;
    },
  );

  app.get(
    '/risk-reports/:report',
    {
      config: { access: 'risk.read' },
      schema: {
        tags,
        operationId: 'getRiskReport',
        summary: 'The Statement of Applicability, or the treatment plan, with what is missing',
        description:
          'As json, csv or markdown; each names the version of the criteria and the instant. In CSV they stand in the columns "criteria version" and "as of", and what is missing in rows of its own at the end.',
        params: z.object({ report: z.enum(reports) }),
        querystring: z.object({
          format: z.enum(['json', 'csv', 'markdown']).default('json'),
        }),
        produces: ['application/json', 'text/csv', 'text/markdown'],
        response: { 200: z.any().describe('The report in the format asked for'), ...problems },
      },
    },
    async (request, reply) => {
      const { report: name } = request.params;
      const { format } = request.query;
      const at = now().toISOString();
      const criteria = await risks.criteria();
      const report =
        name === 'treatment-plan'
          ? treatmentPlan(criteria, await risks.openRisks(), at)
          : statementOfApplicability(criteria, await risks.controls(), at);
      // What leaves the house stands in the log before its first byte goes.
      await ledger.record({
        actor: request.actor.id,
        action: 'risk-report.made',
        subject: { kind: 'risk-report', id: name },
        details: { format, criteriaVersion: criteria.version, missing: report.missing.length },
      });
      const asOf = [String(report.criteriaVersion), at];
      const text = {
        json: () => JSON.stringify(report),
        markdown: () => reportAsMarkdown(report),
        csv: () =>
          stringify(
            [
              [...report.columns, 'criteria version', 'as of'],
              ...report.rows.map((row) => [...row, ...asOf]),
              ...report.missing.map((one) => [
                'MISSING',
                one,
                ...report.columns.slice(2).map(() => ''),
                ...asOf,
              ]),
            ],
            // A spreadsheet would take what begins so for a formula.
            { escape_formulas: true },
          ),
      }[format]();
      return reply
        .type(formats[format])
        .serializer((content: unknown) => content as string)
        .send(text);
    },
  );
}
