import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { covers, everywhere, type Grant, type Target } from '../domain/access/grants.ts';
import {
  allPermissions,
  reachOf,
  roles,
  rolesWith,
  type Permission,
} from '../domain/access/roles.ts';
import { changeRequestSchema } from '../domain/change/change-request.ts';
import { createTestApi, importExamples, type TestApi } from '../test/support/api-app.ts';
import { addPrincipal, insertChange } from '../test/support/company-database.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

interface Endpoint {
  readonly method: Method;
  readonly path: string;
  /** As the description of the API says it, which comes from the route itself. */
  readonly demands: Permission | 'signed-in' | 'open';
}

/** A request that is valid up to the point where it would be acted on, and what it touches. */
interface Sample {
  readonly url: string;
  readonly body: object;
  readonly touches: Target;
}

/** Each role is held in each of these ways, by somebody of their own. */
const ways: Readonly<Record<string, Omit<Grant, 'role'>>> = {
  everywhere: { departments: null, datacentres: null, solutions: null },
  'in the department': { departments: ['web-platform'], datacentres: null, solutions: null },
  'in another department': { departments: ['mail'], datacentres: null, solutions: null },
  'in the datacentre': { departments: null, datacentres: ['mad'], solutions: null },
  'in another datacentre': { departments: null, datacentres: ['par'], solutions: null },
  'in both': { departments: ['web-platform'], datacentres: ['mad', 'bcn'], solutions: null },
  'in the department, in another datacentre': {
    ...{ departments: ['web-platform'], datacentres: ['par'], solutions: null },
  },
  'for the solution': { departments: null, datacentres: null, solutions: ['online-shop'] },
  'for another solution': { departments: null, datacentres: null, solutions: ['mailbox'] },
};

const reason = { reason: 'because it is the test' };
const nowhere = { departments: [], datacentres: [], solutions: [] };

/** Endpoints that do not ask for a permission, and why. */
const without: Readonly<Record<string, string>> = {
  'GET /livez': 'asked by what watches the process, before anybody has signed in',
  'GET /readyz': 'asked by what watches the process, before anybody has signed in',
  'POST /login': 'where somebody signs in',
  'GET /me': 'says only who the caller is',
  'GET /me/tokens': 'one’s own',
  'POST /me/tokens':
    'one’s own; it never may more than its owner, nor than the token it comes from',
  'DELETE /me/tokens/{token}': 'one’s own; those of others are not found',
  'POST /welcome': 'where a link sets a password; the link is the proof',
  'POST /logout/oidc': 'asked by the identity provider; its signature is the proof',
  'POST /logout': 'ends only the caller’s own session',
  'GET /me/sessions': 'one’s own',
  'DELETE /me/sessions': 'one’s own',
  'DELETE /me/sessions/{session}': 'one’s own; those of others are not found',
  'PUT /me/password': 'one’s own, with the current one',
  'GET /me/account': 'one’s own',
  'POST /me/second-factor': 'one’s own',
  'POST /me/second-factor/confirmation': 'one’s own',
  'POST /me/second-factor/removal': 'one’s own',
  'GET /roles': 'what roles let do is no secret from those who hold them',
};

describe('the permission matrix', () => {
  let api: TestApi;
  let endpoints: readonly Endpoint[];
  let samples: Readonly<Record<string, Sample>>;
  const people: { grant: Grant; token: string; what: string }[] = [];
  let strangers: Readonly<Record<string, string | undefined>>;

  beforeAll(async () => {
    api = await createTestApi();
    endpoints = endpointsOf(api);
    await addPrincipal(api.database, 'ana');
    await importExamples(api);
    samples = await arrange(api);
    for (const role of roles) {
      for (const [what, limits] of Object.entries(ways)) {
        const grant: Grant = { role, ...limits };
        people.push({ grant, what: `${role} ${what}`, token: await newcomer(api, [grant]) });
      }
    }
    const disabled = await newcomer(api, [everywhere('change-manager')], 'disabled');
    await api.deps.principals.setDisabled('disabled', true, 'ana');
    strangers = {
      nobody: undefined,
      'somebody unknown': 'ctc_pat_wrong',
      'somebody disabled': disabled,
    };
  }, 60_000);
  afterAll(() => api.stop());

  const answerTo = async (
    { method, path }: Endpoint,
    token: string | undefined,
  ): Promise<{ status: number; code: string }> => {
    const sample = samples[`${method} ${path}`];
    const response = await api.app.inject({
      method,
      url: sample?.url ?? path.replaceAll(/\{[^}]+\}/g, 'x'),
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      // Without Idempotency-Key and If-Match: whoever may gets as far as these, and nothing happens.
      ...(method === 'GET' || method === 'DELETE'
        ? {}
        : { payload: JSON.stringify(sample?.body ?? {}) }),
    });
    const type = response.headers['content-type']?.toString().includes('problem')
      ? response.json<{ type: string }>().type
      : '';
    return { status: response.statusCode, code: type.replace('urn:ctc:problem:', '') };
  };

  it('has a sample for every endpoint that reaches only as far as a grant, and for no other', () => {
    const limited = endpoints
      .filter(({ demands }) => isPermission(demands) && reachOf(demands) === 'target')
      .map(nameOf);
    // What a decision overrides is limited, where the decision itself is not.
    expect(Object.keys(samples).sort()).toEqual(
      [...limited, 'POST /changes/{change}/decisions'].sort(),
    );
    expect(Object.keys(without).sort()).toEqual(
      endpoints
        .filter(({ demands }) => !isPermission(demands))
        .map(nameOf)
        .sort(),
    );
  });

  it('is what every endpoint answers to every role, within and without its limits', async () => {
    const wrong: string[] = [];
    let checked = 0;
    const met = new Set<string>();
    for (const endpoint of endpoints) {
      const { demands } = endpoint;
      if (!isPermission(demands)) continue;
      met.add(demands);
      const touches = samples[nameOf(endpoint)]?.touches ?? nowhere;
      for (const { grant, token, what } of people) {
        const expected = expectation(demands, grant, touches);
        const { status, code } = await answerTo(endpoint, token);
        const got = code === 'not-allowed' || code === 'out-of-scope' ? code : 'allowed';
        checked += 1;
        if (
          got !== expected ||
          status === 401 ||
          (got === 'allowed' && status >= 500 && status !== 503)
        ) {
          wrong.push(`${nameOf(endpoint)} by ${what}: ${got} (${status} ${code}), not ${expected}`);
        }
      }
      for (const [what, token] of Object.entries(strangers)) {
        const { status } = await answerTo(endpoint, token);
        checked += 1;
        if (status !== 401) wrong.push(`${nameOf(endpoint)} by ${what}: ${status}, not 401`);
      }
    }
    process.stdout.write(
      `${checked} combinations of ${endpoints.length} endpoints, ${roles.length} roles, ${Object.keys(ways).length} scopes and ${Object.keys(strangers).length} strangers\n`,
    );
    expect(wrong.slice(0, 20)).toEqual([]);
    // Those that an endpoint takes only by what is asked in its body.
    const bodies = ['conflict.override', 'freeze.override', 'step.coordinate', 'customer.read'];
    expect(allPermissions.filter((one) => !met.has(one) && !bodies.includes(one))).toEqual([]);
  }, 240_000);

  it('counts for what is asked besides, within the same limits', async () => {
    const decisions = samples['POST /changes/{change}/decisions'];
    const runbook = samples['POST /changes/{change}/runbook/decision'];
    const asked: readonly [Permission, Permission, string, object][] = [
      ['conflict.override', 'change.decide', decisions?.url ?? '', overriding({ conflicts: true })],
      ['freeze.override', 'change.decide', decisions?.url ?? '', overriding({ freezes: true })],
      ['step.coordinate', 'runbook.decide', runbook?.url ?? '', { ...reason, decision: 'go-on' }],
    ];
    for (const [besides, demands, url, payload] of asked) {
      for (const { grant, token, what } of people) {
        const headers = { authorization: `Bearer ${token}` };
        const response = await api.app.inject({ method: 'POST', url, headers, payload });
        const { type } = response.json<{ type: string }>();
        const expected = [demands, besides]
          .map((one) => expectation(one, grant, decisions?.touches ?? nowhere))
          .sort((one, other) => severity(one) - severity(other))[0];
        const got = type.replace('urn:ctc:problem:', '');
        const said = got === 'not-allowed' || got === 'out-of-scope' ? got : 'allowed';
        expect(said, `${besides} by ${what}`).toBe(expected);
      }
    }
  });

  it('names who could do it to somebody whose grant does not reach', async () => {
    const { url = '', body = {} } = samples['POST /changes/{change}/cancellation'] ?? {};
    const token = await newcomer(api, [{ ...everywhere('change-manager'), departments: ['mail'] }]);
    const response = await api.app.inject({
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${token}` },
      payload: body,
    });
    const { detail, remedy } = response.json<{ detail: string; remedy: string }>();
    expect(detail).toContain('only within departments mail');
    expect(detail).toContain('departments web-platform; datacentres mad');
    expect(remedy).toMatch(/those who may: ana/);
  });
});

type Expectation = 'allowed' | 'not-allowed' | 'out-of-scope';

function severity(one: Expectation): number {
  return ['not-allowed', 'out-of-scope', 'allowed'].indexOf(one);
}

/** Read off the one table. */
function expectation(permission: Permission, grant: Grant, touches: Target): Expectation {
  const holds: readonly string[] = rolesWith(permission);
  if (!holds.includes(grant.role)) return 'not-allowed';
  switch (reachOf(permission)) {
    case 'open':
      return 'allowed';
    case 'target':
      return covers(grant, touches) ? 'allowed' : 'out-of-scope';
    case 'company':
      return covers(grant, nowhere) ? 'allowed' : 'out-of-scope';
  }
}

function isPermission(demands: Endpoint['demands']): demands is Permission {
  return demands !== 'open' && demands !== 'signed-in';
}

function nameOf({ method, path }: Endpoint): string {
  return `${method} ${path}`;
}

function endpointsOf({ app }: TestApi): Endpoint[] {
  const { paths = {} } = app.swagger() as unknown as {
    paths?: Record<string, Record<string, { 'x-permission': Endpoint['demands'] }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase() as Method,
      path,
      demands: operation['x-permission'],
    })),
  );
}

async function newcomer(
  { deps: { principals, access } }: TestApi,
  grants: readonly Grant[],
  id = `p-${randomUUID()}`,
): Promise<string> {
  await principals.add({ id, name: id, email: `${id}@example.com`, roles: [] }, 'ana');
  for (const grant of grants) await principals.grant(id, grant, 'ana');
  const wish = { label: 'test', expiresAt: null, permissions: null };
  return (await access.issueToken(id, wish, { id: 'ana', limitedTo: null })).secret;
}

function overriding(kinds: object): object {
  const override = { reason: 'both are one piece of work', ...kinds };
  return { ...reason, decision: 'approved', override };
}

/** One of everything that a grant can reach, and a valid request to each endpoint that acts on it. */
async function arrange({ database, deps }: TestApi): Promise<Record<string, Sample>> {
  const window = { start: '2031-05-06T02:00', end: '2031-05-06T04:00', zone: 'Europe/Madrid' };
  const change = {
    ...{ kind: 'infrastructure', title: 'Replace a part', reason: 'it is worn out', window },
    ...{ department: 'web-platform', datacentres: ['mad'] },
    ...{ steps: ['do it'], rollbackSteps: ['undo it'] },
  };
  const id = await insertChange(database, 'ana', changeRequestSchema.parse(change));
  const ofChange = { ...nowhere, departments: ['web-platform'], datacentres: ['mad'] };

  const shop = parse(
    readFileSync(
      join(import.meta.dirname, '..', 'examples/applications/shop/application.yaml'),
      'utf8',
    ),
  ) as { components: { name: string }[] };
  await deps.applications.put(shop as never, 'ana', undefined);
  // It runs in Barcelona: a change of its registration touches what is there.
  await database('verified_deployment').insert({
    ...{ application: 'shop', change_id: id, attempt: 1, release_version: '1', release_digest: '' },
    placement: JSON.stringify({
      assignments: [{ component: 'web', datacentre: 'bcn', offer: 'x' }],
    }),
    verified_at: new Date().toISOString(),
  });
  const ofShop = { ...nowhere, departments: ['web-platform'], datacentres: ['bcn'] };
  const release = {
    ...{ application: 'shop', version: '1.0.0' },
    components: Object.fromEntries(
      shop.components.map(({ name }) => [name, { command: ['x'], directory: '/' }]),
    ),
  };

  const contract = parse(
    readFileSync(join(import.meta.dirname, '..', 'examples/acsmi/contract.yaml'), 'utf8'),
  ) as { covers: object };
  contract.covers = { datacentres: ['mad'], offers: [] };
  const { label } = await deps.contracts.register(contract as never, 'ana');
  const ofContract = { ...nowhere, datacentres: ['mad'] };

  const freeze = {
    ...{ kind: 'freeze', start: '2031-12-20T00:00', end: '2031-12-27T00:00', zone: 'UTC' },
    ...{ reason: 'the holidays', scope: { kind: 'department', id: 'web-platform' } },
  };
  const frozen = await deps.freezes.create(freeze as never, 'ana');
  const stop = { scope: { kind: 'solution', id: 'online-shop' }, reason: 'the orders are wrong' };
  const stopped = await deps.lineStops.stop({
    ...(stop as { scope: { kind: 'solution'; id: string }; reason: string }),
    ...{ by: 'ana', requestKey: 'one' },
  });
  const ofSolution = { ...nowhere, departments: ['web-platform'], solutions: ['online-shop'] };

  // About the shop: who may act on that may answer it.
  const noticed = { title: 'Odd', description: 'Very odd.', noticedAt: new Date().toISOString() };
  const event = await deps.events.report({ ...noticed, application: 'shop' }, 'ana', 'one');
  const asIncident = { category: 'service', severity: 'minor', personalData: false };
  const { incident } = await deps.events.assess(
    event.label,
    { decision: 'incident', ...asIncident, ...reason },
    'ana',
  );
  const inIncident = (path: string, body: object = reason): [string, Sample] => [
    `POST /incidents/{incident}/${path}`,
    {
      url: `/incidents/${incident ?? ''}/${path.replace('{duty}', 'one').replace('{evidence}', 'E1')}`,
      ...{ body, touches: ofShop },
    },
  ];
  const link = { ...reason, change: id, kind: 'caused-by' };
  const at = new Date().toISOString();
  const found = { what: 'the log', how: 'copied', location: 'here', obtainedBy: 'ana' };

  const on = (path: string, body: object = reason): [string, Sample] => [
    `POST /changes/{change}/${path}`,
    { url: `/changes/${id}/${path.replaceAll(/\{[^}]+\}/g, 'one')}`, body, touches: ofChange },
  ];
  const guardian = (path: string, body: object = reason): [string, Sample] => [
    `POST /applications/{application}/guardian/${path}`,
    { url: `/applications/shop/guardian/${path}`, body, touches: ofShop },
  ];
  const proposal = { ...reason, decision: randomUUID() };
  return Object.fromEntries<Sample>([
    ['POST /changes', { url: '/changes', body: change, touches: ofChange }],
    on('decisions', { ...reason, decision: 'approved' }),
    on('window', { ...reason, toNextFree: true }),
    on('amendment', { ...reason, fields: { tests: [] } }),
    on('risk-treatment', { option: 'retain', description: 'the test takes it as it is' }),
    on('cancellation'),
    on('hold'),
    on('resumption'),
    on('rollback'),
    on('review'),
    on('outcome', { ...reason, result: 'implemented' }),
    on('closure'),
    on('runbook/decision', { ...reason, decision: 'roll-back' }),
    on('runbook/steps/{step}/start', {}),
    on('runbook/steps/{step}/complete', {}),
    on('runbook/steps/{step}/fail'),
    on('runbook/steps/{step}/skip'),
    ['PUT /applications/{application}', { url: '/applications/shop', body: shop, touches: ofShop }],
    [
      'POST /applications/{application}/releases',
      { url: '/applications/shop/releases', body: release, touches: ofShop },
    ],
    guardian('pause'),
    guardian('resume'),
    guardian('lift-hold'),
    guardian('approve', proposal),
    guardian('decline', proposal),
    [
      'POST /events/{event}/assessment',
      {
        url: `/events/${event.label}/assessment`,
        ...{ body: { ...reason, decision: 'dismissed' }, touches: ofShop },
      },
    ],
    inIncident('classification', { ...asIncident, ...reason }),
    inIncident('steps', { step: 'note', what: 'seen it' }),
    inIncident('duties/{duty}/notification', { at, proof: 'letter 7' }),
    inIncident('duties/{duty}/waiver'),
    inIncident('changes', link),
    inIncident('changes/withdrawal', link),
    inIncident('review', { whatHappened: 'this', rootCause: 'that', lessons: 'none' }),
    inIncident('closure'),
    inIncident('actions', { title: 'Mend it', owner: 'ana', dueOn: '2031-01-01' }),
    inIncident('evidence', {}),
    inIncident('evidence-references', { ...found, obtainedAt: at, sha256: 'a'.repeat(64) }),
    inIncident('evidence/{evidence}/handovers', { ...reason, to: 'the laboratory', at }),
    [
      'GET /incidents/{incident}/evidence/{evidence}/content',
      {
        url: `/incidents/${incident ?? ''}/evidence/E1/content`,
        ...{ body: {}, touches: ofShop },
      },
    ],
    [
      'POST /incident-plan/contacts/{contact}/verifications',
      {
        url: '/incident-plan/contacts/one/verifications',
        ...{ body: { how: 'called' }, touches: nowhere },
      },
    ],
    [
      'POST /incident-plan/exercises',
      {
        url: '/incident-plan/exercises',
        body: {
          ...{ heldOn: '2026-01-01', scenario: 'fire', participants: ['ana'], outcome: 'good' },
        },
        touches: nowhere,
      },
    ],
    ['POST /contracts', { url: '/contracts', body: contract, touches: ofContract }],
    [
      'PUT /contracts/{contract}',
      // Moved to where nobody with only Madrid may go.
      {
        url: `/contracts/${label}`,
        body: { ...reason, contract: { ...contract, covers: { datacentres: ['par'] } } },
        touches: { ...nowhere, datacentres: ['mad', 'par'] },
      },
    ],
    [
      'POST /contracts/{contract}/end',
      {
        url: `/contracts/${label}/end`,
        body: { ...reason, ends: '2027-05-01' },
        touches: ofContract,
      },
    ],
    [
      'POST /contracts/{contract}/months/{month}/settle',
      { url: `/contracts/${label}/months/2026-10/settle`, body: reason, touches: ofContract },
    ],
    [
      'POST /freezes',
      {
        url: '/freezes',
        body: { ...freeze, scope: { kind: 'datacentre', id: 'mad' } },
        touches: ofContract,
      },
    ],
    [
      'POST /freezes/{freeze}/lift',
      {
        url: `/freezes/${frozen.id}/lift`,
        body: reason,
        touches: { ...nowhere, departments: ['web-platform'] },
      },
    ],
    [
      'POST /line-stops',
      { url: '/line-stops', body: { ...stop, scope: { kind: 'all' } }, touches: nowhere },
    ],
    [
      'POST /line-stops/{id}/lift',
      { url: `/line-stops/${stopped.id}/lift`, body: reason, touches: ofSolution },
    ],
  ]);
}
