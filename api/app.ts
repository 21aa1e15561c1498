import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import sse, { type SSEPluginOptions } from '@fastify/sse';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import underPressure from '@fastify/under-pressure';
import fastify, { type FastifyBaseLogger, type FastifyPluginAsync } from 'fastify';
import {
  createJsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { AppDeps, AppOptions } from './app-deps.ts';
import { logRequest } from './log-request.ts';
import { authentication } from './plugins/authentication.ts';
import { formBody } from './plugins/form-body.ts';
import { idempotency } from './plugins/idempotency.ts';
import { problemDetails } from './plugins/problem-details.ts';
import { accountRoutes } from './routes/account.ts';
import { actionRoutes } from './routes/actions.ts';
import { acsmiRoutes } from './routes/acsmi.ts';
import { accessRoutes } from './routes/access.ts';
import { alertRoutes } from './routes/alerts.ts';
import { applicationRoutes } from './routes/applications.ts';
import { changeEventRoutes } from './routes/change-events.ts';
import { changeRoutes } from './routes/changes.ts';
import { contractRoutes } from './routes/contracts.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { freezeRoutes } from './routes/freezes.ts';
import { guardianRoutes } from './routes/guardian.ts';
import { healthRoutes } from './routes/health.ts';
import { incidentEvidenceRoutes } from './routes/incident-evidence.ts';
import { incidentPlanRoutes } from './routes/incident-plan.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { comparisonRoutes } from './routes/comparisons.ts';
import { impactRoutes } from './routes/impact.ts';
import { inventoryExportRoutes } from './routes/inventory-export.ts';
import { inventoryHistoryRoutes } from './routes/inventory-history.ts';
import { inventoryRoutes } from './routes/inventory.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { lineStopRoutes } from './routes/line-stops.ts';
import { principalRoutes } from './routes/principals.ts';
import { rehearsalRoutes } from './routes/rehearsals.ts';
import { changeFailureRoutes } from './routes/change-failures.ts';
import { problemRoutes } from './routes/problems.ts';
import { riskReportRoutes } from './routes/risk-reports.ts';
import { riskRoutes } from './routes/risks.ts';
import { roleRoutes } from './routes/roles.ts';
import { simulationRoutes } from './routes/simulations.ts';
import { whyRoutes } from './routes/why.ts';
import { loginRoutes } from './routes/login.ts';
import { measurementRoutes } from './routes/measurements.ts';
import { netboxRoutes } from './routes/netbox.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { templateRoutes } from './routes/templates.ts';
import { policyRoutes } from './routes/policies.ts';
import { oidcRoutes } from './routes/oidc.ts';
import { offerRoutes } from './routes/offers.ts';
import { runbookRoutes } from './routes/runbooks.ts';
import { windowRoutes } from './routes/windows.ts';
import type { TypedApp } from './typed-app.ts';

/** The API, ready to listen or to be injected into; reads no environment and opens no port. */
export async function buildApp(deps: AppDeps, options: AppOptions): Promise<TypedApp> {
  const logger: FastifyBaseLogger = options.logger.child({}, { serializers: { req: logRequest } });
  const app: TypedApp = fastify({
    loggerInstance: logger,
    bodyLimit: options.bodyLimitBytes,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: true,
    forceCloseConnections: true,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
  });

  // Bodies are JSON, forms or files; anything else is refused as what it is.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problemDetails);
  // Before anybody is refused: the answer to a stranger needs the headers as well.
  await app.register(helmet, {
    // Without any, browsers call the origin of our own forms "null".
    referrerPolicy: { policy: 'same-origin' },
    contentSecurityPolicy: {
      directives: {
        'base-uri': ["'none'"],
        'script-src': ["'self'"],
        'upgrade-insecure-requests': null,
      },
    },
  });
  await app.register(authentication, {
    access: deps.access,
    oidc: deps.oidc,
    sessions: deps.sessions,
    principals: deps.principals,
  });
  await app.register(rateLimit, {
    max: 6_000,
    timeWindow: '1 minute',
    keyGenerator: (request) => request.headers.authorization ?? request.ip,
    enableDraftSpec: true,
  });
  await app.register(underPressure, {
    maxEventLoopDelay: 2_000,
    retryAfter: 2,
    message: 'overloaded',
    exposeStatusRoute: false,
  });
  await app.register(multipart);
  await app.register(formBody);
  // Its types describe an ES module; Node loads it as CommonJS, where the plugin itself is the default.
  await app.register(sse as unknown as FastifyPluginAsync<SSEPluginOptions>);
  await app.register(idempotency, { store: deps.idempotency, hashOf: deps.hashOf });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Change Tracking Centre',
        description:
          'Every change to production, from its request to its closed review. Problems are RFC 9457; every POST takes an Idempotency-Key; lists are paged by cursor; decisions need If-Match.',
        version: '1.0.0',
      },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'ctc_pat_…' } },
      },
      security: [{ token: [] }],
    },
    transform: documentRoute,
    transformObject: describeComponents,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });

  for (const routes of [
    healthRoutes,
    loginRoutes,
    accessRoutes,
    accountRoutes,
    oidcRoutes,
    principalRoutes,
    roleRoutes,
    changeRoutes,
    changeEventRoutes,
    measurementRoutes,
    decisionRoutes,
    approvalRoutes,
    policyRoutes,
    templateRoutes,
    runbookRoutes,
    applicationRoutes,
    guardianRoutes,
    eventRoutes,
    incidentRoutes,
    incidentEvidenceRoutes,
    incidentPlanRoutes,
    actionRoutes,
    riskRoutes,
    riskReportRoutes,
    problemRoutes,
    changeFailureRoutes,
    inventoryRoutes,
    inventoryExportRoutes,
    inventoryHistoryRoutes,
    netboxRoutes,
    offerRoutes,
    contractRoutes,
    acsmiRoutes,
    impactRoutes,
    comparisonRoutes,
    windowRoutes,
    freezeRoutes,
    lineStopRoutes,
    ledgerRoutes,
    whyRoutes,
    rehearsalRoutes,
    simulationRoutes,
    alertRoutes,
  ]) {
    routes(app, deps);
  }
  return app;
}

const toJsonSchema = createJsonSchemaTransform({ skipList: ['/docs/*'] });

/** Adds to each route's description what its hooks demand of every request. */
const documentRoute: typeof toJsonSchema = (input) => {
  const { schema, url } = toJsonSchema(input) as {
    schema: Record<string, unknown>;
    url: string;
  };
  const { config, method } = input.route as {
    config?: { access?: string; idempotent?: boolean; ifMatch?: 'required' | 'optional' };
    method?: string | string[];
  };
  if (config?.access === 'open') schema['security'] = [];
  schema['x-permission'] = config?.access;
  const once = method === 'POST' && config?.idempotent !== false;
  const ifMatch = config?.ifMatch;
  if (once || ifMatch !== undefined) {
    schema['headers'] = {
      type: 'object',
      properties: {
        ...(once ? { 'idempotency-key': { type: 'string', minLength: 8, maxLength: 200 } } : {}),
        ...(ifMatch === undefined
          ? {}
          : { 'if-match': { type: 'string', pattern: '^"v[0-9]+"$' } }),
      },
      required: [
        ...(once ? ['idempotency-key'] : []),
        ...(ifMatch === 'required' ? ['if-match'] : []),
      ],
    };
  }
  return { schema, url };
};

/** Without the twins of answers as inputs, which no route takes. */
const describeComponents: typeof jsonSchemaTransformObject = (input) => {
  const document = jsonSchemaTransformObject(input) as {
    components?: { schemas?: Record<string, unknown> };
  };
  const schemas = document.components?.schemas ?? {};
  const isUnused = (name: string): boolean =>
    !JSON.stringify(document).includes(`"#/components/schemas/${name}"`);
  // Each that goes may have been the only one to use another.
  for (let unused = Object.keys(schemas).filter(isUnused); unused.length > 0;) {
    for (const name of unused) Reflect.deleteProperty(schemas, name);
    unused = Object.keys(schemas).filter(isUnused);
  }
  return document as ReturnType<typeof jsonSchemaTransformObject>;
};
